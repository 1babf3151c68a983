"""All that waits for the bridge: on its way, then on disk, then in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ._outbox import Outbox, Sealed
from ._queue import EventQueue
from ._segments import Segment
from ._spooler import Spooler

KEEP_AFTER_SEC = 1.0
"""What has waited this long is written to disk."""


class Backlog:
    """Hands out batches in their order, and moves to disk what waits for long.

    Only the sender's thread changes it, but for the queue.

    Args:
        queue: what was logged; `changed` guards it.
        outbox: what is on its way.
        spooler: what is on disk.
        changed: is told when the backlog becomes smaller.
    """

    def __init__(self, queue: EventQueue, outbox: Outbox, spooler: Spooler, changed: threading.Condition) -> None:
        self.queue = queue
        self.outbox = outbox
        self.spooler = spooler
        self._changed = changed
        # While a batch is moved it is nowhere else to be seen.
        self._moving = False
        self._keep_all = False
        self._is_adopted = spooler.is_adopted
        self.lost = 0
        """Number of events that were refused, or did not fit on the disk."""
        self._report_damage()

    # The following may be asked from any thread that holds `changed`.

    @property
    def has_next(self) -> bool:
        """Whether there is something that is not yet on its way."""
        return len(self.queue) > 0 or self.spooler.has_next

    @property
    def is_empty(self) -> bool:
        """Whether the bridge has confirmed or refused everything."""
        return not self._moving and not self.has_next and len(self.outbox) == 0

    @property
    def is_kept(self) -> bool:
        """Whether everything is on the bridge's disk or on ours."""
        return not self._moving and len(self.queue) == 0 and all(sealed.place is not None for sealed in self.outbox)

    @property
    def needs_keeping(self) -> bool:
        """Whether :meth:`keep` must not wait until something is old."""
        return self.spooler.can_keep and (self._keep_all or self.queue.is_half_full)

    def ask_to_keep(self) -> None:
        """Has all written to disk at the next :meth:`keep`, however new it is."""
        self._keep_all = True

    # The following are for the sender's thread, which doesn't hold `changed`.

    def next_on_disk(self) -> Sealed | None:
        """Numbers the next batch, if it is on disk."""
        if not self.spooler.has_next:
            return None
        with self._move():
            sealed = self.spooler.seal_next()
            self._report_damage()
            return sealed

    def next_in_memory(self) -> Sealed | None:
        """Numbers the next batch, which is in memory as nothing is on disk."""
        with self._changed:
            segment = self.queue.take()
            self._moving = segment is not None
        if segment is None:
            return None
        with self._move():
            return self.outbox.seal(segment.payload, segment.since)

    def settle(self, sealed: Sealed, stored: bool = True) -> None:
        """Forgets the oldest batch: the bridge has stored it, or refused it for good."""
        with self._move():
            self.outbox.settle(sealed)
            self.spooler.confirm(sealed)
            self._report_damage()
            if not stored:
                self.lost += sealed.payload.count

    def resume(self, mark: int) -> bool:
        """Takes the bridge's high-water mark: forgets what is stored; what is left has to be sent again.

        Returns:
            False if the bridge is not where this producer's events go on, as after its log was lost. A new epoch has
            begun then, which numbers what is left from 0; ask again.
        """
        with self._move():
            for sealed in list(self.outbox):
                if sealed.end <= mark:
                    self.outbox.settle(sealed)
                    self.spooler.confirm(sealed)
            if self._is_adopted:
                self.spooler.pass_over(mark)
                self._report_damage()
            if self.outbox.goes_on_at(mark):
                self._is_adopted = False
                return True
            self.spooler.begin_epoch()
            return False

    def keep(self) -> None:
        """Writes everything to disk if something of it has waited for long, or was asked to be kept."""
        with self._changed:
            since = [sealed.since for sealed in self.outbox if sealed.place is None]
            if self.queue.since is not None:
                since.append(self.queue.since)
            is_due = self.needs_keeping or (bool(since) and time.monotonic() - min(since) >= KEEP_AFTER_SEC)
            self._keep_all = False
        if not is_due or not self.spooler.can_keep:
            return
        with self._move():
            kept = self.spooler.keep_sent()
        while kept:
            with self._changed:
                segment = self.queue.take()
                self._moving = segment is not None
            if segment is None:
                return
            with self._move():
                kept = self._keep_segment(segment)

    def _keep_segment(self, segment: Segment) -> bool:
        is_kept, dropped = self.spooler.keep(segment.payload, segment.droppable)
        with self._changed:
            self.lost += dropped
            if not is_kept:
                self.queue.put_back(segment)
        return is_kept

    def _report_damage(self) -> None:
        damage = self.spooler.take_damage()
        if damage:
            with self._changed:
                self.queue.report_damage(damage)

    @contextmanager
    def _move(self) -> Iterator[None]:
        with self._changed:
            self._moving = True
        try:
            yield
        finally:
            with self._changed:
                self._moving = False
                self._changed.notify_all()
