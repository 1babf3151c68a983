"""Calls the hooks of the user's own emitters, each emitter in a thread of its own: the training never waits for one."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Callable

from ._log import WarnOnce
from ._reasons import exception_reason
from ._schema import ClientUpdate
from ._summary import summarize

HOOKS = (
    "on_init",
    "on_client_update",
    "on_round",
    "on_dropout",
    "on_comm_failure",
    "on_checkpoint",
    "on_server_metadata",
    "finish",
)

_MAX_UPDATES = 50_000
_MAX_WAITING = 100_000
_MAX_OPEN_ROUNDS = 100

_inside = threading.local()

_Call = tuple[int, Callable[[], None]]


class Hooks:
    """The emitters with hooks of one run. What a hook logs itself is sent to the bridge, and told to no hook."""

    def __init__(
        self, emitters: Iterable[object], run_id: str, algorithm: str, config: Mapping[str, Any], warn: WarnOnce
    ) -> None:
        self._threads = [_HookThread(emitter, warn) for emitter in emitters]
        self._tell("on_init", run_id, algorithm, config)

    def round_start(self, round: Any) -> None:
        """A round begins."""
        now = time.monotonic()
        for thread in self._listening():
            thread.put(0, partial(thread.rounds.start, round, now))

    def client_update(self, client_id: Any, fields: Mapping[str, Any]) -> None:
        """A client's result. `fields` is the hooks' from now on."""
        for thread in self._listening():
            thread.put(1, partial(thread.rounds.update, {"client_id": client_id, **fields}))

    def client_updates(self, round: Any, client_ids: Any, metrics: Mapping[str, Any]) -> None:
        """The results of many clients. What has no length is left out: it can't be gone through twice."""
        threads = self._listening()
        if not threads:
            return
        ids = _listed(client_ids)
        columns = {name: _listed(column) for name, column in metrics.items()}
        whole = {name: column for name, column in columns.items() if len(column) == len(ids)}
        for thread in threads:
            thread.put(len(ids), partial(thread.rounds.updates, round, ids, whole))

    def round_end(self, round: Any, given: Mapping[str, Any]) -> None:
        """A round is over."""
        now = time.monotonic()
        for thread in self._listening():
            thread.put(0, partial(thread.rounds.end, round, given, now))

    def dropout(self, round: Any, client_id: Any, reason: str | None) -> None:
        """A client left a round."""
        self._tell("on_dropout", round, client_id, reason)

    def comm_failure(self, round: Any, client_id: Any, reason: str | None) -> None:
        """A client could not be reached."""
        self._tell("on_comm_failure", round, client_id, reason)

    def checkpoint(self, round: Any, path: Any, metadata: Mapping[str, Any]) -> None:
        """A model was saved."""
        self._tell("on_checkpoint", round, path, metadata)

    def server_metadata(self, metadata: Mapping[str, Any]) -> None:
        """What the server is."""
        self._tell("on_server_metadata", metadata)

    def finish(self) -> None:
        """Nothing more comes. What waits is still told."""
        for thread in self._threads:
            thread.put(0, partial(thread.call, "finish"))
            thread.close()

    def drain(self, timeout: float) -> None:
        """Waits until the hooks have been told all that waits, but no longer than `timeout` seconds."""
        deadline = time.monotonic() + timeout
        for thread in self._listening():
            thread.drain(max(0.0, deadline - time.monotonic()))

    def _tell(self, hook: str, *args: Any) -> None:
        for thread in self._listening():
            thread.put(0, partial(thread.call, hook, *args))

    def _listening(self) -> list[_HookThread]:
        return [] if getattr(_inside, "a_hook", False) else self._threads


class _HookThread:
    """One emitter, what waits for it, and who tells it."""

    def __init__(self, emitter: object, warn: WarnOnce) -> None:
        self._emitter = emitter
        self._name = type(emitter).__name__
        self._warn = warn
        self._calls: deque[_Call] = deque()
        self._updates = 0
        self._closed = False
        self._busy = False
        self._changed = threading.Condition()
        self.rounds = _Rounds(self.call)
        threading.Thread(target=self._work, name=f"hivewatch-{self._name}", daemon=True).start()

    def put(self, updates: int, call: Callable[[], None]) -> None:
        """Adds a call, which tells of so many updates. When too much waits it is left out, with a warning."""
        with self._changed:
            if self._closed:
                return
            is_full = self._updates >= _MAX_UPDATES if updates else len(self._calls) >= _MAX_WAITING
            if not is_full:
                self._calls.append((updates, call))
                self._updates += updates
                self._changed.notify_all()
        if is_full:
            self._warn(("slow", id(self)), "%s is too slow: not everything is handed to it.", self._name)

    def close(self) -> None:
        """Ends the thread when nothing waits any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def drain(self, timeout: float) -> None:
        """Waits until nothing waits any more, or for `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._calls and not self._busy, timeout)

    def call(self, hook: str, *args: Any) -> None:
        """Calls a hook if there is one. Whatever it raises is logged, once for each hook."""
        try:
            method = getattr(self._emitter, hook, None)
            if callable(method):
                method(*args)
        except BaseException as error:  # also SystemExit, which would end the thread without a word
            reason = exception_reason(error)
            self._warn(("hook", id(self), hook), "%s.%s failed (%s); training goes on.", self._name, hook, reason)

    def _work(self) -> None:
        _inside.a_hook = True
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._calls or self._closed)
                if not self._calls:
                    return
                updates, call = self._calls.popleft()
                self._updates -= updates
                self._busy = True
            try:
                call()
            except Exception as error:  # of what was logged, such as a round that can be no key
                self._warn(("told", id(self)), "%s could not be told: %s", self._name, exception_reason(error))


class _Rounds:
    """The rounds that are open, as one emitter is told of them."""

    def __init__(self, call: Callable[..., None]) -> None:
        self._call = call
        self._clients: dict[Any, list[ClientUpdate]] = {}
        self._starts: dict[Any, float] = {}

    def start(self, round: Any, now: float) -> None:
        self._starts[round] = now
        _forget_oldest(self._starts)

    def update(self, fields: Mapping[str, Any]) -> None:
        client = ClientUpdate.from_dict(fields)
        if client.round is not None:
            self._clients.setdefault(client.round, []).append(client)
            _forget_oldest(self._clients)
        self._call("on_client_update", client)

    def updates(self, round: Any, ids: Sequence[Any], columns: Mapping[str, Sequence[Any]]) -> None:
        for row, client_id in enumerate(ids):
            fields = {name: column[row] for name, column in columns.items() if column[row] is not None}
            self.update({"client_id": client_id, "round": round, **fields})

    def end(self, round: Any, given: Mapping[str, Any], now: float) -> None:
        clients = self._clients.pop(round, [])
        start = self._starts.pop(round, None)
        self._call("on_round", summarize(round, given, clients, None if start is None else now - start), clients)


def _forget_oldest(rounds: dict[Any, Any]) -> None:
    # Of rounds that never end.
    if len(rounds) > _MAX_OPEN_ROUNDS:
        del rounds[next(iter(rounds))]


def _listed(column: Any) -> list[Any]:
    if isinstance(column, (str, bytes)) or not hasattr(column, "__len__"):
        return []
    tolist = getattr(column, "tolist", None)
    return list(tolist() if callable(tolist) else column)
