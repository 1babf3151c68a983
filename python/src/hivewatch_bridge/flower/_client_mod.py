"""A mod for ClientApps that tells what only the client knows."""

from __future__ import annotations

import importlib
from typing import Any, Callable, TypeVar

from .._log import WarnOnce, logger
from .._reasons import exception_reason
from .._trace_context import trace_context
from ._messages import FAULT, RECORD_NAME, config_in, phase_of
from ._round import TRAIN
from ._usage import Usage

_Result = TypeVar("_Result")
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
    attempt = _Attempts()
    usage = attempt(Usage)
    reply = call_next(message, context)
    try:
        _add(message, context, reply, usage, attempt)
    except Exception:  # A fault in here must not cost the client's work.
        _warn("add", "HiveWatch learns nothing of this client.", exc_info=True)
    return reply


class _Attempts:
    """Calls what may fail. In a deployment each message has a process of its own, where a warning would be one for each
    message: the first fault goes to the server, which warns once."""

    fault: str | None = None

    def __call__(self, function: Callable[..., _Result], *args: Any) -> _Result | None:
        try:
            return function(*args)
        except Exception as error:
            name = function.__qualname__
            self.fault = self.fault or f"{name}: {exception_reason(error)}"
            logger.debug("HiveWatch learns less of this client: %s failed.", name, exc_info=True)
            return None


def _add(message: Any, context: Any, reply: Any, usage: Usage | None, attempt: _Attempts) -> None:
    if not reply.has_content():
        return
    is_training = phase_of(message) == TRAIN
    known = {
        **(attempt(place_of, context.node_config) or {}),
        **((usage and attempt(usage.measure, "train_time_sec" if is_training else "time_sec")) or {}),
        **((attempt(_trace) if is_training else None) or {}),
        **config_in(reply.content, RECORD_NAME),
        **({} if attempt.fault is None else {FAULT: attempt.fault}),
    }
    if known:
        reply.content[RECORD_NAME] = _config_record()(known)


def _trace() -> dict[str, str]:
    parent = trace_context().get("traceparent")
    return {"traceparent": parent} if parent else {}


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
