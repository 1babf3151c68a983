"""What is seen of a strategy of the message API (`flwr.serverapp`)."""

from __future__ import annotations

import functools
import time
from typing import Any, Callable

from .._adapter.guard import Guard
from .._adapter.hook import Hooks
from ._grid_steps import reusable
from ._reporter import Reporter
from ._round import EVALUATE, TRAIN

_Method = Callable[..., Any]


class MessageSteps:
    """The replacements of a strategy's methods. Each calls the original and returns what that returns.

    Args:
        reporter: gives the reporter, if need be for the grid that a method was called with.
        guard: keeps faults away.
    """

    def __init__(self, reporter: Callable[[object], Reporter | None], guard: Guard) -> None:
        self._reporter = reporter
        self._guard = guard
        self._is_evaluating = False

    def hook(self, hooks: Hooks, strategy: object) -> None:
        """Replaces the methods that `start` calls on the strategy itself, also where a subclass brings its own loop."""
        hooks.install(strategy, "configure_train", functools.partial(self._configure, TRAIN))
        hooks.install(strategy, "configure_evaluate", functools.partial(self._configure, EVALUATE))
        hooks.install(strategy, "aggregate_train", self._aggregate_train)
        hooks.install(strategy, "aggregate_evaluate", self._aggregate_evaluate)

    def evaluate_fn(self, original: _Method) -> _Method:
        """The server's own evaluation, watched. Of one that calls another such one, its own result counts."""

        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            is_inner, self._is_evaluating = self._is_evaluating, True
            try:
                metrics = original(*args, **kwargs)
            finally:
                self._is_evaluating = is_inner
            if not is_inner:
                number = args[0] if args else kwargs.get("server_round")
                self._guard(self._evaluated_centrally, number, metrics)
            return metrics

        return watched

    def _configure(self, phase: str, original: _Method, server_round: int, *args: Any, **kwargs: Any) -> Any:
        self._guard(self._configuring, server_round, args, kwargs)
        messages = reusable(original(server_round, *args, **kwargs))
        self._guard(self._configured, server_round, phase, messages)
        return messages

    def _aggregate_train(self, original: _Method, server_round: int, *args: Any, **kwargs: Any) -> Any:
        began = time.monotonic()
        result = original(server_round, *args, **kwargs)
        self._guard(self._aggregated_train, server_round, time.monotonic() - began, result)
        return result

    def _aggregate_evaluate(self, original: _Method, server_round: int, *args: Any, **kwargs: Any) -> Any:
        metrics = original(server_round, *args, **kwargs)
        self._guard(self._aggregated_evaluate, server_round, metrics)
        return metrics

    def _configuring(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        grid = kwargs.get("grid", args[-1] if args else None)
        reporter = self._reporter(grid)
        if reporter is not None:
            reporter.configuring(number)

    def _configured(self, number: int, phase: str, messages: Any) -> None:
        reporter = self._reporter(None)
        if reporter is not None:
            reporter.configured(number, phase, [str(message.metadata.dst_node_id) for message in messages])

    def _aggregated_train(self, number: int, seconds: float, result: Any) -> None:
        reporter = self._reporter(None)
        if reporter is not None:
            metrics = result[1] if isinstance(result, tuple) and len(result) == 2 else None
            reporter.aggregated_train(number, seconds, _as_dict(metrics))

    def _aggregated_evaluate(self, number: int, metrics: Any) -> None:
        reporter = self._reporter(None)
        if reporter is not None:
            reporter.aggregated_evaluate(number, _as_dict(metrics))

    def _evaluated_centrally(self, number: Any, metrics: Any) -> None:
        reporter = self._reporter(None)
        if reporter is not None:
            reporter.evaluated_centrally(number, _as_dict(metrics))


def _as_dict(metrics: Any) -> dict[str, Any]:
    return dict(metrics.items()) if hasattr(metrics, "items") else {}
