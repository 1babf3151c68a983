"""Where trainings begin and end: in methods of Flower's classes, which a strategy doesn't know."""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass, field
from typing import Any, Callable

from .._adapter.guard import Guard
from .._adapter.hook import Hooks, owner_of_hooks

# Of strategies around each other. More than anybody nests, and an end where they are a circle.
_MAX_NESTED = 20


@dataclass
class Entry:
    """What a training is begun with."""

    grid: object = None
    arguments: dict[str, Any] = field(default_factory=dict)
    """`num_rounds`, `timeout` and what else is known of them."""
    evaluates_centrally: bool = False
    """Whether the server's own evaluation is the last step of a round."""


Follow = Callable[[Any, Entry, Callable[[], Any]], Any]
Start = Callable[[Any, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


class LegacyEntries:
    """The replacements of `Server.fit` and `DefaultWorkflow`, which Flower calls for watched strategies and for others.

    Args:
        follow: called as `follow(owner, entry, call)` for strategies that have hooks, with the owner of these.
    """

    def __init__(self, follow: Follow) -> None:
        self._follow = follow
        self._guard = Guard("flower")

    def install(self, hooks: Hooks) -> None:
        """Replaces them."""
        # Imported where a strategy is watched, which is where Flower is installed.
        server = importlib.import_module("flwr.server").Server
        workflow = importlib.import_module("flwr.server.workflow").DefaultWorkflow
        # Some applications, such as FL4Health's, bring servers with a loop of their own.
        for cls in _with_subclasses(server):
            if "fit" in vars(cls):
                hooks.install_on_class(cls, "fit", self._fit)
        hooks.install_on_class(workflow, "__call__", self._workflow)

    def _fit(self, original: Callable[..., Any], server: Any, *args: Any, **kwargs: Any) -> Any:
        found = self._guard(_watched_fit, server, args, kwargs)
        return self._run(found, lambda: original(server, *args, **kwargs))

    def _workflow(self, original: Callable[..., Any], workflow: Any, grid: Any, context: Any) -> Any:
        found = self._guard(_watched_workflow, grid, context)
        return self._run(found, lambda: original(workflow, grid, context))

    def _run(self, found: tuple[object, Entry] | None, call: Callable[[], Any]) -> Any:
        return call() if found is None else self._follow(*found, call)


class MessageEntries:
    """The replacement of the message API's `Strategy.start`, which a `start` of the user's own may call.

    Args:
        start: called as `start(owner, original, args, kwargs)` for strategies that have hooks, with the owner of these.
    """

    def __init__(self, start: Start) -> None:
        self._start_watched = start
        self._guard = Guard("flower")

    def install(self, hooks: Hooks) -> None:
        """Replaces it."""
        hooks.install_on_class(importlib.import_module("flwr.serverapp.strategy").Strategy, "start", self._start)

    def _start(self, original: Callable[..., Any], strategy: Any, *args: Any, **kwargs: Any) -> Any:
        owner = self._guard(owner_of_hooks, strategy)
        if owner is None:
            return original(strategy, *args, **kwargs)
        return self._start_watched(owner, functools.partial(original, strategy), args, kwargs)


def _watched_fit(server: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[object, Entry] | None:
    owner = _owner(getattr(server, "strategy", None))
    if owner is None:
        return None
    return owner, Entry(_grid_of(server), {**dict(zip(("num_rounds", "timeout"), args)), **kwargs})


def _watched_workflow(grid: object, context: Any) -> tuple[object, Entry] | None:
    owner = _owner(getattr(context, "strategy", None))
    if owner is None:
        return None
    config = getattr(context, "config", None)
    names = {"num_rounds": "num_rounds", "timeout": "round_timeout"}
    return owner, Entry(grid, {name: getattr(config, source, None) for name, source in names.items()})


def _owner(strategy: object) -> object:
    """Who watches a strategy, or one that it wraps."""
    for _ in range(_MAX_NESTED):
        owner = owner_of_hooks(strategy)
        if owner is not None or strategy is None:
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
