"""Keeps faults of the adapter away from the training."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

from .._log import logger
from .._reasons import exception_reason
from .._run import Run

_Result = TypeVar("_Result")


class Guard:
    """Calls a function; what it raises is logged and reported once, and the training goes on.

    Args:
        adapter: whose faults these are.
    """

    def __init__(self, adapter: str) -> None:
        self._adapter = adapter
        self.run: Run | None = None
        """Where faults are reported, as `adapter_error` events."""
        self._seen: set[str] = set()

    def __call__(self, function: Callable[..., _Result], *args: Any, **kwargs: Any) -> _Result | None:
        """Returns what the function returns, or None if it raised."""
        try:
            return function(*args, **kwargs)
        except Exception as error:
            self._report(getattr(function, "__qualname__", repr(function)), error)
            return None

    def _report(self, name: str, error: Exception) -> None:
        if name in self._seen:
            return
        self._seen.add(name)
        logger.warning("HiveWatch misses something of this run: %s failed.", name, exc_info=True)
        if self.run is not None:
            self.run.log_event("adapter_error", adapter=self._adapter, step=name, reason=exception_reason(error))
