"""Turns whatever a training program logs into values that events can hold, or says why it can't."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Callable

MAX_ID_LENGTH = 256
MAX_ROUND = 2**53 - 1
_MAX_DEPTH = 12
_MAX_LENGTH = 65_536


class Unusable(ValueError):
    """A value that no event can hold. Its text says what was wrong."""


def plain(value: Any, max_length: int = _MAX_LENGTH) -> Any:
    """Reduces a value to None, bool, int, float, str, or lists and dicts of these.

    Scalars of numpy, torch and the like are taken by their `item()`. NaN and infinities stay.

    Raises:
        Unusable: it is of another kind, nested too deeply, or surely has more than `max_length` characters as JSON.
    """
    return _reduce(value, 0, _Room(max_length))


class _Room:
    """How much of a value may still come: what holds something many times, or itself, can be small and yet endless."""

    def __init__(self, max_length: int) -> None:
        self._max_length = max_length
        self._left = max_length

    def take(self, characters: int) -> None:
        self._left -= characters
        if self._left < 0:
            raise Unusable(f"it has more than {self._max_length} characters")


def _reduce(value: Any, depth: int, room: _Room) -> Any:
    if value is None or isinstance(value, bool):
        return value
    # Not float(value): subclasses may have their own idea of that.
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, str):
        room.take(str.__len__(value))
        return clean_text(value)
    if depth >= _MAX_DEPTH:
        raise Unusable(f"it is nested more than {_MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        return {_key(key, room): _inner(inner, depth, room) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_inner(inner, depth, room) for inner in value]
    return _reduce(_scalar(value), depth + 1, room)


def _key(key: Any, room: _Room) -> str:
    name = str(key)
    # And quotes and a colon.
    room.take(len(name) + 3)
    return clean_text(name)


def _inner(value: Any, depth: int, room: _Room) -> Any:
    # A digit and a comma.
    room.take(2)
    return _reduce(value, depth + 1, room)


def clean_text(text: str) -> str:
    """Text that UTF-8 can encode: unpaired surrogates become question marks."""
    # Of subclasses, the text that they are and not what they say of it.
    exact = str.__str__(text)
    return exact if exact.isascii() else exact.encode("utf-8", "replace").decode("utf-8")


def number(value: Any) -> float:
    """A value as a double.

    Raises:
        Unusable: it is not a number, or too large for a double.
    """
    return value if type(value) is float else float(exact_number(value))


def exact_number(value: Any) -> int | float:
    """A value as a number that fits into a double, and is still an int if it was one.

    Raises:
        Unusable: it is not a number, or too large for a double.
    """
    reduced = plain(value)
    if isinstance(reduced, bool) or not isinstance(reduced, (int, float)):
        raise Unusable(f"it must be a number, but it is {_describe(value)}")
    try:
        float(reduced)
    except OverflowError:
        raise Unusable("it is too large for a double") from None
    return reduced


def text(value: Any) -> str:
    """A value that must be text.

    Raises:
        Unusable: it is something else.
    """
    if not isinstance(value, str):
        raise Unusable(f"it must be text, but it is {_describe(value)}")
    return clean_text(value)


def degrees(value: Any, limit: int) -> float:
    """A latitude (limit 90) or longitude (limit 180).

    Raises:
        Unusable: it is not a number within the limit.
    """
    angle = number(value)
    if not -limit <= angle <= limit:
        raise Unusable(f"it must be degrees from -{limit} to {limit}, but it is {angle}")
    return angle


def round_number(value: Any) -> int:
    """The number of a round, a whole number from 0.

    Raises:
        Unusable: it is something else.
    """
    rounded = number(value)
    if not (math.isfinite(rounded) and rounded.is_integer() and 0 <= rounded <= MAX_ROUND):
        raise Unusable(f"it must be a whole number from 0, but it is {_describe(value)}")
    return int(rounded)


def client_id(value: Any) -> str:
    """The id of a client, as text of 1 to 256 UTF-16 units.

    Raises:
        Unusable: there is none, or it is too long.
    """
    if value is None:
        raise Unusable("it is missing")
    if isinstance(value, (list, dict, set)):
        raise Unusable(f"it must be text or a number, but it is {_describe(value)}")
    identity = clean_text(value if isinstance(value, str) else _text_of(value))
    if not identity or len(identity.encode("utf-16-le")) > 2 * MAX_ID_LENGTH:
        raise Unusable(f"it must have 1 to {MAX_ID_LENGTH} characters, but it has {len(identity)}")
    return identity


def are_ids_fine(ids: Sequence[Any]) -> bool:
    """Whether values are ids of clients as they are. It doesn't say so of all that are."""
    if not set(map(type, ids)) <= {str}:
        return False
    lengths = set(map(len, ids))
    return 0 not in lengths and max(lengths, default=0) <= MAX_ID_LENGTH and "".join(ids).isascii()


def required(name: str, check: Callable[[Any], Any], value: Any) -> Any:
    """A value without which there is no event.

    Raises:
        Unusable: it is of no use; the reason names it.
    """
    try:
        return check(value)
    except Unusable as reason:
        raise Unusable(f"{name}: {reason}") from None


def to_json(value: Any, max_length: int) -> str:
    """JSON of a plain value, with NaN and infinities as the strings of their names.

    Raises:
        Unusable: it has more than `max_length` characters.
    """
    try:
        encoded = json.dumps(value, allow_nan=False, separators=(",", ":"))
    except ValueError:
        encoded = json.dumps(_name_non_finite(value), separators=(",", ":"))
    return limited(encoded, max_length)


def limited(given: str, max_length: int) -> str:
    """Text as it is.

    Raises:
        Unusable: it has more than `max_length` characters.
    """
    if len(given) > max_length:
        raise Unusable(f"it has {len(given)} characters, more than {max_length}")
    return given


def _name_non_finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _name_non_finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_name_non_finite(inner) for inner in value]
    return value


def _scalar(value: Any) -> Any:
    # Duck-typed, so that neither numpy nor torch has to be there; their conversions may raise anything.
    try:
        item = getattr(value, "item", None)
        if callable(item):
            return item()
        if hasattr(value, "__float__"):
            return float(value)
    except Exception as error:
        raise Unusable(f"it is {_describe(value)}, not one value ({type(error).__name__})") from None
    raise Unusable(f"it is {_describe(value)}")


def _text_of(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _describe(value: Any) -> str:
    # The value itself may be secret, huge, or have a __repr__ that fails.
    if isinstance(value, (bool, int, float)) or value is None:
        return repr(value)[:80]
    return f"a {type(value).__module__}.{type(value).__qualname__}"
