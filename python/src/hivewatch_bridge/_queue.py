"""What was logged and not yet sent, in bounded memory."""

from __future__ import annotations

from collections import deque
from typing import TypeVar

from ._fields import ClientField
from ._segments import MAX_EVENTS, Columns, Rows, Segment, loss

DEFAULT_MAX_EVENTS = 100_000
DEFAULT_MAX_BYTES = 67_108_864

_Opened = TypeVar("_Opened", Rows, Columns)


class EventQueue:
    """A queue of segments. When it is full the oldest telemetry of clients goes, never a run's or a round's own events.

    Not thread-safe: whoever shares it holds a lock.

    Args:
        max_events: how many events may wait.
        max_bytes: how large they may be together.
    """

    def __init__(self, max_events: int = DEFAULT_MAX_EVENTS, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        # Numbered in order of their first event, which is the order in which they are taken.
        self._droppable: deque[tuple[int, Segment]] = deque()
        self._kept: deque[tuple[int, Segment]] = deque()
        self._opened = 0
        self._put_back = 0
        self._last: Segment | None = None
        self._count = 0
        self._size = 0
        self._unreported = 0
        self.dropped = 0
        """Number of events given up so far because memory was full."""

    def __len__(self) -> int:
        return self._count + (1 if self._unreported else 0)

    @property
    def has_full_segment(self) -> bool:
        """Whether waiting for more events would not make the next batch larger."""
        return len(self._droppable) + len(self._kept) > 1 or self._count >= MAX_EVENTS

    @property
    def is_half_full(self) -> bool:
        """Whether it should be emptied soon."""
        return 2 * self._count > self._max_events or 2 * self._size > self._max_bytes

    @property
    def since(self) -> float | None:
        """When its oldest event was logged, by the monotonic clock; None if there is none."""
        return min((segments[0][1].since for segments in (self._droppable, self._kept) if segments), default=None)

    def add_row(self, event: str, droppable: bool) -> None:
        """Adds an event as JSON."""
        last = self._last
        if not (isinstance(last, Rows) and last.takes(droppable)):
            last = self._open(Rows(droppable))
        before = last.size
        last.append(event)
        self._make_room(last.size - before)

    def add_client(self, event_type: str, timestamp_us: int, fields: dict[str, ClientField]) -> None:
        """Adds an event about one client."""
        last = self._last
        if not (isinstance(last, Columns) and last.takes(event_type, fields)):
            last = self._open(Columns(event_type))
        before = last.size
        last.append(timestamp_us, fields)
        self._make_room(last.size - before)

    def take(self) -> Segment | None:
        """Removes the oldest segment; None if there is none."""
        if self._unreported:
            return self._report_dropped()
        if not self._kept and not self._droppable:
            return None
        from_kept = not self._droppable or (bool(self._kept) and self._kept[0][0] < self._droppable[0][0])
        return self._remove_oldest(self._kept if from_kept else self._droppable)

    def put_back(self, segment: Segment) -> None:
        """Makes a segment that was taken the oldest again."""
        self._put_back -= 1
        (self._droppable if segment.droppable else self._kept).appendleft((self._put_back, segment))
        self._count += segment.count
        self._size += segment.size

    def report_damage(self, size: int) -> None:
        """Adds the event that says that so many bytes of events can't be read any more. Their number isn't known."""
        report = loss(unreadable_bytes=size)
        self._open(report)
        self._make_room(report.size)

    def _open(self, segment: _Opened) -> _Opened:
        self._opened += 1
        (self._droppable if segment.droppable else self._kept).append((self._opened, segment))
        self._last = segment
        return segment

    def _make_room(self, added: int) -> None:
        self._count += 1
        self._size += added
        while (self._count > self._max_events or self._size > self._max_bytes) and self._droppable:
            count = self._remove_oldest(self._droppable).count
            self.dropped += count
            self._unreported += count

    def _remove_oldest(self, segments: deque[tuple[int, Segment]]) -> Segment:
        _, segment = segments.popleft()
        if segment is self._last:
            self._last = None
        self._count -= segment.count
        self._size -= segment.size
        return segment

    def _report_dropped(self) -> Segment:
        report = loss(count=self._unreported)
        self._unreported = 0
        return report
