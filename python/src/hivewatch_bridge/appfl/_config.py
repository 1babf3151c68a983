"""What is known of a run's settings when it begins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from .._secrets import without_secrets

# Sources of programs and where they lie, and how the server is reached.
_LEFT_OUT = re.compile(r"_source$|_path$|_dirname$|_filename$|^comm_configs$|^logging_")
_MAX_TEXT = 200


def describe_run(agent: Any) -> dict[str, Any]:
    """The settings of the server and of the training, without anything that looks secret."""
    configs = getattr(agent, "server_agent_config", None)
    server = _settings(getattr(configs, "server_configs", None))
    known = {
        "framework": "appfl",
        "framework_version": _version(),
        **server,
        "train_configs": _settings(getattr(getattr(configs, "client_configs", None), "train_configs", None)),
        "model_bytes": _model_bytes(getattr(agent, "model", None)),
    }
    return without_secrets({name: value for name, value in known.items() if value not in (None, "", {})})


def algorithm_of(aggregator: object) -> str:
    """`FedAsync` of a FedAsyncAggregator."""
    return type(aggregator).__name__.replace("Aggregator", "")


def _settings(configs: Any) -> dict[str, Any]:
    """A copy as plain as JSON. What OmegaConf can't resolve is missing."""
    names = [str(name) for name in configs] if hasattr(configs, "items") else []
    values = {name: _setting(configs, name) for name in names if not _LEFT_OUT.search(name)}
    return {name: value for name, value in values.items() if value not in (None, {})}


def _setting(configs: Any, name: str) -> Any:
    try:
        value = configs[name]
    except Exception:
        return None
    if isinstance(value, Mapping) or hasattr(value, "items"):
        return _settings(value)
    is_short = isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) <= _MAX_TEXT)
    return value if is_short else None


def _model_bytes(model: Any) -> int | None:
    tensors = model.state_dict().values() if callable(getattr(model, "state_dict", None)) else []
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors) or None


def _version() -> str | None:
    try:
        return metadata.version("appfl")
    except metadata.PackageNotFoundError:
        return None
