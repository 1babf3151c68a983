"""Sums up a round for hooks in this process. The bridge derives its figures by itself, from the events."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import _values as values
from ._schema import ClientUpdate, RoundSummary

_GIVEN = ("global_accuracy", "global_loss", "num_stragglers", "num_failures", "aggregation_time_sec")


def summarize(
    round: int, given: Mapping[str, Any], clients: Sequence[ClientUpdate], duration_sec: float | None
) -> RoundSummary:
    """Whatever the clients reported, it comes to a summary."""
    summary = RoundSummary(round, round_duration_sec=duration_sec)
    for name in _GIVEN:
        if given.get(name) is not None:
            setattr(summary, name, given[name])
    summary.num_selected = _first(given.get("num_selected"), len(clients))
    summary.num_completed = sum(client.status == "active" for client in clients)
    summary.total_bytes_up = _first(given.get("total_bytes_up"), _sum(client.bytes_sent for client in clients))
    summary.total_bytes_down = _first(given.get("total_bytes_down"), _sum(client.bytes_received for client in clients))
    norms = [norm for norm in _numbers(client.gradient_norm for client in clients) if math.isfinite(norm)]
    summary.gradient_norm_dispersion = _first(given.get("gradient_norm_dispersion"), _deviation(norms))
    summary.algorithm_metadata = dict(given.get("algorithm_metadata") or {})
    return summary


def _first(given: Any, derived: Any) -> Any:
    return derived if given is None else given


def _numbers(given: Iterable[Any]) -> list[float]:
    """What of it is a number."""
    numbers = []
    for value in given:
        try:
            numbers.append(values.exact_number(value))
        except values.Unusable:
            continue
    return numbers


def _sum(given: Iterable[Any]) -> Any:
    return sum(number for number in _numbers(given) if math.isfinite(number))


def _deviation(norms: Sequence[float]) -> float | None:
    """Of a sample; one alone has none."""
    if len(norms) < 2:
        return None
    mean = sum(norms) / len(norms)
    # Not by a power, which raises where a product is infinite.
    return math.sqrt(sum((float(norm) - mean) * (float(norm) - mean) for norm in norms) / (len(norms) - 1))
