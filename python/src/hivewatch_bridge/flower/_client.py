"""What a client's reply says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .._adapter.metrics import EVALUATE_PREFIXES, TRAIN_PREFIXES, accuracy_name, loss_name, prefixed
from ._round import EVALUATE

# What these say holds for the client, whatever it was doing.
_PLACE = ("lat", "lng", "city", "country", "region", "site", "partition_id")


class Reply(NamedTuple):
    """A client's answer, whichever API it came through."""

    metrics: dict[str, Any]
    size: int | None
    """In bytes: what of it is known."""
    record: dict[str, Any]
    """What the client said of itself."""


def train_fields(reply: Reply, weight_key: str) -> dict[str, Any]:
    """Fields of a `client_update` from the reply to a training message."""
    metrics = dict(reply.metrics)
    local = _take_local(metrics, TRAIN_PREFIXES)
    samples = _present("num_samples", metrics.pop(weight_key, None))
    return {**metrics, **reply.record, **local, **samples}


def other_fields(reply: Reply, weight_key: str, phase: str, known: set[str]) -> dict[str, Any]:
    """Fields of a `client_metric` from any other reply, under names that say which phase they are of.

    Args:
        reply: the client's reply.
        weight_key: name of the metric that counts samples.
        phase: `evaluate`, or whatever the application does.
        known: which of `local_accuracy` and `local_loss` are known from training. The rest is taken from an evaluation.
    """
    metrics = dict(reply.metrics)
    local = _take_local(dict(metrics), EVALUATE_PREFIXES) if phase == EVALUATE else {}
    samples = _present("num_samples", metrics.pop(weight_key, None))
    record = dict(reply.record)
    place = {name: record.pop(name) for name in _PLACE if name in record}
    missing = {name: value for name, value in local.items() if name not in known}
    return {**prefixed(phase, {**metrics, **record, **samples}), **place, **missing}


def _take_local(metrics: dict[str, Any], prefixes: tuple[str, ...]) -> dict[str, Any]:
    """Takes accuracy and loss out of the metrics."""
    names = {"local_accuracy": accuracy_name(metrics, prefixes), "local_loss": loss_name(metrics, prefixes)}
    return {field: metrics.pop(name) for field, name in names.items() if name is not None}


def _present(name: str, value: Any | None) -> Mapping[str, Any]:
    return {} if value is None else {name: value}
