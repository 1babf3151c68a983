"""Follows a strategy through its `start`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

from .._lifecycle import start_run
from .._log import logger
from .._reasons import exception_reason
from .._run import Run
from ._config import describe_run, flower_run_id, without_secrets
from ._guard import Guard
from ._hook import Hooks
from ._reporter import Reporter
from ._steps import Steps

_DEFAULT_WEIGHT_KEY = "num-examples"
_FINISH_SEC = 5.0
# Flower forces a process to exit 5 s after it was told to stop.
_ABORT_SEC = 3.0

# How often an id was used, so that a second `start` under one Flower run is told from the first.
_starts: dict[str, int] = {}


@dataclass
class _Session:
    """One `start` that is being watched."""

    run: Run
    reporter: Reporter
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Watcher:
    """Watches every `start` of one strategy. Arguments as :func:`hivewatch_bridge.flower.watch`."""

    def __init__(
        self,
        strategy: object,
        run: Run | None,
        config: Mapping[str, Any] | None,
        endpoint: str | None,
        token: str | None,
    ) -> None:
        self._strategy = strategy
        self._run = run
        self._config = config or {}
        self._endpoint = endpoint
        self._token = token
        self._guard = Guard()

    def start(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Runs the strategy's own `start`, watched."""
        hooks = Hooks()
        try:
            session = self._guard(self._open, hooks, original, args, kwargs)
            if session is not None:
                return self._watched(session, original)
        finally:
            hooks.remove()
        return original(*args, **kwargs)

    def _watched(self, session: _Session, original: Callable[..., Any]) -> Any:
        try:
            result = original(*session.args, **session.kwargs)
        except BaseException as error:
            self._guard(self._close, session, error)
            raise
        self._guard(self._close, session, None)
        return result

    def _open(
        self, hooks: Hooks, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> _Session:
        bound = inspect.signature(original).bind(*args, **kwargs)
        grid = bound.arguments["grid"]
        evaluate_fn = _argument(bound, "evaluate_fn")
        run = self._run or self._start_run(grid, bound)
        reporter = Reporter(run, self._weight_key(), callable(evaluate_fn))
        steps = Steps(reporter, self._guard)
        steps.hook_strategy(hooks, self._strategy)
        steps.hook_grid(hooks, grid)
        if callable(evaluate_fn):
            _replace_argument(bound, "evaluate_fn", steps.evaluate_fn(evaluate_fn))
        return _Session(run, reporter, bound.args, bound.kwargs)

    def _start_run(self, grid: object, bound: inspect.BoundArguments) -> Run:
        complete = inspect.BoundArguments(bound.signature, type(bound.arguments)(bound.arguments))
        complete.apply_defaults()
        known = describe_run(self._strategy, grid, complete.arguments)
        return start_run(
            run_id=_fresh_id(flower_run_id(grid)),
            algorithm=type(self._strategy).__name__,
            config={**known, **without_secrets(self._config)},
            endpoint=self._endpoint,
            token=self._token,
        )

    def _weight_key(self) -> str:
        # Strategies for differential privacy wrap the one that has it.
        for strategy in (self._strategy, getattr(self._strategy, "strategy", None)):
            key = getattr(strategy, "weighted_by_key", None)
            if isinstance(key, str):
                return key
        return _DEFAULT_WEIGHT_KEY

    def _close(self, session: _Session, error: BaseException | None) -> None:
        session.reporter.end_round()
        if session.run is self._run:
            return
        if error is None:
            is_durable = session.run.finish(timeout=_FINISH_SEC)
        else:
            # `flwr stop`, SIGTERM and Flower's own RunNotRunningException arrive as what is no Exception.
            status = "failed" if isinstance(error, Exception) else "aborted"
            is_durable = session.run.finish(status, exception_reason(error), timeout=_ABORT_SEC)
        if not is_durable:
            logger.warning("Not everything of run %s has reached HiveWatch.", session.run.run_id)


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
