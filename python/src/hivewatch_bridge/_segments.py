"""Neighbouring events in the form in which they will be sent."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ._protobuf import texts_field
from ._time import iso_now
from ._wire import Form, Payload

MAX_EVENTS = 2000
"""How many events one batch holds at most."""
MAX_BYTES = 524_288
"""A batch is not made larger than about this, unless one event alone is."""


@dataclass
class Segment:
    """Events that are ready to be sent."""

    payload: Payload
    droppable: bool
    """Whether these may be given up when memory or disk is full."""
    since: float = field(default_factory=time.monotonic)
    """When its first event was logged, by the monotonic clock."""

    @property
    def count(self) -> int:
        """Number of events."""
        return self.payload.count

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self.payload.data)


def encode_rows(events: Sequence[str]) -> Payload:
    """A payload of events that are JSON."""
    return Payload(Form.ROWS, len(events), texts_field(1, events))


def loss(**fields: int) -> Payload:
    """The event that says that others are lost."""
    return encode_rows([json.dumps({"event_type": "events_dropped", "timestamp": iso_now(), **fields})])
