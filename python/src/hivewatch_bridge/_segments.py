"""Neighbouring events in the form in which they will be sent."""

from __future__ import annotations

import json
import time
from array import array
from typing import Union

from ._fields import ClientField, Json
from ._protobuf import bytes_field, packed_field, text_field, texts_field
from ._time import iso_now
from ._wire import Form, Payload

MAX_EVENTS = 500
MAX_BYTES = 262_144
# A bridge refuses batches of more than 1000 columns, and one event adds 400 at most.
_MAX_COLUMNS = 500


class Rows:
    """Events as JSON objects."""

    def __init__(self, droppable: bool) -> None:
        self.droppable = droppable
        """Whether these may be given up when memory is full."""
        self.count = 0
        self.size = 0
        self.since = time.monotonic()
        """When its first event was logged."""
        self._events: list[str] = []

    def takes(self, droppable: bool) -> bool:
        """Whether one more event of this kind belongs here."""
        return self.droppable == droppable and self.count < MAX_EVENTS and self.size < MAX_BYTES

    def append(self, event: str) -> None:
        """Adds an event, as JSON."""
        self._events.append(event)
        self.count = len(self._events)
        self.size += len(event)

    def payload(self) -> Payload:
        """The encoded events."""
        return Payload(Form.ROWS, self.count, texts_field(1, self._events))


def loss(**fields: int) -> Rows:
    """The event that says that others are lost."""
    rows = Rows(droppable=False)
    rows.append(json.dumps({"event_type": "events_dropped", "timestamp": iso_now(), **fields}))
    return rows


class _Column:
    """One field: its values, and which events have one."""

    __slots__ = ("kind", "rows", "values")

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self.rows = array("I")
        self.values: array[float] | list[str] = array("d") if kind is float else []

    def encode(self, name: str, count: int) -> bytes:
        present = b"" if len(self.rows) == count else bytes_field(2, self._bitmap(count))
        if isinstance(self.values, array):
            values = packed_field(3, self.values)
        else:
            values = texts_field(5 if self.kind is Json else 4, self.values)
        return text_field(1, name) + present + values

    def forget(self, count: int) -> None:
        while self.rows and self.rows[-1] >= count:
            del self.rows[-1]
        del self.values[len(self.rows) :]

    def _bitmap(self, count: int) -> bytes:
        bits = bytearray((count + 7) // 8)
        for row in self.rows:
            bits[row >> 3] |= 1 << (row & 7)
        return bytes(bits)


class Columns:
    """Events of one type about one client each, a list of values per field."""

    droppable = True

    def __init__(self, event_type: str) -> None:
        self.event_type = event_type
        self.count = 0
        self.size = 0
        self.since = time.monotonic()
        """When its first event was logged."""
        self._timestamps = array("Q")
        self._columns: dict[str, _Column] = {}

    def takes(self, event_type: str, fields: dict[str, ClientField]) -> bool:
        """Whether an event belongs here: a column holds values of one kind."""
        if event_type != self.event_type or self.count >= MAX_EVENTS or self.size >= MAX_BYTES:
            return False
        columns = self._columns
        if len(columns) > _MAX_COLUMNS:
            return False
        return all(name not in columns or columns[name].kind is type(value) for name, value in fields.items())

    def append(self, timestamp_us: int, fields: dict[str, ClientField]) -> None:
        """Adds an event that :meth:`takes` agreed to."""
        before = self.count
        try:
            self._append(timestamp_us, fields)
        except BaseException:
            # A signal's SystemExit or KeyboardInterrupt can come between any two lines.
            self._forget(before)
            raise

    def payload(self) -> Payload:
        """The encoded events."""
        columns = (bytes_field(3, column.encode(name, self.count)) for name, column in self._columns.items())
        data = text_field(1, self.event_type) + packed_field(2, self._timestamps) + b"".join(columns)
        return Payload(Form.COLUMNS, self.count, data)

    def _append(self, timestamp_us: int, fields: dict[str, ClientField]) -> None:
        for name, value in fields.items():
            column = self._columns.get(name)
            if column is None:
                column = self._columns[name] = _Column(type(value))
            column.rows.append(self.count)
            column.values.append(value)  # type: ignore[arg-type]
            self.size += 8 if column.kind is float else len(value) + 2  # type: ignore[arg-type]
        self._timestamps.append(timestamp_us)
        self.count += 1

    def _forget(self, count: int) -> None:
        self.count = count
        del self._timestamps[count:]
        for column in self._columns.values():
            column.forget(count)
        self._columns = {name: column for name, column in self._columns.items() if column.rows}


Segment = Union[Rows, Columns]
