"""The one thing in a spool that changes: where its producer's sequence of numbers goes on."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

_FIELDS = struct.Struct("<QQQQ")
_CRC = struct.Struct("<I")
_SLOT_BYTES = 64


@dataclass(frozen=True)
class Anchor:
    """Which number the next batch has that is not confirmed."""

    epoch: int
    """The producer's epoch."""
    place: int
    """Every record before this place is confirmed."""
    seq: int
    """The number of the first event of the first record from this place on."""


class AnchorFile:
    """Keeps an anchor in two slots of a small file, written in turn and in place.

    So it can be written when the disk is full, and whoever dies while writing leaves the anchor before.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = 0

    def write(self, anchor: Anchor) -> None:
        """Replaces the anchor.

        Raises:
            OSError: it can't be written.
        """
        self._turn += 1
        fields = _FIELDS.pack(self._turn, anchor.epoch, anchor.place, anchor.seq)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        with open(handle, "r+b", buffering=0) as file:
            file.seek(self._turn % 2 * _SLOT_BYTES)
            file.write((fields + _CRC.pack(crc32(fields))).ljust(_SLOT_BYTES, b"\0"))

    def read(self) -> Anchor | None:
        """The anchor that was written last; None if none can be read.

        Raises:
            OSError: the file can't be read.
        """
        data = self._path.read_bytes()
        slots = (data[at : at + _FIELDS.size + _CRC.size] for at in (0, _SLOT_BYTES))
        whole = [
            _FIELDS.unpack(slot[: _FIELDS.size])
            for slot in slots
            if len(slot) == _FIELDS.size + _CRC.size
            and _CRC.unpack(slot[_FIELDS.size :]) == (crc32(slot[: _FIELDS.size]),)
        ]
        if not whole:
            return None
        self._turn, epoch, place, seq = max(whole)
        return Anchor(epoch, place, seq)
