"""Turns what Flower does into a run's events."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Callable, NamedTuple

from .._adapter.in_turn import in_turn
from .._log import logger
from .._reasons import short_reason
from .._run import Run
from ._client import Reply, other_fields, train_fields
from ._messages import FAULT
from ._round import EVALUATE, TRAIN, Round

# Clients say what went wrong with them, each time anew if they like.
_MAX_FAULTS = 10


class Request(NamedTuple):
    """What a client was asked."""

    node: str
    phase: str
    size: int | None
    """In bytes: what of it is known."""
    sent: float
    """`time.monotonic()`."""
    action: str | None = None
    round: Round | None = None
    is_out_of_reach: bool = False
    """Whether it was told that nobody could ask for the answer."""


class Reporter:
    """The events of one training.

    Args:
        run: where they go.
        weight_key: name of the metric that counts a client's samples.
        places: where nodes are, by id, as the SuperLink knows it; it may come to know more.
    """

    def __init__(self, run: Run, weight_key: str, places: Mapping[str, Mapping[str, Any]]) -> None:
        self.run = run
        self._weight_key = weight_key
        self.evaluates_centrally = False
        """Whether a round is only complete once the server has evaluated the model after the clients have."""
        self._round: Round | None = None
        self._announced: set[int] = set()
        self._requests: dict[Hashable, Request] = {}
        self._places = places
        self._faults: set[str] = set()
        self.final_metrics: dict[str, Any] = {}
        """What the last round came to, and which one that was."""
        self._lock = threading.RLock()

    @in_turn
    def configuring(self, number: int) -> None:
        """A phase of a round is about to be configured."""
        if self._round is None or self._round.number != number:
            self._end_round()
            self._round = Round(number)

    @in_turn
    def configured(self, number: int, phase: str, nodes: list[str]) -> None:
        """The clients of a phase were chosen."""
        if self._round is not None:
            self._round.tally(phase).selected = nodes
            self._round.started = self._round.started or time.monotonic()
        if phase == TRAIN or number not in self._announced:
            self._announced.add(number)
            self.run.round_start(number, selected=nodes if phase == TRAIN else None)
        if phase == EVALUATE and nodes:
            self.run.log_event("evaluate_start", round=number, selected=nodes)

    @in_turn
    def asked(self, key: Hashable, request: Request) -> None:
        """A client was asked something; the answer comes under the same key."""
        self._requests[key] = request._replace(round=self._round)
        if self._round is not None:
            self._round.moved_down(request.size)

    @in_turn
    def not_sent(self, request: Request, reason: str) -> None:
        """A request was not taken by those who should bring it to the client."""
        self._failed(request._replace(round=self._round), reason, is_communication=True)

    @in_turn
    def answered(self, key: Hashable, reply: Reply) -> bool:
        """A client has answered. Returns whether it was asked."""
        request = self._requests.pop(key, None)
        if request is not None:
            self._replied(request, reply, {"bytes_received": request.size, "round_trip_sec": _since(request.sent)})
        return request is not None

    @in_turn
    def answered_unasked(self, node: str, phase: str, reply: Reply) -> None:
        """A client has answered something that was asked before anybody watched."""
        self._replied(Request(node, phase, None, 0, round=self._round), reply, {})

    @in_turn
    def failed(self, key: Hashable, reason: str, is_communication: bool) -> None:
        """Instead of a client's answer there is an error. Without a request nobody knows whose it is."""
        request = self._requests.pop(key, None)
        if request is not None:
            self._failed(request, reason, is_communication)

    @in_turn
    def out_of_reach(self, keys: Iterable[Hashable], reason: str) -> None:
        """Whoever keeps the answers to these requests can't be asked for them; they may still come."""
        for key in keys:
            request = self._requests.get(key)
            if request is not None and not request.is_out_of_reach:
                self._requests[key] = request._replace(is_out_of_reach=True)
                self._log_failure(request, reason, is_communication=True)

    @in_turn
    def gave_up(self, keys: Iterable[Hashable]) -> None:
        """Nobody waits for the answers to these requests any more."""
        for key in keys:
            request = self._requests.pop(key, None)
            if request is not None:
                self._was_silent(request)

    @in_turn
    def phase_over(self, number: int, phase: str) -> None:
        """No more answers are taken in this phase of a round."""
        round = self._round
        if round is None or round.number != number:
            return
        self.gave_up([k for k, each in self._requests.items() if each.round is round and each.phase == phase])
        for node in round.tally(phase).unheard():
            self._was_silent(Request(node, phase, None, 0, round=round))

    @in_turn
    def aggregated_train(self, number: int, seconds: float, metrics: dict[str, Any]) -> None:
        """The server has aggregated the clients' models."""
        if self._round is not None and self._round.number == number:
            self._round.aggregation_sec = seconds
            self._round.train_metrics = metrics
            self._round.is_trained = True
            self._round.ended = time.monotonic()

    @in_turn
    def aggregated_evaluate(self, number: int, metrics: dict[str, Any]) -> None:
        """The server has aggregated the clients' evaluations, if there were any."""
        if metrics:
            self.run.log_evaluation(number, "federated", metrics)
        if self._round is not None and self._round.number == number:
            self._round.evaluate_metrics = metrics
            self._round.is_aggregated = True
            self._round.ended = time.monotonic()
            self._end_if_complete()

    @in_turn
    def evaluated_centrally(self, number: int, metrics: dict[str, Any]) -> None:
        """The server has evaluated the model itself; before the first round that is round 0."""
        if metrics:
            self.run.log_evaluation(number, "central", metrics)
        if self._round is None and metrics:
            self._report(Round(number, central_metrics=metrics))
        elif self._round is not None and self._round.number == number:
            self._round.central_metrics = metrics
            self._round.is_judged = True
            self._round.ended = time.monotonic()
            self._end_if_complete()

    @in_turn
    def close(self, is_complete: bool) -> None:
        """The training is over; what a training that was broken off still waited for is nobody's fault."""
        if is_complete:
            self.gave_up(list(self._requests))
            self._end_round()
        elif self._round is not None and self._round.is_aggregated:
            self._report(self._round)

    def _end_if_complete(self) -> None:
        round = self._round
        if round is not None and round.is_aggregated and (round.is_judged or not self.evaluates_centrally):
            self._end_round()

    def _end_round(self) -> None:
        if self._round is not None and (self._round.is_trained or self._round.is_aggregated):
            self._report(self._round)
        self._round = None

    def _report(self, round: Round) -> None:
        round.report(self.run)
        self.final_metrics = {"round": round.number, **round.metrics()}

    def _replied(self, request: Request, reply: Reply, traffic: dict[str, Any]) -> None:
        node, phase, round = request.node, request.phase, request.round
        self._tell_fault(node, reply.record.pop(FAULT, None))
        if round is not None:
            round.tally(phase).completed.add(node)
            round.moved_up(reply.size)
        about = {**self._places.get(node, {}), "round": None if round is None else round.number}
        if request.action is not None:
            about["action"] = request.action
        traffic = {"bytes_sent": reply.size, **traffic}
        if phase == TRAIN:
            fields = train_fields(reply, self._weight_key)
            if round is not None:
                round.local_names[node] = {"local_accuracy", "local_loss"} & fields.keys()
            self._log(self.run.log_client_update, node, {**fields, **traffic, **about})
        else:
            known = round.local_names.get(node, set()) if round is not None else set()
            fields = other_fields(reply, self._weight_key, phase, known)
            named = {f"{phase}_{name}": value for name, value in traffic.items()}
            self._log(self.run.log_client_metric, node, {**fields, **named, **about})

    def _tell_fault(self, node: str, fault: Any) -> None:
        reason = None if fault is None else short_reason(str(fault))
        if reason is None or reason in self._faults or len(self._faults) >= _MAX_FAULTS:
            return
        self._faults.add(reason)
        logger.warning("HiveWatch learns less of node %s, and maybe others: %s", node, reason)
        self.run.log_event("adapter_error", adapter="flower", step="client_mod", client_id=node, reason=reason)

    def _log(self, log: Callable[..., None], node: str, fields: dict[str, Any]) -> None:
        # A client may call a metric what it likes, also as an argument is called.
        fields.pop("client_id", None)
        log(node, **fields)

    def _failed(self, request: Request, reason: str, is_communication: bool) -> None:
        if request.round is not None:
            request.round.train_tally(request.phase).failed.add(request.node)
        self._log_failure(request, reason, is_communication)

    def _was_silent(self, request: Request) -> None:
        if request.round is not None:
            request.round.train_tally(request.phase).silent.add(request.node)
        self._failed(request, "no reply", is_communication=False)

    def _log_failure(self, request: Request, reason: str, is_communication: bool) -> None:
        if request.round is None:
            # Dropouts are of rounds.
            self.run.log_event("client_error", client_id=request.node, phase=request.phase, reason=reason)
            return
        log = self.run.log_comm_failure if is_communication else self.run.log_dropout
        # What was on its way to the client, whether or not it came there.
        log(request.round.number, request.node, reason, phase=request.phase, bytes_down=request.size)


def _since(moment: float) -> float:
    return time.monotonic() - moment
