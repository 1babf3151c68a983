"""Keeps faults of the adapter away from the training."""

from __future__ import annotations

import threading
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
        self._run: Run | None = None
        self._seen: set[str] = set()
        # Those from before the run began.
        self._waiting: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def __call__(self, function: Callable[..., _Result], *args: Any, **kwargs: Any) -> _Result | None:
        """Returns what the function returns, or None if it raised."""
        try:
            return function(*args, **kwargs)
        except Exception as error:
            self._report(getattr(function, "__qualname__", repr(function)), error)
            return None

    def report_to(self, run: Run | None) -> None:
        """Where faults are reported from now on, as `adapter_error` events, with those that no run has been told of."""
        with self._lock:
            self._run = run
            self._tell()

    def _report(self, name: str, error: Exception) -> None:
        with self._lock:
            if name in self._seen:
                return
            self._seen.add(name)
            logger.warning("HiveWatch misses something of this run: %s failed.", name, exc_info=True)
            self._waiting.append((name, exception_reason(error)))
            self._tell()

    def _tell(self) -> None:
        while self._run is not None and self._waiting:
            step, reason = self._waiting.pop(0)
            self._run.log_event("adapter_error", adapter=self._adapter, step=step, reason=reason)
