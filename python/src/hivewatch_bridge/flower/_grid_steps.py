"""What is seen of the messages that go through a grid, of either API."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, Callable

from .._adapter.guard import Guard
from .._adapter.hook import Hooks
from .._reasons import exception_reason
from ._errors import is_communication_error
from ._messages import (
    action_of,
    content_bytes,
    error_reason,
    is_lost,
    phase_of,
    places_of,
    refusal_of,
    reply_of,
)
from ._reporter import Reporter, Request

_Method = Callable[..., Any]


class GridSteps:
    """The replacements of a grid's methods. Each calls the original and returns what that returns.

    Args:
        reporter: gives the reporter, or None as long as there is nothing to report to.
        guard: keeps faults away.
    """

    def __init__(self, reporter: Callable[[], Reporter | None], guard: Guard) -> None:
        self._reporter = reporter
        self._guard = guard
        self.places: dict[str, dict[str, Any]] = {}
        """Where nodes are, by id, as the SuperLink has told whoever asked it for them."""
        # `send_and_receive` pushes in its own thread, and several may run at once.
        self._thread = threading.local()

    def hook(self, hooks: Hooks, grid: object) -> None:
        """Replaces the methods through which messages go."""
        hooks.install(grid, "push_messages", self._push)
        hooks.install(grid, "pull_messages", self._pull)
        hooks.install(grid, "send_and_receive", self._send_and_receive)
        hooks.install(grid, "get_nodes", self._get_nodes)

    def _push(self, original: _Method, messages: Any, *args: Any, **kwargs: Any) -> Any:
        messages = reusable(messages)
        sent = time.monotonic()
        try:
            message_ids = reusable(original(messages, *args, **kwargs))
        except Exception as error:
            self._guard(self._push_failed, messages, error)
            raise
        self._guard(self._pushed, messages, message_ids, sent)
        return message_ids

    def _pull(self, original: _Method, message_ids: Any, *args: Any, **kwargs: Any) -> Any:
        message_ids = reusable(message_ids)
        try:
            replies = reusable(original(message_ids, *args, **kwargs))
        except Exception as error:
            self._guard(self._pull_failed, message_ids, error)
            raise
        self._guard(self._received, replies)
        return replies

    def _send_and_receive(self, original: _Method, *args: Any, **kwargs: Any) -> Any:
        self._thread.pushed = []
        replies = original(*args, **kwargs)
        self._guard(self._gave_up)
        return replies

    def _get_nodes(self, original: _Method, *args: Any, **kwargs: Any) -> Any:
        nodes = reusable(original(*args, **kwargs))
        self._guard(self._know_places, nodes)
        return nodes

    def _pushed(self, messages: Iterable[Any], message_ids: Iterable[str | None], sent: float) -> None:
        reporter = self._reporter()
        if reporter is None:
            return
        sizes: dict[int, int] = {}
        ids = iter(message_ids)
        for message in messages:
            # The messages of a round share one content, which may be large.
            key = id(message.content)
            if key not in sizes:
                sizes[key] = content_bytes(message.content)
            request = _request(message, sizes[key], sent)
            message_id = next(ids, None)
            if message_id is None:
                reporter.not_sent(request, "not accepted by the SuperLink")
            else:
                reporter.asked(message_id, request)
                getattr(self._thread, "pushed", []).append(message_id)

    def _push_failed(self, messages: Iterable[Any], error: Exception) -> None:
        reporter = self._reporter() if is_communication_error(error) else None
        if reporter is not None:
            for message in messages:
                reporter.not_sent(_request(message, None, 0), exception_reason(error))

    def _pull_failed(self, message_ids: Iterable[str], error: Exception) -> None:
        reporter = self._reporter() if is_communication_error(error) else None
        if reporter is not None:
            reporter.out_of_reach(message_ids, exception_reason(error))

    def _received(self, replies: Iterable[Any]) -> None:
        reporter = self._reporter()
        if reporter is None:
            return
        for reply in replies:
            _receive(reporter, reply)

    def _gave_up(self) -> None:
        reporter = self._reporter()
        if reporter is not None:
            reporter.gave_up(self._thread.pushed)

    def _know_places(self, nodes: Iterable[Any]) -> None:
        # Also before a run begins, and it begins none: programs look at who is there before they start.
        self.places.update(places_of(nodes))


def _request(message: Any, size: int | None, sent: float) -> Request:
    return Request(str(message.metadata.dst_node_id), phase_of(message), size, sent, action_of(message))


def _receive(reporter: Reporter, reply: Any) -> None:
    # An error that the SuperLink made has the SuperLink as its source: only the request tells the client.
    request = reply.metadata.reply_to_message_id
    if reply.has_error():
        reporter.failed(request, error_reason(reply), is_lost(reply))
        return
    refusal = refusal_of(reply)
    if refusal is not None:
        reporter.failed(request, refusal, is_communication=False)
    elif not reporter.answered(request, reply_of(reply)):
        reporter.answered_unasked(str(reply.metadata.src_node_id), phase_of(reply), reply_of(reply))


def reusable(values: Any) -> Any:
    """What can be gone through more than once: otherwise it would be used up before the training gets it."""
    return list(values) if isinstance(values, Iterator) else values
