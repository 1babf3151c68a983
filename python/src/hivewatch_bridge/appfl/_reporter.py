"""Turns what APPFL's server does into a run's events."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._adapter.in_turn import in_turn
from .._reasons import exception_reason
from .._run import Run
from ._update import fields_of, is_last_piece, size_of


@dataclass
class Barrier:
    """A synchronous scheduler: a round needs a model of every client."""

    num_clients: int | None
    num_rounds: int | None


@dataclass
class _Client:
    """What is known of a client from one of its models to the next."""

    num_samples: Any = None
    answered: float | None = None
    """When it was given a global model; `time.monotonic()`."""
    pieces: int = 0
    """Bytes of a model of which there is more to come."""
    waiting: dict[str, Any] | None = None
    """Fields of a model that is not part of a global one yet."""


@dataclass
class _Round:
    """The making of a global model."""

    number: int
    began: float | None = None
    aggregation_sec: float = 0.0
    clients: list[str] = field(default_factory=list)


class Reporter:
    """The events of one training.

    Args:
        run: where they go.
        barrier: if rounds wait for all clients.
    """

    def __init__(self, run: Run, barrier: Barrier | None) -> None:
        self.run = run
        self._barrier = barrier
        self._round = _Round(1)
        self._clients: dict[str, _Client] = {}
        self._lock = threading.RLock()

    @in_turn
    def handed_out(self) -> None:
        """Somebody was given a model other than for one of its own, as at the beginning."""
        if self._round.began is None:
            self._begin_round(self._round.number, None)

    @in_turn
    def has_samples(self, client: str, count: Any) -> None:
        """A client has said how many samples it trains on."""
        self._client(client).num_samples = count

    @in_turn
    def arrived(self, client: str, model: Any, metadata: Mapping[str, Any]) -> None:
        """A client's model has arrived, or a piece of it."""
        about, size = self._client(client), size_of(model)
        about.pieces += size or 0
        if not is_last_piece(metadata):
            return
        known = {"num_samples": about.num_samples, "bytes_sent": about.pieces or None}
        if about.answered is not None:
            known["round_trip_sec"] = time.monotonic() - about.answered
        about.pieces, about.answered = 0, None
        about.waiting = {**fields_of(metadata), **{name: each for name, each in known.items() if each is not None}}
        if self._barrier is not None and not self._is_over(self._barrier):
            # Told at once: the round may wait for others for long. All of them trained on the same model.
            self._merge(client, staleness=0)

    @in_turn
    def aggregating(self, clients: list[str], staleness: Mapping[str, int]) -> None:
        """Clients' models are about to become part of the global one.

        Args:
            clients: whose models.
            staleness: by client, how many global models were made since the one that it trained on; where it is known.
        """
        for client in clients:
            if self._client(client).waiting is not None:
                self._merge(client, staleness.get(client))

    @in_turn
    def aggregated(self, seconds: float, is_new: bool) -> None:
        """Clients' models are part of the global one now; whether that is a new one, or waits for more of them."""
        self._round.aggregation_sec += seconds
        if is_new:
            self._end_round()

    @in_turn
    def answered(self, client: str) -> None:
        """A client was given a global model for its own."""
        self._client(client).answered = time.monotonic()

    @in_turn
    def is_waiting(self, client: str) -> bool:
        """Whether a client's model is not part of a global one yet."""
        return self._client(client).waiting is not None

    @in_turn
    def discarded(self, client: str) -> None:
        """A client's model came too late for any global one."""
        fields, self._client(client).waiting = self._client(client).waiting or {}, None
        self.run.log_client_metric(client, **_keywords({**fields, "discarded": True}))

    @in_turn
    def failed(self, client: str, error: Exception) -> None:
        """The server could not use a client's model."""
        self._client(client).waiting = None
        self.run.log_dropout(self._round.number, client, exception_reason(error), phase="train")

    @in_turn
    def evaluated(self, loss: Any, accuracy: Any) -> None:
        """The server has evaluated the global model."""
        self.run.log_evaluation(self._round.number - 1, "central", {"loss": loss, "accuracy": accuracy})

    def _client(self, client: str) -> _Client:
        return self._clients.setdefault(client, _Client())

    def _merge(self, client: str, staleness: int | None) -> None:
        fields, self._client(client).waiting = self._client(client).waiting or {}, None
        number = self._round.number
        self._round.clients.append(client)
        if staleness is not None:
            fields["base_round"] = number - staleness
        self.run.log_client_update(client, **_keywords({**fields, "round": number}))

    def _is_over(self, barrier: Barrier) -> bool:
        return barrier.num_rounds is not None and self._round.number > barrier.num_rounds

    def _begin_round(self, number: int, clients: list[str] | None) -> None:
        self._round = _Round(number, time.monotonic())
        # Without a barrier nobody is selected, and clients train at any time.
        if self._barrier is not None and not self._is_over(self._barrier):
            self.run.round_start(number, selected=clients)

    def _end_round(self) -> None:
        ended = self._round
        self.run.log_round(
            ended.number,
            num_selected=None if self._barrier is None else self._barrier.num_clients,
            round_duration_sec=None if ended.began is None else time.monotonic() - ended.began,
            aggregation_time_sec=ended.aggregation_sec,
        )
        self._begin_round(ended.number + 1, ended.clients)


def _keywords(fields: dict[str, Any]) -> dict[str, Any]:
    # A client may call what it sends as it likes, also as an argument is called.
    return {name: value for name, value in fields.items() if name != "client_id"}
