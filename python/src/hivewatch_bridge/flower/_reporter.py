"""Turns what Flower does into a run's events."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .._run import Run
from ._client import other_fields, train_fields
from ._messages import content_bytes, error_reason, is_communication_error, phase_of, places_of
from ._round import TRAIN, Round


@dataclass(frozen=True)
class _Request:
    """A message that was sent and not yet answered."""

    node: str
    phase: str
    round: Round | None
    sent: float
    size: int


class Reporter:
    """The events of one `start`.

    Args:
        run: where they go.
        weight_key: name of the metric that counts a client's samples.
        evaluates_centrally: whether a round is only complete once the server has evaluated the model itself.
    """

    def __init__(self, run: Run, weight_key: str, evaluates_centrally: bool) -> None:
        self.run = run
        self._weight_key = weight_key
        self._evaluates_centrally = evaluates_centrally
        self._round: Round | None = None
        self._announced: set[int] = set()
        self._requests: dict[str, _Request] = {}
        self._places: dict[str, dict[str, Any]] = {}

    def configuring(self, number: int) -> None:
        """A phase of a round is about to be configured."""
        if self._round is None or self._round.number != number:
            self.end_round()
            self._round = Round(number)

    def configured(self, number: int, phase: str, messages: Iterable[Any]) -> None:
        """The clients of a phase were chosen."""
        nodes = [str(message.metadata.dst_node_id) for message in messages]
        if self._round is not None:
            self._round.tally(phase).selected = len(nodes)
            self._round.started = self._round.started or time.monotonic()
        if phase == TRAIN or number not in self._announced:
            self._announced.add(number)
            self.run.round_start(number, selected=nodes if phase == TRAIN else None)

    def pushed(self, messages: Iterable[Any], message_ids: Iterable[str | None], sent: float) -> None:
        """Messages were handed over; those without an id were not taken."""
        sizes: dict[int, int] = {}
        ids = iter(message_ids)
        for message in messages:
            # The messages of a round share one content, which may be large.
            key = id(message.content)
            if key not in sizes:
                sizes[key] = content_bytes(message.content)
            request = _Request(str(message.metadata.dst_node_id), phase_of(message), self._round, sent, sizes[key])
            message_id = next(ids, None)
            if message_id is None:
                self._failed(request, "not accepted by the SuperLink", is_communication=True)
                continue
            self._requests[message_id] = request
            if self._round is not None:
                self._round.bytes_down += request.size

    def received(self, replies: Iterable[Any]) -> None:
        """Replies have arrived."""
        now = time.monotonic()
        for reply in replies:
            request = self._requests.pop(reply.metadata.reply_to_message_id, None)
            if reply.has_error():
                # An error that the SuperLink made has the SuperLink as its source: only the request tells the client.
                if request is not None:
                    self._failed(request, error_reason(reply), is_communication_error(reply))
            else:
                self._replied(reply, request, now)

    @property
    def unanswered(self) -> set[str]:
        """Ids of the messages that were not yet answered."""
        return set(self._requests)

    def gave_up(self, message_ids: Iterable[str]) -> None:
        """Nobody waits for the replies to these messages any more."""
        for message_id in message_ids:
            request = self._requests.pop(message_id, None)
            if request is not None:
                self._failed(request, "no reply", is_communication=False)

    def aggregated_train(self, number: int, seconds: float, metrics: dict[str, Any]) -> None:
        """The server has aggregated the clients' models."""
        if self._round is not None and self._round.number == number:
            self._round.aggregation_sec = seconds
            self._round.train_metrics = metrics

    def aggregated_evaluate(self, number: int, metrics: dict[str, Any]) -> None:
        """The server has aggregated the clients' evaluations."""
        if metrics:
            self.run.log_evaluation(number, "federated", metrics)
        if self._round is not None and self._round.number == number:
            self._round.evaluate_metrics = metrics
            self._round.is_aggregated = True
            self._round.ended = time.monotonic()
            self._end_if_complete()

    def evaluated_centrally(self, number: int, metrics: dict[str, Any]) -> None:
        """The server has evaluated the model itself; before the first round that is round 0."""
        if metrics:
            self.run.log_evaluation(number, "central", metrics)
        if self._round is None and metrics:
            Round(number, central_metrics=metrics).report(self.run)
        elif self._round is not None and self._round.number == number:
            self._round.central_metrics = metrics
            self._round.is_judged = True
            self._round.ended = time.monotonic()
            self._end_if_complete()

    def end_round(self) -> None:
        """Sums up the round, if all of its steps but the server's own evaluation are over."""
        if self._round is not None and self._round.is_aggregated:
            self._round.report(self.run)
            self._round = None

    def know_places(self, nodes: Iterable[Any]) -> None:
        """The nodes, as the SuperLink knows them."""
        self._places.update(places_of(nodes))

    def _end_if_complete(self) -> None:
        if self._round is not None and (self._round.is_judged or not self._evaluates_centrally):
            self.end_round()

    def _replied(self, reply: Any, request: _Request | None, now: float) -> None:
        node = request.node if request else str(reply.metadata.src_node_id)
        phase = request.phase if request else phase_of(reply)
        round = request.round if request else self._round
        size = content_bytes(reply.content)
        traffic: dict[str, Any] = {"bytes_sent": size}
        if request is not None:
            traffic.update(bytes_received=request.size, round_trip_sec=now - request.sent)
        if round is not None:
            round.tally(phase).completed += 1
            round.bytes_up += size
        number = None if round is None else round.number
        place = self._places.get(node, {})
        if phase == TRAIN:
            fields = train_fields(reply.content, self._weight_key)
            if round is not None:
                round.local_names[node] = {"local_accuracy", "local_loss"} & fields.keys()
            self.run.log_client_update(node, **_keywords({**fields, **place, **traffic, "round": number}))
        else:
            known = round.local_names.get(node, set()) if round is not None else set()
            fields = other_fields(reply.content, self._weight_key, phase, known)
            named = {f"{phase}_{name}": value for name, value in traffic.items()}
            self.run.log_client_metric(node, **_keywords({**fields, **place, **named, "round": number}))

    def _failed(self, request: _Request, reason: str, is_communication: bool) -> None:
        if request.round is None:
            return
        request.round.tally(request.phase).failures += 1
        log = self.run.log_comm_failure if is_communication else self.run.log_dropout
        log(request.round.number, request.node, reason, phase=request.phase)


def _keywords(fields: dict[str, Any]) -> dict[str, Any]:
    # A client may call a metric what it likes, also as an argument is called.
    return {name: value for name, value in fields.items() if name != "client_id"}
