"""Checks the fields of an event one by one, so that one bad value costs itself and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Callable, Union

from . import _values as values
from ._log import WarnOnce
from ._reasons import exception_reason, short_reason

MAX_FIELDS = 400
MAX_CLIENT_TEXT = 65_536
MAX_CLIENT_BYTES = 2_097_152
_MAX_ROW_FIELD = 1_048_576
_MAX_LIGHT_FIELDS = 64
_MAX_LIGHT_TEXT = 256
_MAX_LIGHT_BYTES = 1024

CLIENT_NUMBERS = frozenset(
    (
        "local_accuracy",
        "local_loss",
        "num_samples",
        "base_round",
        "gradient_norm",
        "gradient_magnitude",
        "sparsity",
        "compression_ratio",
        "bytes_sent",
        "bytes_received",
        "network_latency_ms",
        "train_time_sec",
        "cpu_pct",
        "ram_mb",
        "gpu_util_pct",
        "gpu_vram_mb",
    )
)
CLIENT_TEXTS = frozenset(("city", "country", "status"))

Check = Callable[[Any], Any]


class Json(str):
    """Text that is JSON, to tell it from text that is a value."""


ClientField = Union[float, str, Json]

_TRUE, _FALSE = Json("true"), Json("false")

CLIENT_CHECKS: dict[str, Check] = {
    **dict.fromkeys(CLIENT_NUMBERS, values.number),
    **dict.fromkeys(CLIENT_TEXTS, values.text),
    "round": lambda value: float(values.round_number(value)),
    "lat": partial(values.degrees, limit=90),
    "lng": partial(values.degrees, limit=180),
}

_NO_CHECKS: Mapping[str, Check] = {}

BAD_NAMES = frozenset(("", "__proto__"))
"""What a bridge can't store as a field's name."""

_LIGHT = frozenset((float, int, bool, type(None)))


def is_light(fields: Mapping[str, Any]) -> bool:
    """Whether the fields of a client are few, and only of numbers: these don't change later, and take little room."""
    return _LIGHT.issuperset(map(type, fields.values())) and len(fields) <= _MAX_LIGHT_FIELDS


def freeze(fields: dict[str, Any], warn: WarnOnce) -> int:
    """Makes of the fields of a client, in place, what doesn't change any more when the caller's objects do.

    Numbers and short texts stay as they are: :func:`hivewatch_bridge._columns.client_columns` checks them. This runs in
    the training's thread.

    Returns:
        About how many bytes they take, or 0 if too few to be counted.
    """
    size = 0
    for name, value in list(fields.items()):
        kind = type(value)
        if kind in _LIGHT:
            size += 8
            continue
        if kind is not str or len(value) > _MAX_LIGHT_TEXT:
            value = fields[name] = checked(name, value, CLIENT_CHECKS.get(name, client_field), warn)
        length = _utf8_length(value) if isinstance(value, str) else 8
        if size + length > MAX_CLIENT_BYTES:
            fields[name] = None
            warn("large", "A client reported more than %d bytes; the rest was dropped.", MAX_CLIENT_BYTES)
        else:
            size += length
    if len(fields) > MAX_FIELDS:
        _drop_last(fields, warn)
    return 0 if size <= _MAX_LIGHT_BYTES and len(fields) <= _MAX_LIGHT_FIELDS else size


def row_fields(given: Mapping[str, Any], warn: WarnOnce, checks: Mapping[str, Check] = _NO_CHECKS) -> dict[str, Any]:
    """The usable fields of an event that travels as JSON, as plain values. None means missing."""
    fields: dict[str, Any] = {}
    for name, value in given.items():
        if name in BAD_NAMES:
            warn_of_name(name, warn)
        elif (usable := checked(name, value, checks.get(name, _row_field), warn)) is not None:
            fields[values.clean_text(name)] = usable
    return fields


def checked(name: str, value: Any, check: Check, warn: WarnOnce) -> Any:
    """What `check` makes of a value; None if it is None or, with a warning, if it is of no use."""
    if value is None:
        return None
    try:
        return check(value)
    except values.Unusable as unusable:
        reason = str(unusable)
    except Exception as error:  # of the value's own methods
        reason = exception_reason(error)
    warn_of_field(name, reason, warn)
    return None


def warn_of_field(name: str, reason: str, warn: WarnOnce) -> None:
    """Says why values of a field are dropped."""
    label = short_reason(values.clean_text(name)) or "A field"
    warn(("field", label), "%s was dropped: %s. Later ones of its kind are dropped silently.", label, reason)


def warn_of_name(name: str, warn: WarnOnce) -> None:
    """Says that a field can't have its name."""
    warn_of_field(name, "a field can't have that name", warn)


def client_field(value: Any) -> ClientField:
    """A value that a client may have in a field of any name.

    Raises:
        Unusable: it is not one.
    """
    if type(value) is Json:
        return value
    if type(value) is bool:
        return _TRUE if value else _FALSE
    reduced = values.plain(value, MAX_CLIENT_TEXT)
    if isinstance(reduced, str):
        return values.limited(reduced, MAX_CLIENT_TEXT)
    if isinstance(reduced, (int, float)) and not isinstance(reduced, bool):
        return values.number(reduced)
    return Json(values.to_json(reduced, MAX_CLIENT_TEXT))


def _row_field(value: Any) -> Any:
    reduced = values.plain(value, _MAX_ROW_FIELD)
    values.to_json(reduced, _MAX_ROW_FIELD)
    return reduced


def _drop_last(fields: dict[str, Any], warn: WarnOnce) -> None:
    known = [name for name, value in fields.items() if value is not None]
    for name in known[MAX_FIELDS:]:
        fields[name] = None
    if len(known) > MAX_FIELDS:
        warn("too many fields", "A client reported more than %d fields; the rest was dropped.", MAX_FIELDS)


def _utf8_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
