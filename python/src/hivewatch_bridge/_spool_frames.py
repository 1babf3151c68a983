"""How a batch lies in a spool's files: a frame with a checksum, which can be found again behind damage."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import BinaryIO
from zlib import crc32

from ._wire import Form, Payload

# Place, count, size of the data, form; then the CRC-32 of these and the data.
_HEAD = struct.Struct("<QIIB")
_CRC = struct.Struct("<I")
_SYNC_BYTES = 8
_OVERHEAD = _SYNC_BYTES + _HEAD.size + _CRC.size
_SEARCH_BYTES = 1_048_576


@dataclass
class Record:
    """A batch of a spool."""

    place: int
    """How many events were put into the spool before it. Places of dropped batches are not used again."""
    payload: Payload

    @property
    def end(self) -> int:
        """The place after its last event."""
        return self.place + self.payload.count


def sync_word(producer_id: str) -> bytes:
    """What each frame of a spool begins with. Nobody who sends events knows it, so none can pretend to be a frame."""
    return hashlib.blake2b(producer_id.encode(), digest_size=_SYNC_BYTES).digest()


def encode_frame(sync: bytes, record: Record) -> bytes:
    """A record as it is written."""
    payload = record.payload
    head = _HEAD.pack(record.place, payload.count, len(payload.data), payload.form)
    return b"".join((sync, head, _CRC.pack(crc32(payload.data, crc32(head))), payload.data))


def read_frame(file: BinaryIO, sync: bytes, at: int, end: int) -> tuple[Record | None, int, int]:
    """The first whole frame from an offset on.

    Returns:
        The record, or None if there is none; the offset behind it; how many bytes before it can't be read.
    """
    start: int | None = at
    while start is not None and start < end:
        record = _frame_at(file, sync, start, end)
        if record is not None:
            return record, start + _OVERHEAD + len(record.payload.data), start - at
        start = _find(file, sync, start + 1, end)
    return None, end, end - at


def _frame_at(file: BinaryIO, sync: bytes, at: int, end: int) -> Record | None:
    file.seek(at)
    fixed = file.read(_OVERHEAD)
    if len(fixed) < _OVERHEAD or not fixed.startswith(sync):
        return None
    head = fixed[_SYNC_BYTES : -_CRC.size]
    place, count, size, form = _HEAD.unpack(head)
    if at + _OVERHEAD + size > end or form not in (Form.ROWS, Form.COLUMNS):
        return None
    data = file.read(size)
    if (crc32(data, crc32(head)),) != _CRC.unpack(fixed[-_CRC.size :]):
        return None
    return Record(place, Payload(Form(form), count, data))


def _find(file: BinaryIO, sync: bytes, at: int, end: int) -> int | None:
    while at < end:
        file.seek(at)
        part = file.read(_SEARCH_BYTES)
        found = part.find(sync)
        if found >= 0:
            return at + found
        if len(part) < _SYNC_BYTES:
            return None
        at += len(part) - _SYNC_BYTES + 1
    return None
