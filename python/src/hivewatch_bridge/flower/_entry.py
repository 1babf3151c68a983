"""Where trainings of the legacy API begin and end: in methods of Flower's classes, which a strategy doesn't know."""

from __future__ import annotations

import importlib
import threading
from dataclasses import dataclass, field
from typing import Any, Callable

from .._adapter.hook import Hooks, owner_of_hooks


@dataclass
class Entry:
    """What a training is begun with."""

    grid: object = None
    arguments: dict[str, Any] = field(default_factory=dict)
    """`num_rounds`, `timeout` and what else is known of them."""
    evaluates_centrally: bool = False
    """Whether the server's own evaluation is the last step of a round."""


Follow = Callable[[Any, Entry, Callable[[], Any]], Any]


class LegacyEntries:
    """Replaces `Server.fit` and `DefaultWorkflow` as long as any strategy of the legacy API is watched.

    Args:
        follow: called as `follow(owner, entry, call)` for strategies that have hooks, with the owner of these.
    """

    def __init__(self, follow: Follow) -> None:
        self._follow = follow
        self._hooks = Hooks()
        self._users = 0
        self._lock = threading.Lock()

    def acquire(self) -> None:
        """A strategy is watched."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._install()

    def release(self) -> None:
        """A strategy is no longer watched."""
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._hooks.remove()

    def _install(self) -> None:
        # Imported where a strategy is watched, which is where Flower is installed.
        server = importlib.import_module("flwr.server").Server
        workflow = importlib.import_module("flwr.server.workflow").DefaultWorkflow
        # Some applications, such as FL4Health's, bring servers with a loop of their own.
        for cls in _with_subclasses(server):
            if "fit" in vars(cls):
                self._hooks.install_on_class(cls, "fit", self._fit)
        self._hooks.install_on_class(workflow, "__call__", self._workflow)

    def _fit(self, original: Callable[..., Any], server: Any, *args: Any, **kwargs: Any) -> Any:
        named = dict(zip(("num_rounds", "timeout"), args))
        entry = Entry(_grid_of(server), {**named, **kwargs})
        owner = _owner(getattr(server, "strategy", None))
        return self._watched(owner, entry, lambda: original(server, *args, **kwargs))

    def _workflow(self, original: Callable[..., Any], workflow: Any, grid: Any, context: Any) -> Any:
        config = getattr(context, "config", None)
        names = {"num_rounds": "num_rounds", "timeout": "round_timeout"}
        entry = Entry(grid, {name: getattr(config, source, None) for name, source in names.items()})
        owner = _owner(getattr(context, "strategy", None))
        return self._watched(owner, entry, lambda: original(workflow, grid, context))

    def _watched(self, owner: object, entry: Entry, call: Callable[[], Any]) -> Any:
        return call() if owner is None else self._follow(owner, entry, call)


def _owner(strategy: object) -> object:
    """Who watches a strategy, or one that it wraps."""
    while strategy is not None:
        owner = owner_of_hooks(strategy)
        if owner is not None:
            return owner
        strategy = getattr(strategy, "strategy", None)
    return None


def _grid_of(server: Any) -> object:
    """The grid that a server's clients are reached through, if they are and any is there yet."""
    try:
        proxies = server.client_manager().all().values()
    except Exception:
        return None
    return next((grid for grid in map(grid_of_proxy, proxies) if grid is not None), None)


def grid_of_proxy(proxy: object) -> object:
    """The grid that a client is reached through, if it is."""
    grid = getattr(proxy, "grid", None)
    return grid if callable(getattr(grid, "push_messages", None)) else None


def _with_subclasses(cls: type) -> list[type]:
    found = [cls]
    subclasses: list[type] = cls.__subclasses__()
    for each in subclasses:
        found += _with_subclasses(each)
    return found
