"""How long to wait before the next attempt to connect."""

from __future__ import annotations

import random

_FIRST_SEC = 0.1
_MAX_SEC = 5.0

# Its own source: jitter must not advance the generator that a training may have seeded.
_random = random.SystemRandom()


class Backoff:
    """Exponential, with jitter so that many servers don't come back at the same moment."""

    def __init__(self) -> None:
        self._ceiling = _FIRST_SEC

    def next(self) -> float:
        """The next delay in seconds."""
        delay = _random.uniform(self._ceiling / 2, self._ceiling)
        self._ceiling = min(2 * self._ceiling, _MAX_SEC)
        return delay

    def reset(self) -> None:
        """Starts again, after something went well."""
        self._ceiling = _FIRST_SEC
