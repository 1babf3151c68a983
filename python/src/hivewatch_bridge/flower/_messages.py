"""Reads Flower's messages, by their attributes only: the classes have moved between versions."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any

from .._reasons import short_reason
from ._client import Reply
from ._round import TRAIN

RECORD_NAME = "hivewatch"
FAULT = "adapter_error"
"""What went wrong in the client mod, in that record."""

# How clients of the legacy API are spoken to through messages: their results are split into records of these names.
_LEGACY_METRICS = ("fitres.metrics", "evaluateres.metrics", "getpropertiesres.properties")
_LEGACY_STATUS = ("fitres.status", "evaluateres.status", "getparametersres.status", "getpropertiesres.status")
_SECURE_AGGREGATION = "secaggplus_configs"
# In this stage the clients train; before and after it they exchange keys.
_TRAINING_STAGE = "collect_masked_vectors"

_ERROR_NAMES = {
    0: "UNKNOWN",
    1: "LOAD_CLIENT_APP_EXCEPTION",
    2: "CLIENT_APP_RAISED_EXCEPTION",
    3: "MESSAGE_UNAVAILABLE",
    4: "REPLY_MESSAGE_UNAVAILABLE",
    5: "NODE_UNAVAILABLE",
    6: "MOD_FAILED_PRECONDITION",
    7: "INVALID_FAB",
    8: "CLIENT_APP_CRASHED",
}
# The message was lost, not the client.
_COMMUNICATION_ERRORS = (3, 4)


def phase_of(message: Any) -> str:
    """`train`, `evaluate`, `query`, …: the type of a message, without the name of a custom action.

    The stages of secure aggregation are training messages too: those in which nobody trains are `secagg_setup` and so
    on.
    """
    phase = str(message.metadata.message_type).partition(".")[0]
    if phase == TRAIN and message.has_content():
        stage = config_in(message.content, _SECURE_AGGREGATION).get("stage", _TRAINING_STAGE)
        return phase if stage == _TRAINING_STAGE else f"secagg_{stage}"
    return phase


def action_of(message: Any) -> str | None:
    """Name of the custom action, if the message has one."""
    return str(message.metadata.message_type).partition(".")[2] or None


def reply_of(message: Any) -> Reply:
    """What a reply without an error says."""
    content = message.content
    return Reply(_metrics_of(content), content_bytes(content), _client_record(content))


def refusal_of(message: Any) -> str | None:
    """Why a client of the legacy API has no result, though it answered."""
    for name, record in message.content.items():
        if name in _LEGACY_STATUS and _is_of_kind(record, "ConfigRecord") and record.get("code", 0) != 0:
            return status_reason(record["code"], str(record.get("message", "")))
    return None


def status_reason(code: Any, message: str) -> str:
    """A status of the legacy API that is not OK, in short."""
    name = getattr(code, "name", None) or f"STATUS_{code}"
    return short_reason(f"{name}: {message}" if message else name)


def _metrics_of(content: Any) -> dict[str, Any]:
    metrics: dict[str, Any] = {}
    for name, record in content.items():
        if _is_of_kind(record, "MetricRecord"):
            metrics.update(record.items())
        elif name in _LEGACY_METRICS and _is_of_kind(record, "ConfigRecord"):
            metrics.update(_speaking(record))
    return metrics


def config_in(content: Any, name: str) -> Mapping[str, Any]:
    """A ConfigRecord of a message; empty if there is none of that name."""
    # Not Flower's config_records, which makes a dictionary of all of them and writes each into the message again.
    # Nor its `get`, to which a name that is missing costs an exception.
    if name not in content:
        return {}
    record = content[name]
    return record if _is_of_kind(record, "ConfigRecord") else {}


def _is_of_kind(record: Any, name: str) -> bool:
    return name in _kinds(record.__class__)


@functools.lru_cache(maxsize=64)
def _kinds(record_type: Any) -> frozenset[str]:
    return frozenset(cls.__name__ for cls in record_type.__mro__)


def _client_record(content: Any) -> dict[str, Any]:
    return _speaking(config_in(content, RECORD_NAME))


def _speaking(record: Mapping[str, Any]) -> dict[str, Any]:
    # Empty values say nothing.
    return {name: value for name, value in record.items() if not isinstance(value, bytes) and value not in ("", [])}


def is_lost(message: Any) -> bool:
    """Whether an error reply means that a message was lost."""
    return message.error.code in _COMMUNICATION_ERRORS


def error_reason(message: Any) -> str:
    """Name of the code of an error reply, and the reason in short."""
    code = message.error.code
    name = _ERROR_NAMES.get(code, f"ERROR_{code}")
    return short_reason(f"{name}: {message.error.reason}" if message.error.reason else name)


def content_bytes(content: Any) -> int:
    """Size of a message's records in bytes: arrays, metrics and configuration with their names."""
    return sum(len(name) + _record_bytes(record) for name, record in content.items())


def _record_bytes(record: Any) -> int:
    # Not Flower's count_bytes: it raises on empty texts and lists.
    return sum(len(name) + _value_bytes(value) for name, value in record.items())


def parameters_bytes(parameters: Any) -> int | None:
    """Size of the legacy API's Parameters; None if these are something else, as a few strategies have it."""
    tensors = getattr(parameters, "tensors", None)
    return None if tensors is None else sum(len(tensor) for tensor in tensors)


_FIXED_BYTES = {bool: 1, int: 8, float: 8}


def _value_bytes(value: Any) -> int:
    fixed = _FIXED_BYTES.get(type(value))
    if fixed is not None:
        return fixed
    if isinstance(value, (str, bytes)):
        return len(value)
    if isinstance(value, (list, tuple)):
        return sum(_value_bytes(inner) for inner in value)
    data = getattr(value, "data", None)
    return len(data) if isinstance(data, (bytes, bytearray)) else 8


def places_of(nodes: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """Where nodes are and what they are called, by id, as far as they were registered with it."""
    places = {}
    for node in nodes:
        place = {**_location(_optional(node, "location")), **_name(_optional(node, "name"))}
        if place:
            places[str(node.node_id)] = place
    return places


def _optional(node: Any, name: str) -> str | None:
    # Older versions have no such field, and protobuf raises ValueError for it.
    try:
        return getattr(node, name) if node.HasField(name) else None
    except (AttributeError, ValueError):
        return None


def _location(text: str | None) -> Mapping[str, float]:
    try:
        lat, lng = (float(part) for part in (text or "").split(","))
    except ValueError:
        return {}
    return {"lat": lat, "lng": lng}


def _name(name: str | None) -> Mapping[str, str]:
    return {"site": name} if name else {}
