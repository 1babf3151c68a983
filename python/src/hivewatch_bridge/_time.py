"""Times of events: UTC, by this machine's clock."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def now_us() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


def iso_now() -> str:
    """ISO 8601 with microseconds, like `2026-11-23T07:43:20.337352+00:00`."""
    return (_EPOCH + timedelta(microseconds=now_us())).isoformat(timespec="microseconds")
