"""A mod for ClientApps that tells what only the client knows."""

from __future__ import annotations

import importlib
from typing import Any, Callable

from .._log import WarnOnce
from .._trace_context import trace_context
from ._messages import RECORD_NAME, config_in, phase_of
from ._round import TRAIN
from ._usage import Usage

_warn = WarnOnce()

_PLACE_NAMES = ("site", "city", "country", "region")
_NUMBERS = ("lat", "lng")


def client_mod(message: Any, context: Any, call_next: Callable[[Any, Any], Any]) -> Any:
    """Adds to each reply how long it took, what it took of CPU, memory and GPU, and where the client is.

    `ClientApp(mods=[client_mod])`, or `ClientApp(client_fn=…, mods=[client_mod])`. As the first of the mods it measures
    them too. What it tells is in a ConfigRecord named `hivewatch`, which strategies ignore; what the app itself puts
    into a record of that name takes precedence.

    A place is what `--node-config` says: `site`, `city`, `country`, `region`, `lat` and `lng`; no address is looked up.
    The GPU is read with pynvml, if that is installed. What can't be read is left out. If the client is in a trace of
    OpenTelemetry while it trains, its `traceparent` is told too.
    """
    usage = _quietly(Usage)
    reply = call_next(message, context)
    _quietly(_add, message, context, reply, usage)
    return reply


def _add(message: Any, context: Any, reply: Any, usage: Usage | None) -> None:
    if not reply.has_content():
        return
    is_training = phase_of(message) == TRAIN
    measured = {} if usage is None else usage.measure("train_time_sec" if is_training else "time_sec")
    trace = {"traceparent": parent} if is_training and (parent := trace_context().get("traceparent")) else {}
    known = {**place_of(context.node_config), **measured, **trace, **config_in(reply.content, RECORD_NAME)}
    if known:
        reply.content[RECORD_NAME] = _config_record()(known)


def place_of(node_config: Any) -> dict[str, Any]:
    """Where the client is and which part of the data it has, as its operator says."""
    place: dict[str, Any] = {
        name: node_config[name] for name in _PLACE_NAMES if isinstance(node_config.get(name), str) and node_config[name]
    }
    place.update({name: float(node_config[name]) for name in _NUMBERS if _is_number(node_config.get(name))})
    partition = node_config.get("partition-id")
    return {**place, "partition_id": partition} if _is_number(partition) else place


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _config_record() -> Any:
    try:
        return importlib.import_module("flwr.app").ConfigRecord
    except ImportError:  # Flower up to 1.19
        return importlib.import_module("flwr.common").ConfigRecord


def _quietly(function: Callable[..., Any], *args: Any) -> Any:
    # A fault in here must not cost the client's work.
    try:
        return function(*args)
    except Exception:
        name = function.__qualname__
        _warn(name, "HiveWatch learns less of this client: %s failed.", name, exc_info=True)
        return None
