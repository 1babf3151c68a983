"""A run: what a training program logs to."""

from __future__ import annotations

import functools
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Callable, TypeVar

from . import _events as events
from . import _values as values
from ._bulk import encode_updates
from ._emitters import sort_emitters
from ._fields import freeze, is_light
from ._hooks import Hooks
from ._log import WarnOnce
from ._pending import ignored, pending_row
from ._reasons import exception_reason
from ._segments import Segment
from ._sender import Sender

FINISH_TIMEOUT_SEC = 10.0
# As long as is waited for the bridge where a program ends without finish().
_HOOKS_TIMEOUT_SEC = 3.0
# What a lock can be waited for, on every system.
_MAX_TIMEOUT_SEC = 4_000_000.0
_KEEP_TIMEOUT_SEC = 1.0
# For how long nothing may move, and how long it may take in all.
_MAX_STALL_SEC = 1.0
_MAX_WAIT_SEC = 10.0
_MAX_EVENT_CHARACTERS = 2_097_152

_Method = TypeVar("_Method", bound=Callable[..., None])


def _never_raises(method: _Method) -> _Method:
    """Logging must not end a training: what goes wrong in it is logged, once for each kind of call."""

    @functools.wraps(method)
    def guarded(self: Run, /, *args: Any, **kwargs: Any) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            ignored(method.__name__, error, self._warn)

    return guarded  # type: ignore[return-value]


def _logs_client(event_type: str) -> Callable[[_Method], _Method]:
    """The same for what is called for each client, without handing its fields on more often than needed.

    What is decorated is called if there is anything wrong with the arguments.
    """

    def decorate(method: _Method) -> _Method:
        otherwise = _never_raises(method)

        @functools.wraps(method)
        def logged(self: Run, /, *args: Any, **kwargs: Any) -> None:
            if len(args) == 1:
                self._log_client(event_type, args[0], kwargs)
            else:
                otherwise(self, *args, **kwargs)

        return logged  # type: ignore[return-value]

    return decorate


