"""What was logged and not yet sent, in bounded memory."""

from __future__ import annotations

from collections import deque

from ._log import WarnOnce
from ._pending import Pending, encode, take_neighbours
from ._segments import MAX_EVENTS, Segment, loss

DEFAULT_MAX_BYTES = 67_108_864
_MAX_PENDING = 4096
# More than most events take as they are, before they are encoded.
_PENDING_BYTES = 256


class EventQueue:
    """A queue of events. When it is full the oldest telemetry of clients goes, never a run's or a round's own events.

    Not thread-safe: whoever shares it holds a lock, but for `pending`.

    Args:
        max_bytes: how large the events may be together.
    """

    def __init__(self, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.pending: deque[Pending] = deque()
        """The newest events, behind all segments. Anybody may append one whose size is 0, without the lock, but not
        more than `max_pending`."""
        self.max_pending = min(_MAX_PENDING, max_bytes // _PENDING_BYTES)
        self._pending_size = 0
        self._max_bytes = max_bytes
        # Numbered in the order in which they are taken.
        self._droppable: deque[tuple[int, Segment]] = deque()
        self._kept: deque[tuple[int, Segment]] = deque()
        self._last_number = 0
        self._put_back = 0
        self._count = 0
        self._size = 0
        self._unreported = 0
        self._warn = WarnOnce()
        self.dropped = 0
        """Number of events given up so far because memory was full."""

    def __len__(self) -> int:
        return self._count + len(self.pending) + (1 if self._unreported else 0)

    @property
    def has_full_segment(self) -> bool:
        """Whether waiting for more events would not make the next batch larger."""
        return self._count > 0 or len(self.pending) >= MAX_EVENTS

    @property
    def is_half_full(self) -> bool:
        """Whether it should be emptied soon."""
        return 2 * (self._size + self._pending_size) > self._max_bytes

    @property
    def is_quarter_full(self) -> bool:
        """Whether those who add many events at once should wait until it `has_room`."""
        return 4 * (self._size + self._pending_size) > self._max_bytes

    @property
    def has_room(self) -> bool:
        """Whether many events may be added at once."""
        return 8 * (self._size + self._pending_size) <= self._max_bytes

    @property
    def since(self) -> float | None:
        """When its oldest event was logged, by the monotonic clock; None if there is none."""
        oldest = [segments[0][1].since for segments in (self._droppable, self._kept) if segments]
        return min(oldest, default=self.pending[0][2] if self.pending else None)

    def add(self, event: Pending) -> None:
        """Adds an event, whose size may be any."""
        self.pending.append(event)
        self._pending_size += event[1]
        if self._pending_size > self._max_bytes // 16:
            self.encode_pending()

    def add_segment(self, segment: Segment) -> None:
        """Adds events that are encoded already."""
        self.encode_pending()
        self._add(segment)

    def encode_pending(self) -> None:
        """Encodes what is pending. What exceeds the memory goes."""
        for _ in range(len(self.pending)):
            if self.pending:
                self._encode_next()

    def take(self) -> Segment | None:
        """Removes the oldest segment; None if there is none."""
        if self._unreported:
            return self._report_dropped()
        while self._count == 0:
            if not self.pending:
                return None
            self._encode_next()
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
        self.add_segment(Segment(loss(unreadable_bytes=size), droppable=False))

    def _encode_next(self) -> None:
        neighbours = take_neighbours(self.pending)
        try:
            segments = encode(neighbours, self._warn)
        except BaseException:
            # A signal's SystemExit or KeyboardInterrupt can come between any two lines.
            self.pending.extendleft(reversed(neighbours))
            raise
        self._pending_size -= sum(size for _, size, *_ in neighbours)
        for segment in segments:
            self._add(segment)

    def _add(self, segment: Segment) -> None:
        self._last_number += 1
        (self._droppable if segment.droppable else self._kept).append((self._last_number, segment))
        self._count += segment.count
        self._size += segment.size
        while self._size > self._max_bytes and self._droppable:
            count = self._remove_oldest(self._droppable).count
            self.dropped += count
            self._unreported += count

    def _remove_oldest(self, segments: deque[tuple[int, Segment]]) -> Segment:
        _, segment = segments.popleft()
        self._count -= segment.count
        self._size -= segment.size
        return segment

    def _report_dropped(self) -> Segment:
        report = Segment(loss(count=self._unreported), droppable=False)
        self._unreported = 0
        return report
