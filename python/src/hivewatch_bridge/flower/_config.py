"""What is known of a run's settings when it begins."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any

from .._secrets import without_secrets
from ._messages import parameters_bytes


def describe_run(strategy: object, grid: object, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that Flower knows of, without anything that looks secret."""
    flower_run = getattr(grid, "run", None)
    known = {
        "framework": "flower",
        "framework_version": _flower_version(),
        "num_rounds": arguments.get("num_rounds"),
        "timeout": arguments.get("timeout"),
        "train_config": _settings(arguments.get("train_config")),
        "evaluate_config": _settings(arguments.get("evaluate_config")),
        "run_config": _settings(getattr(flower_run, "override_config", None)),
        "app": getattr(flower_run, "fab_id", None),
        "app_version": getattr(flower_run, "fab_version", None),
        "strategy": _numbers(vars(strategy)),
        "wrapped_strategy": _type_of(getattr(strategy, "strategy", None)),
        "model_bytes": _model_bytes(arguments.get("initial_arrays"), strategy),
    }
    return {name: value for name, value in known.items() if value not in (None, "", {})}


def flower_run_id(grid: object) -> str | None:
    """Flower's id of the run, if there is one."""
    run_id = getattr(getattr(grid, "run", None), "run_id", None)
    return str(run_id) if run_id else None


def _settings(config: Any) -> dict[str, Any]:
    if not config:
        return {}
    return without_secrets({name: value for name, value in config.items() if not isinstance(value, bytes)})


def _numbers(fields: Mapping[str, Any]) -> dict[str, Any]:
    # Numbers only: a strategy of the user's own may hold any text, also one that is nobody's business.
    return {
        name: value
        for name, value in fields.items()
        if isinstance(value, (bool, int, float)) and not name.startswith("_")
    }


def _type_of(wrapped: object) -> str | None:
    return None if wrapped is None else type(wrapped).__name__


def _model_bytes(arrays: Any, strategy: object) -> int | None:
    if arrays:
        return sum(len(array.data) for array in arrays.values())
    # In the legacy API the strategy has the model, if the server has it at all.
    parameters = getattr(getattr(strategy, "strategy", strategy), "initial_parameters", None)
    return parameters_bytes(parameters)


def _flower_version() -> str | None:
    try:
        return metadata.version("flwr")
    except metadata.PackageNotFoundError:
        return None
