"""The one logger, and warnings that are given once."""

from __future__ import annotations

import logging
from collections.abc import Hashable

logger = logging.getLogger("hivewatch_bridge")

# A program that invents a new field name at each call must not fill memory with keys.
_MAX_KEYS = 1000


class WarnOnce:
    """Logs each kind of warning a single time, however often it happens."""

    def __init__(self) -> None:
        self._seen: set[Hashable] = set()

    def __call__(
        self,
        key: Hashable,
        message: str,
        *args: object,
        exc_info: bool = False,
        level: int = logging.WARNING,
    ) -> None:
        """Logs `message % args`, unless something with the same key was logged before."""
        if key in self._seen or len(self._seen) >= _MAX_KEYS:
            return
        self._seen.add(key)
        logger.log(level, message, *args, exc_info=exc_info)
