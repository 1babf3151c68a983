"""Batches that have a place in the sequence and that the bridge has not yet confirmed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from ._wire import Ack, Payload, Producer, encode_batch


@dataclass
class Sealed:
    """A payload and the number of its first event."""

    first_seq: int
    payload: Payload

    @property
    def end(self) -> int:
        """The number after its last event."""
        return self.first_seq + self.payload.count


class Outbox:
    """Numbers batches, and keeps each until the bridge says that it is on disk or refused for good.

    Only the sender's thread changes it.
    """

    def __init__(self, run_id: str, producer_id: str) -> None:
        self._producer = Producer(run_id, producer_id, epoch=1)
        self._next_seq = 0
        self._waiting: deque[Sealed] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Sealed]:
        return iter(self._waiting)

    def seal(self, payload: Payload) -> Sealed:
        """Gives a payload the next numbers."""
        sealed = Sealed(self._next_seq, payload)
        self._waiting.append(sealed)
        self._next_seq = sealed.end
        return sealed

    def encode(self, sealed: Sealed) -> bytes:
        """The batch as it goes over the wire."""
        return encode_batch(self._producer, sealed.first_seq, sealed.payload)

    def question(self) -> bytes:
        """The batch that asks how far the bridge is."""
        return encode_batch(self._producer, 0, None)

    def settle(self, sealed: Sealed) -> None:
        """Forgets the oldest batch, which was stored or refused for good."""
        assert self._waiting[0] is sealed
        self._waiting.popleft()

    def resume(self, answer: Ack) -> bool:
        """Takes the bridge's high-water mark: forgets what is stored; what is left has to be sent again.

        Returns:
            False if the bridge is not where this producer's events go on, as after its log was lost. A new epoch has
            begun then, which numbers what is left from 0; ask again.
        """
        while self._waiting and self._waiting[0].end <= answer.next_seq:
            self._waiting.popleft()
        expected = self._waiting[0].first_seq if self._waiting else self._next_seq
        if answer.next_seq == expected:
            return True
        self._start_epoch()
        return False

    def _start_epoch(self) -> None:
        old = self._producer
        self._producer = Producer(old.run_id, old.producer_id, old.epoch + 1)
        self._next_seq = 0
        for sealed in self._waiting:
            sealed.first_seq = self._next_seq
            self._next_seq = sealed.end
