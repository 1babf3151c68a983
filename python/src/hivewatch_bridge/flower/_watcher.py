"""Follows the trainings of one strategy."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from .._adapter.ending import end_run
from .._adapter.guard import Guard
from .._adapter.hook import Hooks, SharedHooks
from .._lifecycle import start_run
from .._reasons import exception_reason
from .._run import Run
from .._secrets import without_secrets
from ._config import describe_run, flower_run_id
from ._entry import Entry, LegacyEntries, MessageEntries, grid_of_proxy
from ._grid_steps import GridSteps
from ._legacy_steps import LegacySteps
from ._message_steps import MessageSteps
from ._proxy_steps import ProxySteps
from ._reporter import Reporter

_MESSAGE_WEIGHT_KEY = "num-examples"
_LEGACY_WEIGHT_KEY = "num_examples"
# Flower forces a process to exit 5 s after it was told to stop.
_ABORT_SEC = 3.0

# Trainings that are being followed, so that a strategy inside of another one is not taken for one of its own.
_followed: list[Watcher] = []
# How often an id was used, so that a second training under one Flower run is told from the first.
_starts: dict[str, int] = {}


@dataclass
class Options:
    """As of :func:`hivewatch_bridge.flower.watch`."""

    run: Run | None
    config: Mapping[str, Any]
    endpoint: str | None
    token: str | None


@dataclass
class _Session:
    """A training that is being watched."""

    run: Run
    reporter: Reporter
    hooks: Hooks
    """On what belongs to this training alone: its grid and its clients."""
    hooked: list[object] = field(default_factory=list)


class Watcher:
    """Watches every training of one strategy.

    A training begins and ends with `start` in the message API, and with `Server.fit` or a workflow in the legacy API.
    One with a loop of its own begins with the first thing that is seen of it, and ends with `remove`.
    """

    def __init__(self, strategy: Any, grid: object, options: Options) -> None:
        self._strategy = strategy
        self._options = options
        self.guard = Guard("flower")
        self._hooks = Hooks(owner=self)
        self._session: _Session | None = None
        self._is_entered = False
        self._may_begin = True
        self._grid_steps = GridSteps(self._reporter, self.guard)
        self._message_steps = MessageSteps(self._reporter_with, self.guard)
        self._proxy_steps = ProxySteps(self._reporter, self.guard)
        self._legacy_steps = LegacySteps(self._reporter, self._ask, self.guard)
        self._entries = legacy_entries if is_legacy(strategy) else message_entries
        self._grid = grid

    def install(self) -> None:
        """Replaces the strategy's methods, and those of the grid if it is known."""
        self._entries.acquire()
        if is_legacy(self._strategy):
            self._legacy_steps.hook(self._hooks, self._strategy)
        else:
            self._hooks.install(self._strategy, "start", self.start)
            self._message_steps.hook(self._hooks, self._strategy)
        if self._grid is not None:
            self._grid_steps.hook(self._hooks, self._grid)

    def remove(self) -> None:
        """Puts everything back. A training that has no other end is over now."""
        if not self._is_entered:
            self.guard(self._end, None)
        self._hooks.remove()
        self._entries.release()

    def follow(self, entry: Entry, call: Callable[[], Any]) -> Any:
        """Runs a whole training, watched."""
        if self._is_entered:
            # An override that calls what it overrides, which may be evaluated otherwise.
            self.guard(self._go_on, entry)
            return call()
        self.guard(self._begin, entry)
        self._is_entered = True
        _followed.append(self)
        try:
            result = call()
        except BaseException as error:
            self.guard(self._end, error)
            raise
        finally:
            self._is_entered = False
            _followed.remove(self)
        self.guard(self._end, None)
        return result

    def start(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Runs the strategy's `start`, or one that this calls."""
        entry, bound_args, bound_kwargs = self.guard(self._bind, original, args, kwargs) or (Entry(), args, kwargs)
        return self.follow(entry, lambda: original(*bound_args, **bound_kwargs))

    def _bind(
        self, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Entry, tuple[Any, ...], dict[str, Any]]:
        bound = inspect.signature(original).bind(*args, **kwargs)
        evaluate_fn = _argument(bound, "evaluate_fn")
        complete = inspect.BoundArguments(bound.signature, type(bound.arguments)(bound.arguments))
        complete.apply_defaults()
        arguments = {**complete.arguments, **complete.arguments.get(_catch_all(bound), {})}
        if callable(evaluate_fn):
            _replace_argument(bound, "evaluate_fn", self._message_steps.evaluate_fn(evaluate_fn))
        return Entry(arguments.get("grid"), arguments, callable(evaluate_fn)), bound.args, bound.kwargs

    def _reporter(self) -> Reporter | None:
        return self._reporter_with(None)

    def _reporter_with(self, grid: object) -> Reporter | None:
        if self._session is None and self._may_begin and not _followed:
            # Only once: a training that is over must not begin again because somebody uses its grid.
            self._may_begin = False
            self._begin(Entry(grid or self._grid))
        if self._session is not None and grid is not None:
            self._hook_grid(self._session, grid)
        return self._session.reporter if self._session is not None else None

    def _begin(self, entry: Entry) -> None:
        self._may_begin = False
        if self._session is None:
            weight_key = self.guard(self._weight_key) or _MESSAGE_WEIGHT_KEY
            run = self._options.run or self._start_run(entry)
            self.guard.report_to(run)
            reporter = Reporter(run, weight_key, self._grid_steps.places)
            self._session = _Session(run, reporter, Hooks())
        self._go_on(entry)
        if entry.grid is not None:
            self._hook_grid(self._session, entry.grid)

    def _go_on(self, entry: Entry) -> None:
        if self._session is not None:
            self._session.reporter.evaluates_centrally = entry.evaluates_centrally

    def _hook_grid(self, session: _Session, grid: object) -> None:
        if grid is not self._grid and not any(grid is each for each in session.hooked):
            session.hooked.append(grid)
            self._grid_steps.hook(session.hooks, grid)

    def _ask(self, proxy: object, _phase: str) -> None:
        session = self._session
        if session is None:
            return
        grid = grid_of_proxy(proxy)
        if grid is not None:
            self._hook_grid(session, grid)
        elif not any(proxy is each for each in session.hooked):
            session.hooked.append(proxy)
            self._proxy_steps.hook(session.hooks, proxy)

    def _start_run(self, entry: Entry) -> Run:
        # Of a run that could not be described something is still known.
        known = self.guard(describe_run, self._strategy, entry.grid, entry.arguments) or {}
        return start_run(
            run_id=_fresh_id(self.guard(flower_run_id, entry.grid)),
            algorithm=type(self._strategy).__name__,
            config={**known, **without_secrets(self._options.config)},
            endpoint=self._options.endpoint,
            token=self._options.token,
        )

    def _weight_key(self) -> str:
        if is_legacy(self._strategy):
            return _LEGACY_WEIGHT_KEY
        # Strategies for differential privacy wrap the one that has it.
        for strategy in (self._strategy, getattr(self._strategy, "strategy", None)):
            key = getattr(strategy, "weighted_by_key", None)
            if isinstance(key, str):
                return key
        return _MESSAGE_WEIGHT_KEY

    def _end(self, error: BaseException | None) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        session.hooks.remove()
        self.guard(session.reporter.close, error is None)
        self.guard.report_to(None)
        if session.run is not self._options.run:
            _finish(session, error)


legacy_entries = SharedHooks(LegacyEntries(lambda owner, entry, call: owner.follow(entry, call)).install)
message_entries = SharedHooks(
    MessageEntries(lambda owner, original, args, kwargs: owner.start(original, *args, **kwargs)).install
)


def is_legacy(strategy: object) -> bool:
    """Whether a strategy is of the legacy API."""
    return callable(getattr(strategy, "configure_fit", None))


def _finish(session: _Session, error: BaseException | None) -> None:
    run, metrics = session.run, session.reporter.final_metrics
    if error is None:
        end_run(run, metrics=metrics)
        return
    # `flwr stop`, SIGTERM and Flower's own RunNotRunningException arrive as what is no Exception.
    status = "failed" if isinstance(error, Exception) else "aborted"
    end_run(run, status, exception_reason(error), metrics, _ABORT_SEC)


def _fresh_id(flower_id: str | None) -> str | None:
    if flower_id is None:
        return None
    count = _starts[flower_id] = _starts.get(flower_id, 0) + 1
    return flower_id if count == 1 else f"{flower_id}-{count}"


def _argument(bound: inspect.BoundArguments, name: str) -> Any:
    return {**bound.arguments, **bound.arguments.get(_catch_all(bound), {})}.get(name)


def _replace_argument(bound: inspect.BoundArguments, name: str, value: Any) -> None:
    if name in bound.arguments:
        bound.arguments[name] = value
    else:
        bound.arguments[_catch_all(bound)] = {**bound.arguments[_catch_all(bound)], name: value}


def _catch_all(bound: inspect.BoundArguments) -> str:
    parameters = bound.signature.parameters.values()
    return next((parameter.name for parameter in parameters if parameter.kind is parameter.VAR_KEYWORD), "")
