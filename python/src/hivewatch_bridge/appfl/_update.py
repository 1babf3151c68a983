"""What a client sends with its model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._adapter.metrics import TRAIN_PREFIXES, accuracy_name, loss_name
from .._secrets import without_secrets

# Where a model is fetched from; the address of a model in a bucket opens it for everybody.
_TRANSPORT = ("model_key", "model_url")
_RENAMED = {"round": "local_round", "current_local_steps": "local_steps"}


def fields_of(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a `client_update`."""
    fields = {
        _RENAMED.get(name, name): _latest(value)
        for name, value in without_secrets(metadata).items()
        if not name.startswith("_") and name not in _TRANSPORT
    }
    return {**_train_time(fields), **_with_local(fields)}


def size_of(model: Any) -> int | None:
    """Bytes of a model as it came over the network; None if it didn't, or not through the server."""
    return len(model) if isinstance(model, (bytes, bytearray)) else None


def is_last_piece(metadata: Mapping[str, Any]) -> bool:
    """Whether a model is complete with this: large ones may come in pieces."""
    index, count = metadata.get("_chunk_idx"), metadata.get("_total_chunks")
    if isinstance(index, Mapping) and isinstance(count, Mapping):
        # As the aggregator gets them: by client.
        return all(index.get(client) == number - 1 for client, number in count.items())
    return index is None or count is None or bool(index == count - 1)


def _latest(value: Any) -> Any:
    # In APPFL's mode "epoch" there is a value for each local epoch.
    return value[-1] if isinstance(value, (list, tuple)) and value else value


def _with_local(fields: dict[str, Any]) -> dict[str, Any]:
    names = {
        "local_accuracy": accuracy_name(fields, TRAIN_PREFIXES),
        "local_loss": loss_name(fields, TRAIN_PREFIXES),
    }
    local = {field: fields.pop(name) for field, name in names.items() if name is not None}
    return {**fields, **local}


def _train_time(fields: Mapping[str, Any]) -> dict[str, float]:
    steps, seconds = fields.get("local_steps"), fields.get("compute_second_per_step")
    if isinstance(steps, int) and isinstance(seconds, (int, float)):
        return {"train_time_sec": steps * seconds}
    return {}
