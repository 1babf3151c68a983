"""Checks the fields of an event one by one, so that one bad value costs itself and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Callable, Union

from . import _values as values
from ._log import WarnOnce

_MAX_FIELDS = 400
_MAX_CLIENT_FIELD = 65_536
_MAX_ROW_FIELD = 1_048_576

_CLIENT_NUMBERS = (
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

Check = Callable[[Any], Any]


class Json(str):
    """Text that is JSON, to tell it from text that is a value."""


ClientField = Union[float, str, Json]

_CLIENT_CHECKS: dict[str, Check] = {
    **dict.fromkeys(_CLIENT_NUMBERS, values.number),
    **dict.fromkeys(("city", "country", "status"), values.text),
    "round": lambda value: float(values.round_number(value)),
    "lat": partial(values.degrees, limit=90),
    "lng": partial(values.degrees, limit=180),
}

_NO_CHECKS: Mapping[str, Check] = {}

# What a bridge can't store as a field's name.
_BAD_NAMES = ("", "__proto__")


def client_fields(given: Mapping[str, Any], warn: WarnOnce) -> dict[str, ClientField]:
    """The usable fields of a client, each as a double, text or JSON. None means missing."""
    fields: dict[str, ClientField] = {}
    for name, value in given.items():
        # The common case first: this runs in the training's thread, once for each value.
        if type(value) is float and name not in _CLIENT_CHECKS and name not in _BAD_NAMES:
            fields[name] = value
        elif value is not None:
            _take(fields, name, value, _CLIENT_CHECKS.get(name, _client_field), warn)
        if len(fields) >= _MAX_FIELDS:
            warn("too many fields", "A client reported more than %d fields; the rest was dropped.", _MAX_FIELDS)
            break
    return fields


def row_fields(given: Mapping[str, Any], warn: WarnOnce, checks: Mapping[str, Check] = _NO_CHECKS) -> dict[str, Any]:
    """The usable fields of an event that travels as JSON, as plain values. None means missing."""
    fields: dict[str, Any] = {}
    for name, value in given.items():
        if value is not None:
            _take(fields, name, value, checks.get(name, _row_field), warn)
    return fields


def _take(fields: dict[str, Any], name: str, value: Any, check: Check, warn: WarnOnce) -> None:
    try:
        if name in _BAD_NAMES:
            raise values.Unusable("a field can't have that name")
        fields[values.clean_text(name)] = check(value)
    except values.Unusable as reason:
        warn(
            ("field", name),
            "%s was dropped: %s. Later ones of its kind are dropped silently.",
            name or "A field",
            reason,
        )


def _client_field(value: Any) -> ClientField:
    reduced = values.plain(value)
    if isinstance(reduced, str):
        return values.limited(reduced, _MAX_CLIENT_FIELD)
    if isinstance(reduced, (int, float)) and not isinstance(reduced, bool):
        return values.number(reduced)
    return Json(values.to_json(reduced, _MAX_CLIENT_FIELD))


def _row_field(value: Any) -> Any:
    reduced = values.plain(value)
    values.to_json(reduced, _MAX_ROW_FIELD)
    return reduced
