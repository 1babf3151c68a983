"""Which of a framework's metrics are the accuracy and the loss."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

_ACCURACY = ("accuracy", "acc")
_LOSS = ("loss",)

# In this order, where a client reports several.
TRAIN_PREFIXES = ("", "train_", "training_", "local_", "val_", "valid_", "validation_", "eval_", "test_")
EVALUATE_PREFIXES = (
    "",
    "eval_",
    "evaluate_",
    "evaluation_",
    "val_",
    "valid_",
    "validation_",
    "test_",
    "global_",
    "central_",
    "centralized_",
    "federated_",
)


def accuracy_name(metrics: Mapping[str, Any], prefixes: tuple[str, ...]) -> str | None:
    """The metric that is the accuracy, if there is one."""
    return _find(metrics, _wanted(prefixes, _ACCURACY))


def loss_name(metrics: Mapping[str, Any], prefixes: tuple[str, ...]) -> str | None:
    """The metric that is the loss, if there is one."""
    return _find(metrics, _wanted(prefixes, _LOSS))


def prefixed(prefix: str, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics under names that say where they come from."""
    start = f"{prefix}_"
    return {name if name.startswith(start) else start + name: value for name, value in metrics.items()}


@functools.lru_cache(maxsize=16)
def _wanted(prefixes: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(prefix + name for prefix in prefixes for name in names)


def _find(metrics: Mapping[str, Any], wanted: tuple[str, ...]) -> str | None:
    by_name = {_normal(name): name for name, value in metrics.items() if _is_number(value)}
    return next((by_name[name] for name in wanted if name in by_name), None)


# Clients call their metrics the same in every round.
@functools.lru_cache(maxsize=256)
def _normal(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_").replace("/", "_")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
