"""What is seen of a strategy of the legacy API (`flwr.server.strategy`)."""

from __future__ import annotations

import functools
import time
from typing import Any, Callable

from .._adapter.guard import Guard
from .._adapter.hook import Hooks
from ._reporter import Reporter
from ._round import EVALUATE, TRAIN

_Method = Callable[..., Any]


class LegacySteps:
    """The replacements of a strategy's methods. Each calls the original and returns what that returns.

    Args:
        reporter: gives the reporter.
        ask: told which clients will be asked for what, as (proxy, phase).
        guard: keeps faults away.
    """

    def __init__(
        self, reporter: Callable[[], Reporter | None], ask: Callable[[object, str], None], guard: Guard
    ) -> None:
        self._reporter = reporter
        self._ask = ask
        self._guard = guard

    def hook(self, hooks: Hooks, strategy: object) -> None:
        """Replaces the methods that `Server.fit` and workflows call."""
        hooks.install(strategy, "configure_fit", functools.partial(self._configure, TRAIN))
        hooks.install(strategy, "configure_evaluate", functools.partial(self._configure, EVALUATE))
        hooks.install(strategy, "aggregate_fit", self._aggregate_fit)
        hooks.install(strategy, "aggregate_evaluate", self._aggregate_evaluate)
        hooks.install(strategy, "evaluate", self._evaluate)

    def _configure(self, phase: str, original: _Method, *args: Any, **kwargs: Any) -> Any:
        number = _round_of(args, kwargs)
        self._guard(self._configuring, number)
        instructions = original(*args, **kwargs)
        self._guard(self._configured, number, phase, instructions)
        return instructions

    def _aggregate_fit(self, original: _Method, *args: Any, **kwargs: Any) -> Any:
        number = _round_of(args, kwargs)
        self._guard(self._phase_over, number, TRAIN)
        began = time.monotonic()
        result = original(*args, **kwargs)
        self._guard(self._aggregated_fit, number, time.monotonic() - began, result)
        return result

    def _aggregate_evaluate(self, original: _Method, *args: Any, **kwargs: Any) -> Any:
        number = _round_of(args, kwargs)
        self._guard(self._phase_over, number, EVALUATE)
        result = original(*args, **kwargs)
        self._guard(self._aggregated_evaluate, number, result)
        return result

    def _evaluate(self, original: _Method, *args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        self._guard(self._evaluated, _round_of(args, kwargs), result)
        return result

    def _configuring(self, number: int) -> None:
        reporter = self._reporter()
        if reporter is not None:
            reporter.configuring(number)

    def _configured(self, number: int, phase: str, instructions: Any) -> None:
        reporter = self._reporter()
        if reporter is None:
            return
        proxies = [proxy for proxy, _ in instructions or []]
        reporter.configured(number, phase, [str(proxy.cid) for proxy in proxies])
        for proxy in proxies:
            self._guard(self._ask, proxy, phase)
        if phase == EVALUATE and not proxies:
            # Then nothing is aggregated either.
            reporter.aggregated_evaluate(number, {})

    def _phase_over(self, number: int, phase: str) -> None:
        reporter = self._reporter()
        if reporter is not None:
            reporter.phase_over(number, phase)

    def _aggregated_fit(self, number: int, seconds: float, result: Any) -> None:
        reporter = self._reporter()
        if reporter is not None:
            reporter.aggregated_train(number, seconds, dict(result[1] or {}))

    def _aggregated_evaluate(self, number: int, result: Any) -> None:
        reporter = self._reporter()
        if reporter is not None:
            reporter.aggregated_evaluate(number, _with_loss(result))

    def _evaluated(self, number: int, result: Any) -> None:
        reporter = self._reporter()
        if reporter is not None:
            reporter.evaluated_centrally(number, _with_loss(result))


def _round_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[0] if args else kwargs.get("server_round")


def _with_loss(result: Any) -> dict[str, Any]:
    """The metrics of an evaluation, which is (loss, metrics), or None."""
    loss, metrics = result or (None, None)
    return {**({} if loss is None else {"loss": loss}), **(metrics or {})}
