"""The thread that sends what was logged, and the only one that waits for the network."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

from ._backlog import Backlog
from ._backoff import Backoff
from ._log import WarnOnce, logger
from ._outbox import Outbox, Sealed
from ._pending import Pending
from ._queue import EventQueue
from ._reasons import one_line
from ._segments import MAX_EVENTS, Segment
from ._settings import Settings
from ._spooler import Spooler
from ._stream import Link, OneByOne, open_link
from ._wire import Ack, Code

_WINDOW = 16
_LINGER_SEC = 0.1
_ACK_TIMEOUT_SEC = 30.0
_DRAINING_RETRY_SEC = 0.5
_KEEP_CHECK_SEC = 0.25


class _LinkLost(Exception):
    """The connection is of no use any more; another attempt may help."""


class _Superseded(Exception):
    """Another producer goes on under this producer's id."""


class Sender:
    """Sends events to the bridge, in the background, from the moment it is made.

    Events are added by :meth:`add`; or small ones without a lock, by appending to what is pending in `queue` and
    calling :meth:`wake` at `wake_at`.

    Args:
        settings: where the bridge is.
        queue: where events are added.
        outbox: who numbers them.
        spooler: where they wait if the bridge takes none.
        on_connected: is called by the sender's thread when the bridge answers for the first time.
    """

    def __init__(
        self,
        settings: Settings,
        queue: EventQueue,
        outbox: Outbox,
        spooler: Spooler,
        on_connected: Callable[[], None] = lambda: None,
    ) -> None:
        self.queue = queue
        lock = threading.RLock()
        self.changed = threading.Condition(lock)
        """Guards the queue."""
        # Told more rarely: whoever adds many events is not woken for each batch that goes.
        self._has_room = threading.Condition(lock)
        self._settings = settings
        self._outbox = outbox
        self._spooler = spooler
        self._backlog = Backlog(queue, outbox, spooler, self.changed)
        self._on_connected: Callable[[], None] | None = on_connected
        self._in_flight: deque[tuple[int, Sealed]] = deque()
        self._backoff = Backoff()
        self._warn = WarnOnce()
        self._is_down = False
        self.wake_at = queue.max_pending
        """At how many pending events :meth:`wake` is to be called. Not at each: waking a thread costs the training more
        than logging does."""
        # The following are guarded by `changed`.
        self._draining = 0
        self._hurry = False
        self._closing = False
        self.is_dead = False
        # By the thread that is there already, so that a program which ends at once is connected before it does.
        self._first_link: Link | None = open_link(settings, self.changed)
        self._thread = threading.Thread(target=self._work, name="hivewatch-sender", daemon=True)
        self._thread.start()

    def add(self, event: Pending) -> None:
        """Adds an event of any size."""
        with self.changed:
            self.queue.add(event)
            if len(self.queue.pending) >= self.wake_at:
                self._wake()
        self._warn_if_full()

    def add_segment(self, segment: Segment, timeout: float) -> bool:
        """Adds many events. Waits before, if much is there already, for `timeout` seconds at most.

        Returns:
            Whether there was room in time. They are added in any case.
        """
        queue = self.queue
        with self.changed:
            had_room = not queue.is_quarter_full or self._has_room.wait_for(
                lambda: self.is_dead or queue.has_room, timeout
            )
            is_waited_for = not queue.has_full_segment
            queue.add_segment(segment)
            if is_waited_for or queue.is_half_full:
                self._wake()
        self._warn_if_full()
        return had_room

    def wake(self) -> None:
        """Is to be called when as many events are pending as `wake_at`."""
        with self.changed:
            self._wake()
        self._warn_if_full()

    def close(self) -> None:
        """Ends the thread once everything is sent."""
        with self.changed:
            self._closing = True
            self.changed.notify_all()

    def drain(self, timeout: float, is_patient: bool = True) -> bool:
        """Waits, for `timeout` seconds at most, until the bridge has confirmed everything.

        Args:
            timeout: in seconds.
            is_patient: whether it waits on where the bridge was looked for in vain and has never answered.

        Returns:
            Whether every event is on the bridge's disk.
        """
        with self.changed:
            self._draining += 1
            self._hurry = True
            self.changed.notify_all()
            try:
                self.changed.wait_for(
                    lambda: self.is_dead or self._backlog.is_empty or not (is_patient or self._may_answer), timeout
                )
                return self._backlog.is_empty and not self.is_dead and self._backlog.lost + self.queue.dropped == 0
            finally:
                self._draining -= 1

    def keep(self, timeout: float) -> Path | None:
        """Has everything that the bridge has not confirmed written to disk, and waits, in seconds, until it is.

        Returns:
            Where it is. None if it isn't, or is not needed.
        """
        backlog = self._backlog
        with self.changed:
            backlog.ask_to_keep()
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.is_dead or backlog.is_kept or not self._spooler.can_keep, timeout)
            return self._spooler.folder if backlog.is_kept else None

    def join(self, timeout: float | None = None) -> bool:
        """Waits until the thread has ended, after :meth:`close`. Returns whether it has."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def _may_answer(self) -> bool:
        # It has answered once, or nobody has looked for it yet.
        return self._on_connected is None or not self._is_down

    def _is_done(self) -> bool:
        return self._closing and self._backlog.is_empty

    def _work(self) -> None:
        while not self._is_done():
            try:
                self._session()
            except _Superseded as reason:
                self._give_up(reason)
                return
            except _LinkLost as reason:
                self._pause(str(reason))
            except Exception as error:  # a fault of ours must not end the thread
                self._warn("fault", "HiveWatch's sender failed and will try again.", exc_info=True)
                self._pause(f"{type(error).__name__}: {error}")

    def _session(self) -> None:
        link, self._first_link = self._first_link or open_link(self._settings, self.changed), None
        self._in_flight.clear()
        if isinstance(link, OneByOne):
            # The program is ending, and each answer may take longer than it waits.
            self._backlog.ask_to_keep()
            self._backlog.keep()
        try:
            self._greet(link)
            self._send_all(link)
        finally:
            link.close()

    def _greet(self, link: Link) -> None:
        link.send(self._outbox.question())
        self._wait(link, lambda: False, _ACK_TIMEOUT_SEC)
        answer = link.acks.popleft()
        self._tell(answer)
        if answer.code is not None:
            _refuse(answer)
        if not self._backlog.resume(answer.next_seq):
            raise _LinkLost(f"it goes on from event {answer.next_seq}, which is not where this run's events are")
        if self._on_connected is not None:
            on_connected, self._on_connected = self._on_connected, None
            on_connected()

    def _send_all(self, link: Link) -> None:
        again = deque(self._outbox)
        sent = 1
        while True:
            while link.acks:
                self._settle(link.acks.popleft())
            if link.failure:
                raise _LinkLost(link.failure)
            self._backlog.keep()
            if len(self._in_flight) < _WINDOW:
                sealed = again.popleft() if again else self._seal_next(link)
                if sealed is not None:
                    self._in_flight.append((sent, sealed))
                    link.send(self._outbox.encode(sealed))
                    sent += 1
                    continue
                if self._is_done():
                    return
                self._wait(link, lambda: self._backlog.has_next or self._is_done())
            else:
                self._wait(link, lambda: False)

    def _wait(self, link: Link, ready: Callable[[], bool], timeout: float | None = None) -> None:
        """Waits for an ack or until `ready`."""
        if self._in_flight:
            timeout = _ACK_TIMEOUT_SEC
        happened = self._wait_until(lambda: bool(link.acks or link.failure or ready()), timeout)
        if link.failure and not link.acks:
            raise _LinkLost(link.failure)
        if not happened:
            raise _LinkLost(f"no answer for {timeout:.0f} s")

    def _wait_until(self, condition: Callable[[], bool], timeout: float | None) -> bool:
        """Waits like `changed.wait_for`; meanwhile what gets old is written to disk.

        With nothing to wait for but new events there is no timeout, and nothing that gets old.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            with self.changed:
                with self._waking_at(1 if len(self.queue) == 0 else MAX_EVENTS):
                    if not (condition() or self._backlog.needs_keeping):
                        self.changed.wait(None if end is None else min(_KEEP_CHECK_SEC, end - time.monotonic()))
                if condition():
                    return True
                if len(self.queue.pending) >= MAX_EVENTS:
                    self.queue.encode_pending()
            if end is not None and time.monotonic() >= end:
                return False
            self._backlog.keep()
            self._tell_room()

    def _seal_next(self, link: Link) -> Sealed | None:
        self._tell_room()
        sealed = self._backlog.next_on_disk()
        if sealed is not None:
            return sealed
        with self.changed:
            if len(self.queue) == 0:
                return None
            with self._waking_at(MAX_EVENTS):
                self.changed.wait_for(
                    lambda: self.queue.has_full_segment or self._draining or link.failure, _LINGER_SEC
                )
        return self._backlog.next_in_memory()

    def _tell_room(self) -> None:
        with self.changed:
            if self.is_dead or self.queue.has_room:
                self._has_room.notify_all()

    @contextmanager
    def _waking_at(self, pending: int) -> Iterator[None]:
        """Has :meth:`wake` called at fewer pending events, while this thread waits."""
        self.wake_at = min(pending, self.queue.max_pending)
        try:
            yield
        finally:
            self.wake_at = self.queue.max_pending

    def _wake(self) -> None:
        # Once is enough.
        self.wake_at = self.queue.max_pending
        if len(self.queue.pending) >= self.queue.max_pending:
            self.queue.encode_pending()
        self.changed.notify_all()

    def _warn_if_full(self) -> None:
        if self.queue.dropped:
            self._warn("full", "HiveWatch's memory is full: the oldest telemetry of clients is being dropped.")

    def _tell(self, ack: Ack) -> None:
        for notice in ack.notices:
            level = logging.WARNING if notice.is_warning else logging.INFO
            run_id = self._outbox.producer.run_id
            self._warn(("notice", notice.text), "HiveWatch, run %s: %s", run_id, one_line(notice.text), level=level)

    def _settle(self, ack: Ack) -> None:
        self._tell(ack)
        index, sealed = self._in_flight.popleft() if self._in_flight else (-1, None)
        if sealed is None or ack.batch != index:
            raise _LinkLost(f"it answered message {ack.batch}, and not {index}")
        if ack.code is None and ack.next_seq >= sealed.end:
            self._stored(sealed)
        elif ack.code is Code.MALFORMED:
            self._refused(sealed, ack.reason)
        else:
            _refuse(ack)

    def _stored(self, sealed: Sealed) -> None:
        self._backoff.reset()
        if self._is_down:
            logger.info("HiveWatch's bridge at %s is there; what was kept is being sent.", self._settings.endpoint)
        self._is_down = False
        self._backlog.settle(sealed)

    def _refused(self, sealed: Sealed, reason: str) -> None:
        self._warn(("refused", reason), "HiveWatch's bridge refused %d events: %s", sealed.payload.count, reason)
        self._backlog.settle(sealed, stored=False)

    def _give_up(self, reason: _Superseded) -> None:
        logger.error("Run %s is no longer reported to HiveWatch: %s", self._outbox.producer.run_id, reason)
        self._spooler.close()
        with self.changed:
            self.is_dead = True
            self.changed.notify_all()
        self._tell_room()

    def _pause(self, reason: str) -> None:
        if not self._is_down:
            logger.warning(
                "HiveWatch's bridge at %s takes no events (%s). Training goes on; they are kept and sent when it does.",
                self._settings.endpoint,
                reason,
            )
        with self.changed:
            self._is_down = True
            self.changed.notify_all()
            delay = self._backoff.next()
            if self._draining:
                delay = min(delay, _DRAINING_RETRY_SEC)
        self._wait_until(lambda: self._hurry or self._is_done(), delay)
        with self.changed:
            self._hurry = False


def _refuse(ack: Ack) -> None:
    if ack.code is Code.STALE_EPOCH:
        raise _Superseded(ack.reason)
    name = "an ack of less than the batch" if ack.code is None else ack.code.value or "an unknown code"
    raise _LinkLost(f"{name}: {ack.reason}")
