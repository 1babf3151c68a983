"""Keeps faults of the adapter away from the training."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

from .._log import WarnOnce

_Result = TypeVar("_Result")


class Guard:
    """Calls a function; what it raises is logged once, and the training goes on."""

    def __init__(self) -> None:
        self._warn = WarnOnce()

    def __call__(self, function: Callable[..., _Result], *args: Any, **kwargs: Any) -> _Result | None:
        """Returns what the function returns, or None if it raised."""
        try:
            return function(*args, **kwargs)
        except Exception:
            name = getattr(function, "__qualname__", repr(function))
            self._warn(name, "HiveWatch misses something of this run: %s failed.", name, exc_info=True)
            return None
