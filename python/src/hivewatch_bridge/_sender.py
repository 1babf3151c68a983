"""The thread that sends what was logged, and the only one that waits for the network."""

from __future__ import annotations

import threading
from collections import deque
from typing import Callable

from ._backoff import Backoff
from ._ids import new_producer_id
from ._log import WarnOnce, logger
from ._outbox import Outbox, Sealed
from ._queue import EventQueue
from ._settings import Settings
from ._stream import Link, open_link
from ._wire import Ack, Code

_WINDOW = 8
_LINGER_SEC = 0.02
_ACK_TIMEOUT_SEC = 30.0
_DRAINING_RETRY_SEC = 0.5


class _LinkLost(Exception):
    """The connection is of no use any more; another attempt may help."""


class _Superseded(Exception):
    """Another producer goes on under this producer's id."""


class Sender:
    """Sends a queue's events to the bridge, in the background, from the moment it is made.

    Whoever adds to `queue` holds `changed`, and calls :meth:`wake` afterwards.
    """

    def __init__(self, run_id: str, settings: Settings, queue: EventQueue) -> None:
        self.queue = queue
        self.changed = threading.Condition()
        """Guards the queue."""
        self._run_id = run_id
        self._settings = settings
        self._outbox = Outbox(run_id, new_producer_id())
        self._in_flight: deque[tuple[int, Sealed]] = deque()
        self._backoff = Backoff()
        self._warn = WarnOnce()
        self._is_down = False
        # The following are guarded by `changed`.
        self._listening = False
        self._sealing = False
        self._draining = 0
        self._hurry = False
        self._closing = False
        self._lost = 0
        self.is_dead = False
        threading.Thread(target=self._work, name="hivewatch-sender", daemon=True).start()

    def wake(self) -> None:
        """Says that the queue has grown. The caller holds `changed`."""
        # Not for each event: waking a thread costs the training more than logging does.
        if self._listening and (len(self.queue) == 1 or self.queue.has_full_segment):
            self._listening = False
            self.changed.notify_all()

    def close(self) -> None:
        """Ends the thread once everything is sent."""
        with self.changed:
            self._closing = True
            self.changed.notify_all()

    def drain(self, timeout: float) -> bool:
        """Waits, for `timeout` seconds at most, until the bridge has confirmed everything.

        Returns:
            Whether every event is on the bridge's disk.
        """
        with self.changed:
            self._draining += 1
            self._hurry = True
            self.changed.notify_all()
            try:
                self.changed.wait_for(lambda: self.is_dead or self._is_idle(), timeout)
                return self._is_idle() and not self.is_dead and self._lost + self.queue.dropped == 0
            finally:
                self._draining -= 1

    def _is_idle(self) -> bool:
        return len(self.queue) == 0 and not self._sealing and len(self._outbox) == 0

    def _is_done(self) -> bool:
        return self._closing and self._is_idle()

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
        link = open_link(self._settings, self.changed)
        self._in_flight.clear()
        try:
            self._greet(link)
            self._send_all(link)
        finally:
            link.close()

    def _greet(self, link: Link) -> None:
        link.send(self._outbox.question())
        self._wait(link, lambda: False, _ACK_TIMEOUT_SEC)
        answer = link.acks.popleft()
        if answer.code is not None:
            _refuse(answer)
        with self.changed:
            if not self._outbox.resume(answer):
                raise _LinkLost(f"it goes on from event {answer.next_seq}, which is not where this run's events are")

    def _send_all(self, link: Link) -> None:
        again = deque(self._outbox)
        sent = 1
        while True:
            while link.acks:
                self._settle(link.acks.popleft())
            if link.failure:
                raise _LinkLost(link.failure)
            if len(self._in_flight) < _WINDOW:
                sealed = again.popleft() if again else self._seal_next(link)
                if sealed is not None:
                    self._in_flight.append((sent, sealed))
                    link.send(self._outbox.encode(sealed))
                    sent += 1
                    continue
                if self._is_done():
                    return
                self._wait(link, lambda: len(self.queue) > 0 or self._is_done())
            else:
                self._wait(link, lambda: False)

    def _wait(self, link: Link, ready: Callable[[], bool], timeout: float | None = None) -> None:
        """Waits for an ack or until `ready`."""
        if self._in_flight:
            timeout = _ACK_TIMEOUT_SEC
        with self.changed:
            self._listening = True
            happened = self.changed.wait_for(lambda: link.acks or link.failure or ready(), timeout)
            self._listening = False
        if link.failure and not link.acks:
            raise _LinkLost(link.failure)
        if not happened:
            raise _LinkLost(f"no answer for {timeout:.0f} s")

    def _seal_next(self, link: Link) -> Sealed | None:
        with self.changed:
            if len(self.queue) == 0:
                return None
            self._listening = True
            self.changed.wait_for(lambda: self.queue.has_full_segment or self._draining or link.failure, _LINGER_SEC)
            self._listening = False
            segment = self.queue.take()
            self._sealing = segment is not None
        if segment is None:
            return None
        try:
            payload = segment.payload()
        except Exception:
            self._warn("encoding", "%d events can't be encoded and are lost.", segment.count, exc_info=True)
            payload = None
        with self.changed:
            self._sealing = False
            if payload is not None:
                return self._outbox.seal(payload)
            self._lost += segment.count
            self.changed.notify_all()
            return None

    def _settle(self, ack: Ack) -> None:
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
        with self.changed:
            self._outbox.settle(sealed)
            self.changed.notify_all()

    def _refused(self, sealed: Sealed, reason: str) -> None:
        self._warn(("refused", reason), "HiveWatch's bridge refused %d events: %s", sealed.payload.count, reason)
        with self.changed:
            self._outbox.settle(sealed)
            self._lost += sealed.payload.count
            self.changed.notify_all()

    def _give_up(self, reason: _Superseded) -> None:
        logger.error("Run %s is no longer reported to HiveWatch: %s", self._run_id, reason)
        with self.changed:
            self.is_dead = True
            self.changed.notify_all()

    def _pause(self, reason: str) -> None:
        if not self._is_down:
            logger.warning(
                "HiveWatch's bridge at %s takes no events (%s). Training goes on; they are kept and sent when it does.",
                self._settings.endpoint,
                reason,
            )
        self._is_down = True
        with self.changed:
            delay = self._backoff.next()
            if self._draining:
                delay = min(delay, _DRAINING_RETRY_SEC)
            self.changed.wait_for(lambda: self._hurry or self._is_done(), delay)
            self._hurry = False


def _refuse(ack: Ack) -> None:
    if ack.code is Code.STALE_EPOCH:
        raise _Superseded(ack.reason)
    name = "an ack of less than the batch" if ack.code is None else ack.code.value or "an unknown code"
    raise _LinkLost(f"{name}: {ack.reason}")
