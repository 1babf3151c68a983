"""The files of a spool that hold its batches."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from ._spool_frames import Record, encode_frame, read_frame

SUFFIX = ".batches"
# Windows would translate line ends.
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)


@dataclass
class _Piece:
    path: Path
    size: int = 0
    events: int = 0
    read_to: int = 0
    end: int = 0
    """The place after the last record that was written or read here."""


class Pieces:
    """Records of one kind, in append-only files of bounded size, read in the order in which they were written.

    Args:
        folder: where the files are.
        kind: what their names begin with.
        sync: see :func:`sync_word`.
        piece_bytes: at which size the next file is begun.
    """

    def __init__(self, folder: Path, kind: str, sync: bytes, piece_bytes: int) -> None:
        self._folder = folder
        self._kind = kind
        self._sync = sync
        self._piece_bytes = piece_bytes
        found = sorted(folder.glob(f"{kind}-*{SUFFIX}"))
        self._pieces = deque(_Piece(path, path.stat().st_size) for path in found)
        self._writing: int | None = None
        self.unreadable = 0
        """How many bytes were passed over because they can't be read."""
        self.head: Record | None = None
        """The next record; None if there is none."""
        self._advance()

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(piece.size for piece in self._pieces)

    def append(self, record: Record, taken: bool) -> None:
        """Writes a record behind the others.

        Args:
            record: what to write.
            taken: whether it is on its way to the bridge already. There is no other record then that isn't.

        Raises:
            OSError: it can't be written, and isn't there.
        """
        piece = self._piece_to_write(record.place)
        self._write(piece, encode_frame(self._sync, record))
        piece.events += record.payload.count
        piece.end = record.end
        if taken:
            piece.read_to = piece.size
        elif self.head is None:
            self.head = record
            piece.read_to = piece.size

    def take(self) -> Record:
        """Moves on to the next record; returns the one that was it."""
        assert self.head is not None
        record = self.head
        self._advance()
        return record

    def remove_before(self, place: int) -> list[Path]:
        """Forgets the files in which nothing is left from `place` on; returns them, for the caller to delete."""
        removed = []
        while self._pieces and self._pieces[0].read_to >= self._pieces[0].size and self._pieces[0].end <= place:
            removed.append(self._forget(0).path)
        return removed

    @property
    def droppable(self) -> int:
        """How many events :meth:`drop` would cost; 0 if it can't be."""
        return next((piece.events for piece in self._pieces if piece.read_to == 0), 0)

    def drop(self) -> None:
        """Deletes the oldest file of which nothing was read."""
        index = next(index for index, piece in enumerate(self._pieces) if piece.read_to == 0)
        self._forget(index).path.unlink()

    def close(self) -> None:
        """Closes the file that is being written."""
        if self._writing is not None:
            os.close(self._writing)
            self._writing = None

    def _advance(self) -> None:
        self.head = None
        for piece in self._pieces:
            if piece.read_to >= piece.size:
                continue
            with piece.path.open("rb") as file:
                record, piece.read_to, skipped = read_frame(file, self._sync, piece.read_to, piece.size)
            self.unreadable += skipped
            if record is not None:
                piece.end = record.end
                self.head = record
                return

    def _piece_to_write(self, place: int) -> _Piece:
        if self._writing is not None and self._pieces[-1].size < self._piece_bytes:
            return self._pieces[-1]
        self.close()
        # Fixed width, so that names sort like places. One place has one record, or none that was written whole.
        piece = _Piece(self._folder / f"{self._kind}-{place:020}{SUFFIX}")
        self._writing = os.open(piece.path, _WRITE, 0o600)
        self._pieces.append(piece)
        return piece

    def _write(self, piece: _Piece, frame: bytes) -> None:
        assert self._writing is not None
        left = memoryview(frame)
        try:
            while left:
                left = left[os.write(self._writing, left) :]
        except OSError:
            # The next record must not stand behind half of one.
            os.ftruncate(self._writing, piece.size)
            raise
        piece.size += len(frame)

    def _forget(self, index: int) -> _Piece:
        piece = self._pieces[index]
        if index == len(self._pieces) - 1:
            self.close()
        del self._pieces[index]
        return piece
