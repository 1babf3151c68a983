"""Batches that have a place in the sequence and that the bridge has not yet confirmed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from ._wire import Payload, Producer, encode_batch


@dataclass
class Sealed:
    """A payload and the number of its first event."""

    first_seq: int
    payload: Payload
    place: int | None = None
    """Where it is in the spool; None if it is in memory only."""
    since: float = field(default_factory=time.monotonic)
    """When its oldest event was logged, by the monotonic clock; or later, if it is in the spool."""

    @property
    def end(self) -> int:
        """The number after its last event."""
        return self.first_seq + self.payload.count


class Outbox:
    """Numbers batches, and keeps each until the bridge says that it is on disk or refused for good.

    Only the sender's thread changes it.
    """

    def __init__(self, producer: Producer, next_seq: int = 0) -> None:
        self.producer = producer
        self.next_seq = next_seq
        """The number of the next event."""
        self._waiting: deque[Sealed] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Sealed]:
        return iter(self._waiting)

    def seal(self, payload: Payload, since: float, place: int | None = None) -> Sealed:
        """Gives a payload the next numbers."""
        sealed = Sealed(self.next_seq, payload, place, since)
        self._waiting.append(sealed)
        self.next_seq = sealed.end
        return sealed

    def encode(self, sealed: Sealed) -> bytes:
        """The batch as it goes over the wire."""
        return encode_batch(self.producer, sealed.first_seq, sealed.payload)

    def question(self) -> bytes:
        """The batch that asks how far the bridge is."""
        return encode_batch(self.producer, 0, None)

    def settle(self, sealed: Sealed) -> None:
        """Forgets the oldest batch, which was stored or refused for good."""
        assert self._waiting[0] is sealed
        self._waiting.popleft()

    def goes_on_at(self, mark: int) -> bool:
        """Whether the first event that the bridge doesn't have is the first that is here."""
        return mark == (self._waiting[0].first_seq if self._waiting else self.next_seq)

    def begin_epoch(self) -> None:
        """Numbers what is here from 0, in a new epoch."""
        old = self.producer
        self.producer = Producer(old.run_id, old.producer_id, old.epoch + 1)
        self.next_seq = 0
        for sealed in self._waiting:
            sealed.first_seq = self.next_seq
            self.next_seq = sealed.end
