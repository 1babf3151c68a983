"""Looks over the shoulder of each step of a strategy's `start`."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from typing import Any, Callable

from ._guard import Guard
from ._hook import Hooks
from ._reporter import Reporter
from ._round import EVALUATE, TRAIN

_Method = Callable[..., Any]


class Steps:
    """The replacements of a strategy's and a grid's methods. Each calls the original and returns what that returns."""

    def __init__(self, reporter: Reporter, guard: Guard) -> None:
        self._reporter = reporter
        self._guard = guard

    def hook_strategy(self, hooks: Hooks, strategy: object) -> None:
        """Replaces the methods that `start` calls on the strategy itself, also where a subclass brings its own loop."""
        hooks.install(strategy, "configure_train", functools.partial(self._configure, TRAIN))
        hooks.install(strategy, "configure_evaluate", functools.partial(self._configure, EVALUATE))
        hooks.install(strategy, "aggregate_train", self._aggregate_train)
        hooks.install(strategy, "aggregate_evaluate", self._aggregate_evaluate)

    def hook_grid(self, hooks: Hooks, grid: object) -> None:
        """Replaces the methods through which messages go."""
        hooks.install(grid, "push_messages", self._push)
        hooks.install(grid, "pull_messages", self._pull)
        hooks.install(grid, "send_and_receive", self._send_and_receive)
        hooks.install(grid, "get_nodes", self._get_nodes)

    def evaluate_fn(self, original: _Method) -> _Method:
        """The server's own evaluation, watched."""

        def watched(*args: Any, **kwargs: Any) -> Any:
            metrics = original(*args, **kwargs)
            number = args[0] if args else kwargs.get("server_round")
            self._guard(self._reporter.evaluated_centrally, number, _as_dict(metrics))
            return metrics

        functools.update_wrapper(watched, original)
        return watched

    def _configure(self, phase: str, original: _Method, server_round: int, *args: Any, **kwargs: Any) -> Any:
        self._guard(self._reporter.configuring, server_round)
        messages = _reusable(original(server_round, *args, **kwargs))
        self._guard(self._reporter.configured, server_round, phase, messages)
        return messages

    def _aggregate_train(self, original: _Method, server_round: int, *args: Any, **kwargs: Any) -> Any:
        began = time.monotonic()
        result = original(server_round, *args, **kwargs)
        seconds = time.monotonic() - began
        metrics = result[1] if isinstance(result, tuple) and len(result) == 2 else None
        self._guard(self._reporter.aggregated_train, server_round, seconds, _as_dict(metrics))
        return result

    def _aggregate_evaluate(self, original: _Method, server_round: int, *args: Any, **kwargs: Any) -> Any:
        metrics = original(server_round, *args, **kwargs)
        self._guard(self._reporter.aggregated_evaluate, server_round, _as_dict(metrics))
        return metrics

    def _push(self, original: _Method, messages: Any, *args: Any, **kwargs: Any) -> Any:
        messages = _reusable(messages)
        sent = time.monotonic()
        message_ids = _reusable(original(messages, *args, **kwargs))
        self._guard(self._reporter.pushed, messages, message_ids, sent)
        return message_ids

    def _pull(self, original: _Method, *args: Any, **kwargs: Any) -> Any:
        replies = _reusable(original(*args, **kwargs))
        self._guard(self._reporter.received, replies)
        return replies

    def _send_and_receive(self, original: _Method, *args: Any, **kwargs: Any) -> Any:
        before = self._reporter.unanswered
        replies = original(*args, **kwargs)
        self._guard(self._reporter.gave_up, self._reporter.unanswered - before)
        return replies

    def _get_nodes(self, original: _Method, *args: Any, **kwargs: Any) -> Any:
        nodes = _reusable(original(*args, **kwargs))
        self._guard(self._reporter.know_places, nodes)
        return nodes


def _reusable(values: Any) -> Any:
    # What can be gone through only once would be used up before the training gets it.
    return list(values) if isinstance(values, Iterator) else values


def _as_dict(metrics: Any) -> dict[str, Any]:
    return dict(metrics.items()) if hasattr(metrics, "items") else {}
