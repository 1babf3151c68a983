"""What hooks of the user's own are handed, with the fields that Python hivewatch has."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class ClientUpdate:
    """A client's result of a round, as it was logged. What was not is None; but `num_samples`, which is 0 then."""

    client_id: str
    round: int | None = None
    local_accuracy: float | None = None
    """As a fraction of 1."""
    local_loss: float | None = None
    num_samples: int = 0
    base_round: int | None = None
    """The round whose model it trained on."""
    gradient_norm: float | None = None
    gradient_magnitude: float | None = None
    sparsity: float | None = None
    compression_ratio: float | None = None
    bytes_sent: int | None = None
    bytes_received: int | None = None
    network_latency_ms: float | None = None
    train_time_sec: float | None = None
    cpu_pct: float | None = None
    ram_mb: float | None = None
    gpu_util_pct: float | None = None
    gpu_vram_mb: float | None = None
    lat: float | None = None
    lng: float | None = None
    city: str | None = None
    country: str | None = None
    status: str = "active"
    """`active`, `idle`, `dropped` or `failed`."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Everything else that was logged."""

    @property
    def staleness(self) -> int | None:
        """How many rounds old the model was that it trained on; None if that is not known."""
        if self.round is None or self.base_round is None:
            return None
        return self.round - self.base_round

    def to_dict(self) -> dict[str, Any]:
        """All fields by name; the extra ones beside the others."""
        known = {name: getattr(self, name) for name in _CLIENT_FIELDS}
        return {**known, **self.extra}

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> ClientUpdate:
        """Makes one of fields by name. Those that have no place of their own become extra ones.

        Raises:
            TypeError: there is no `client_id`.
        """
        known = {name: value for name, value in d.items() if name in _CLIENT_FIELDS}
        extra = {name: value for name, value in d.items() if name not in _CLIENT_FIELDS and name != "extra"}
        return cls(**known, extra=extra)


_CLIENT_FIELDS = tuple(each.name for each in fields(ClientUpdate) if each.name != "extra")


@dataclass
class RoundSummary:
    """A round that has ended: what was logged of it and, where nothing was, what follows from its clients."""

    round: int
    global_accuracy: float | None = None
    global_loss: float | None = None
    num_selected: int = 0
    num_completed: int = 0
    num_stragglers: int = 0
    num_failures: int = 0
    total_bytes_up: int = 0
    """From the clients to the server."""
    total_bytes_down: int = 0
    round_duration_sec: float | None = None
    gradient_norm_dispersion: float | None = None
    """Sample standard deviation of the clients' finite gradient norms."""
    aggregation_time_sec: float | None = None
    algorithm_metadata: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """All fields by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def gradient_divergence(self) -> float | None:
        """Former name of `gradient_norm_dispersion`; deprecated."""
        message = "gradient_divergence is deprecated: use gradient_norm_dispersion"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return self.gradient_norm_dispersion