class Run:
    """One training. Made by :func:`hivewatch_bridge.init`; a context manager that finishes the run.

    The methods may be called from any thread. They return at once and never raise: a value that can't be used is
    dropped by itself, with one logged warning. Scalars of numpy, torch and the like are taken as numbers, ids as text.
    None means that a value is not known.
    """

    def __init__(
        self,
        run_id: str,
        algorithm: str,
        config: Mapping[str, Any] | None,
        sender: Sender | None,
        emitters: Iterable[object] | None = None,
        verbose: bool = True,
    ) -> None:
        self.run_id = run_id
        self.algorithm = algorithm
        self.config = config or {}
        self.emitters: Sequence[object] = ()
        self.verbose = verbose
        self._sender = sender
        self._hooks: Hooks | None = None
        self._finished = False
        self._warn = WarnOnce()
        self._begin(emitters)

    @_never_raises
    def _begin(self, given: Iterable[object] | None) -> None:
        if self._sender is None:
            return
        emitters = sort_emitters(given, self._warn)
        self.emitters = emitters.given
        self._log(events.init(self.algorithm, self.config, emitters.declared, self._warn))
        if emitters.hooked:
            self._hooks = Hooks(emitters.hooked, self.run_id, self.algorithm, self.config, self._warn)

    @_never_raises
    def round_start(self, round: int, selected: Iterable[object] | None = None) -> None:
        """Says that a round begins.

        Args:
            round: number of the round, from 0.
            selected: ids of the clients that were asked to take part, if known.
        """
        self._log(events.round_start(round, selected, self._warn))
        if self._hooks is not None:
            self._hooks.round_start(round)

    @_logs_client("client_update")
    def log_client_update(self, /, client_id: object, **kwargs: Any) -> None:
        """Logs a client's result of a round.

        Args:
            client_id: the client.
            kwargs: `round`, any field of the metadata contract (docs/events.md), and anything else.
        """
        self._log_client("client_update", client_id, kwargs)

    @_logs_client("client_metric")
    def log_client_metric(self, /, client_id: object, **kwargs: Any) -> None:
        """Logs values of a client inside or beside its result of a round. Arguments as :meth:`log_client_update`."""
        self._log_client("client_metric", client_id, kwargs)

    @_never_raises
    def log_client_updates(
        self, round: int, client_ids: Sequence[object], metrics: Mapping[str, Sequence[float | str | None]]
    ) -> None:
        """Logs the results that many clients had in a round, as :meth:`log_client_update` would one by one.

        For a server that has them as columns. Everything is copied; if more than 16 MiB wait to be sent it waits while
        they are, for up to 10 s; if for a second nothing moves, it doesn't.

        Args:
            round: number of the round.
            client_ids: the clients.
            metrics: by the name of a field, a value for each client in the same order: lists, arrays of numpy, tensors,
                `array.array`. Arrays of numbers are taken as a whole. None is missing; NaN is a result.
        """
        sender = self._sender
        if sender is None or not self._is_open(sender):
            return
        end = time.monotonic() + _MAX_WAIT_SEC
        timeout = _MAX_STALL_SEC
        for payload in encode_updates("client_update", round, client_ids, metrics, self._warn):
            had_room = sender.add_segment(Segment(payload, droppable=True), timeout)
            timeout = min(timeout, max(0.0, end - time.monotonic())) if had_room else 0.0
        if self._hooks is not None:
            self._hooks.client_updates(round, client_ids, metrics)

    @_never_raises
    def log_round(
        self,
        /,
        round: int,
        *,
        global_accuracy: float | None = None,
        global_loss: float | None = None,
        num_selected: int | None = None,
        num_stragglers: int | None = None,
        num_failures: int | None = None,
        total_bytes_up: int | None = None,
        total_bytes_down: int | None = None,
        gradient_norm_dispersion: float | None = None,
        aggregation_time_sec: float | None = None,
        algorithm_metadata: Mapping[str, Any] | None = None,
        gradient_divergence: float | None = None,
        **metrics: Any,
    ) -> None:
        """Logs the end of a round. What is left out is derived from the clients' updates, where it can be.

        Args:
            round: number of the round.
            global_accuracy: of the global model, as a fraction of 1.
            global_loss: of the global model.
            num_selected: clients that were asked to take part.
            num_stragglers: clients that were too late.
            num_failures: clients that failed or dropped out.
            total_bytes_up: bytes from the clients to the server.
            total_bytes_down: bytes from the server to the clients.
            gradient_norm_dispersion: sample standard deviation of the clients' gradient norms.
            aggregation_time_sec: seconds that the aggregation took.
            algorithm_metadata: anything that the algorithm wants to keep.
            gradient_divergence: former name of `gradient_norm_dispersion`; deprecated.
            metrics: further values of the round.
        """
        if gradient_norm_dispersion is None:
            gradient_norm_dispersion = gradient_divergence
        given = {
            "global_accuracy": global_accuracy,
            "global_loss": global_loss,
            "num_selected": num_selected,
            "num_stragglers": num_stragglers,
            "num_failures": num_failures,
            "total_bytes_up": total_bytes_up,
            "total_bytes_down": total_bytes_down,
            "gradient_norm_dispersion": gradient_norm_dispersion,
            "aggregation_time_sec": aggregation_time_sec,
            "algorithm_metadata": algorithm_metadata,
            **metrics,
        }
        self._log(events.round_end(round, given, self._warn))
        if self._hooks is not None:
            self._hooks.round_end(round, given)
        if gradient_divergence is not None:
            message = "gradient_divergence is deprecated: use gradient_norm_dispersion"
            warnings.warn(message, DeprecationWarning, stacklevel=3)

    @_never_raises
    def log_dropout(self, /, round: int, client_id: object, reason: str | None = None, **fields: Any) -> None:
        """Logs that a client left a round without a result."""
        details = {"reason": reason, **fields}
        self._log(events.client_dropout(round, client_id, details, self._warn), droppable=True)
        if self._hooks is not None:
            self._hooks.dropout(round, client_id, reason)

    @_never_raises
    def log_comm_failure(self, /, round: int, client_id: object, reason: str | None = None, **fields: Any) -> None:
        """Logs that a client could not be reached, or its result not be received."""
        details = {"reason": reason, **fields}
        self._log(events.about_client("comm_failure", round, client_id, details, self._warn), droppable=True)
        if self._hooks is not None:
            self._hooks.comm_failure(round, client_id, reason)

    @_never_raises
    def log_client_recovered(self, /, round: int, client_id: object, **fields: Any) -> None:
        """Logs that a client which had dropped out or failed takes part again."""
        self._log(events.about_client("client_recovered", round, client_id, fields, self._warn), droppable=True)

    @_never_raises
    def log_checkpoint(self, /, round: int, path: object, **metadata: Any) -> None:
        """Logs that a model was saved at `path`."""
        self._log(events.checkpoint(round, path, metadata, self._warn))
        if self._hooks is not None:
            self._hooks.checkpoint(round, path, metadata)

    @_never_raises
    def log_evaluation(self, round: int, source: str, metrics: Mapping[str, Any]) -> None:
        """Logs a judgement of a model outside of the clients' results.

        Args:
            round: the round whose model it was.
            source: who evaluated: `central`, `federated` (aggregated by the framework), `best_model`, `cross_site`, …
            metrics: what came out.
        """
        self._log(events.evaluation(round, source, metrics, self._warn))

    @_never_raises
    def log_event(self, /, event_type: str, **fields: Any) -> None:
        """Logs an event of a type of your own. Readers keep it and pass it on."""
        self._log(events.custom(event_type, fields, self._warn), droppable=True)

    @_never_raises
    def set_server_metadata(self, /, **metadata: Any) -> None:
        """Says what and where the server is: `lat`, `lng`, `city`, `country`, `host`, …"""
        self._log(events.server_metadata(metadata, self._warn))
        if self._hooks is not None:
            self._hooks.server_metadata(metadata)

    def finish(
        self,
        status: str = "completed",
        reason: str | None = None,
        timeout: float = FINISH_TIMEOUT_SEC,
        metrics: Mapping[str, Any] | None = None,
    ) -> bool:
        """Ends the run, and waits until the bridge has everything.

        Args:
            status: `completed`, `failed`, `aborted` or `lost`.
            reason: why, for people.
            timeout: how long to wait, in seconds. For hooks of the user's own that have not been told all it waits 3 s
                at most.
            metrics: what came out of the training in the end.

        Returns:
            Whether everything that was logged is on the bridge's disk. What is not is written to this machine's disk,
            for which it waits a second more. It is sent as long as this process lives, and afterwards by the next run
            on this machine that reports to the same bridge. May be called again to wait longer.
        """
        return self._finish(status, reason, timeout, metrics, is_patient=True)

    def _finish(
        self, status: str, reason: str | None, timeout: float, metrics: Mapping[str, Any] | None, is_patient: bool
    ) -> bool:
        """As :meth:`finish`. Who is not patient doesn't wait for a bridge that was never there."""
        sender = self._sender
        if sender is None:
            return True
        if not self._finished:
            self._end(status, reason, metrics)
            self._finished = True
            sender.close()
        end = time.monotonic() + self._usable_timeout(timeout)
        is_durable = sender.drain(end - time.monotonic(), is_patient)
        if not is_durable:
            self._keep_rest(_KEEP_TIMEOUT_SEC)
        if self._hooks is not None:
            self._hooks.drain(min(max(0.0, end - time.monotonic()), _HOOKS_TIMEOUT_SEC))
        return is_durable

    def _usable_timeout(self, timeout: float) -> float:
        try:
            return min(max(0.0, values.number(timeout)), _MAX_TIMEOUT_SEC)
        except Exception:
            self._warn("timeout", "timeout must be a number of seconds; %d are used.", FINISH_TIMEOUT_SEC)
            return FINISH_TIMEOUT_SEC

    @_never_raises
    def _end(self, status: str, reason: str | None, metrics: Mapping[str, Any] | None) -> None:
        self._log(events.finished(status, reason, metrics, self._warn))
        if self._hooks is not None:
            self._hooks.finish()

    def _keep_rest(self, timeout: float) -> None:
        sender = self._sender
        folder = None if sender is None else sender.keep(timeout)
        if folder is not None:
            self._warn(
                "kept",
                "What HiveWatch's bridge has not confirmed of run %s is kept in %s. If not this process, the next run "
                "on this machine that reports to the same bridge sends it, or `python -m hivewatch_bridge.spool send`.",
                self.run_id,
                folder,
            )

    def _is_settled(self) -> bool:
        return self._finished and (self._sender is None or self._sender.drain(0))

    def _flush_at_exit(self, timeout: float) -> None:
        # After finish() its caller has waited already.
        if self._sender is not None and not self._finished:
            end = time.monotonic() + timeout
            self._sender.drain(timeout)
            if self._hooks is not None:
                self._hooks.drain(max(0.0, end - time.monotonic()))

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()
        else:
            self.finish("failed" if isinstance(error, Exception) else "aborted", exception_reason(error))

    def _log_client(self, event_type: str, client_id: object, fields: dict[str, Any]) -> None:
        """Logs an event about a client. `fields` is the event's from now on.

        The training waits for this, once for each client and round: what can be left to the sender's thread is.
        """
        sender = self._sender
        if sender is None or ((self._finished or sender.is_dead) and not self._is_open(sender)):
            return
        try:
            if self._hooks is not None and event_type == "client_update":
                # Before what is unusable is dropped from them.
                self._hooks.client_update(client_id, dict(fields))
            if type(client_id) is str and len(client_id) <= values.MAX_ID_LENGTH:
                identity = client_id
            else:
                identity = values.required("client_id", values.client_id, client_id)
            size = 0 if is_light(fields) else freeze(fields, self._warn)
            event = (event_type, size, time.monotonic(), time.time_ns(), identity, fields)
            if size:
                sender.add(event)
                return
            pending = sender.queue.pending
            pending.append(event)
            if len(pending) >= sender.wake_at:
                sender.wake()
        except Exception as error:
            ignored(f"log_{event_type}", error, self._warn)

    def _log(self, event: events.Event, droppable: bool = False) -> None:
        sender = self._sender
        if sender is not None and self._is_open(sender):
            sender.add(pending_row(values.to_json(event, _MAX_EVENT_CHARACTERS), droppable))

    def _is_open(self, sender: Sender) -> bool:
        if self._finished:
            self._warn("finished", "Run %s is finished: what is logged to it afterwards is ignored.", self.run_id)
        return not self._finished and not sender.is_dead
