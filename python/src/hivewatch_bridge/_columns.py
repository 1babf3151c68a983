"""Events about clients, turned on their side: one list of values for each field, as `Columns` of the wire.

Whole lists are checked at once where that is possible. It runs in the sender's thread, which takes the interpreter's
lock from the training: what it costs the training waits for.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any, Union, cast

from . import _values as values
from ._fields import (
    BAD_NAMES,
    CLIENT_CHECKS,
    CLIENT_NUMBERS,
    CLIENT_TEXTS,
    MAX_CLIENT_TEXT,
    Json,
    checked,
    client_field,
    warn_of_name,
)
from ._log import WarnOnce
from ._protobuf import bytes_field, bytes_head, packed, text_field, texts_field
from ._wire import Form, Payload

# A bridge refuses batches of more than 1000.
MAX_COLUMNS = 900

Values = Union[Sequence[Any], "array[float]", memoryview]
"""The values of a field, of which None is missing; or doubles, in an array or wherever they are in memory."""

Column = tuple[bytes, Union[bytes, memoryview]]
"""An encoded column in two parts. They are put together only once, in the payload."""

_NUMBERS, _TEXTS, _JSON = 3, 4, 5
# Of a text of the largest size, if each of its characters must be written as two codes.
_MAX_JSON_TEXT = 12 * MAX_CLIENT_TEXT + 2
_MISSING = type(None)
_ASCII_BITS = bytes((ord("0"), ord("1"))).ljust(256)


def encode_columns(event_type: str, timestamps_us: Iterable[int], columns: Iterable[Column]) -> Payload:
    """A payload of columns.

    Args:
        event_type: of all events.
        timestamps_us: one for each event, in microseconds since 1970.
        columns: as :func:`encode_column` makes them.
    """
    times = array("Q", timestamps_us)
    parts: list[bytes | memoryview] = [text_field(1, event_type), bytes_head(2, 8 * len(times)), packed(times)]
    for head, body in columns:
        parts += (bytes_head(3, len(head) + len(body)), head, body)
    return Payload(Form.COLUMNS, len(times), b"".join(parts))


def encode_ids(ids: Sequence[str]) -> Column:
    """The column of the clients' ids, which every event has."""
    return text_field(1, "client_id"), texts_field(_TEXTS, ids)


def encode_numbers(name: str, numbers: array[float] | memoryview) -> Column:
    """A column of which every event has a number."""
    return _encode_numbers(text_field(1, name), numbers)


def encode_column(name: str, column: Values, warn: WarnOnce) -> Column | None:
    """The column of a field. What is of no use is missing, with a warning.

    Returns:
        None if no event has a value.
    """
    if name in BAD_NAMES or name == "client_id":
        warn_of_name(name, warn)
        return None
    if isinstance(column, (array, memoryview)) and is_any_number(name):
        return encode_numbers(name, column)
    alike = _encode_alike(name, column)
    if alike is not None:
        return alike
    check = CLIENT_CHECKS.get(name, client_field)
    usable = [checked(name, value, check, warn) for value in column]
    kinds = set(map(type, usable))
    if len(kinds - {_MISSING}) > 1:
        # A column is of one kind, and JSON can be all of them.
        usable = [value if value is None or type(value) is Json else _as_json(value) for value in usable]
        kinds = set(map(type, usable))
    return _encode(name, usable, kinds)


def is_any_number(name: str) -> bool:
    """Whether each number may stand in the field."""
    return name in CLIENT_NUMBERS or name not in CLIENT_CHECKS


def _encode_alike(name: str, column: Values) -> Column | None:
    """The column if nothing is wrong in it, and no value need be looked at by itself to know that."""
    kinds = set(map(type, column))
    present = [value for value in column if value is not None] if _MISSING in kinds else column
    known = kinds - {_MISSING}
    if known == {str}:
        fine = (name in CLIENT_TEXTS or name not in CLIENT_CHECKS) and _are_texts_fine(cast("Sequence[str]", present))
    elif known and known <= {float, int}:
        fine = is_any_number(name) or (name == "round" and known == {int} and _are_rounds_fine(present))
    else:
        return None
    try:
        return _encode(name, column, kinds) if fine else None
    except OverflowError:
        return None


def _are_texts_fine(texts: Sequence[str]) -> bool:
    together = "".join(texts)
    if not together.isascii():
        try:
            together.encode()
        except UnicodeEncodeError:
            return False
    return max(map(len, texts)) <= MAX_CLIENT_TEXT


def _are_rounds_fine(rounds: Values) -> bool:
    return min(rounds) >= 0 and max(rounds) <= values.MAX_ROUND


def _encode(name: str, column: Values, kinds: set[type]) -> Column | None:
    """A column of values of one kind, of which some may be missing."""
    head = text_field(1, name)
    if _MISSING in kinds:
        head += bytes_field(2, _bitmap(column))
        column = [value for value in column if value is not None]
    kinds = kinds - {_MISSING}
    if not kinds:
        return None
    if kinds <= {float, int}:
        return _encode_numbers(head, array("d", cast("Sequence[float]", column)))
    return head, texts_field(_JSON if Json in kinds else _TEXTS, cast("Sequence[str]", column))


def _encode_numbers(head: bytes, numbers: array[float] | memoryview) -> Column:
    body = packed(numbers)
    return head + bytes_head(_NUMBERS, len(body)), body


def _bitmap(column: Values) -> bytes:
    # As the digits of one large number: bit by bit would take ten times as long.
    bits = bytes([value is not None for value in reversed(column)]).translate(_ASCII_BITS)
    return int(bits, 2).to_bytes((len(column) + 7) // 8, "little")


def _as_json(value: float | str) -> Json:
    return Json(values.to_json(value, _MAX_JSON_TEXT))
