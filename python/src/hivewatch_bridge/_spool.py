"""Batches on disk that the bridge has not confirmed: of one producer, in one folder.

A batch has no sequence number in the spool; it has a place in the order of what was spooled. Its number follows from
the anchor, which gives the number of one batch, and from the counts of the batches between the two. The reasons:

- The bridge refuses gaps, and a batch that was sent must keep its number, or it could be stored twice.
- When the spool is full, batches go from its middle: the oldest telemetry of clients, between events that stay. What
  goes was never sent, so what is behind it just moves up, and no number is missing.
- A process that finds the spool asks the bridge for its mark, and passes over batches until their counts reach it. It
  needn't know what the dead process had sent, so nothing has to be written when a batch is sent.

This needs that whatever was numbered before a spooled batch is in the spool as well, or confirmed: so those that are on
their way to the bridge are written first.

Nothing is synced: what was written survives the death of the process at any moment, but maybe not that of the machine.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ._outbox import Sealed
from ._segments import loss
from ._spool_about import ABOUT_FILE, NEW_ABOUT_FILE, About, Unreadable, is_spool, read_about
from ._spool_anchor import Anchor, AnchorFile
from ._spool_frames import Record, sync_word
from ._spool_lock import lock, unlock
from ._spool_pieces import SUFFIX, Pieces
from ._wire import Payload

_LOCK = "lock"
_ANCHOR = "anchor"
# What a folder holds that is not yet a spool, or no longer.
_NO_SPOOL = {_LOCK, _ANCHOR, NEW_ABOUT_FILE}
_ATTEMPTS = 3
# So that making room costs a small part of what is there.
_PIECES_PER_SPOOL = 16
_MAX_PIECE_BYTES = 16_777_216


class Spool:
    """An open spool, which nobody else can open. Made by :func:`create_spool` or :func:`adopt_spool`.

    One thread uses it. Every method may raise OSError.
    """

    def __init__(
        self, folder: Path, about: About, lock_handle: int, anchor: Anchor, anchor_file: AnchorFile, limit_bytes: int
    ) -> None:
        self.folder = folder
        self.about = about
        self.anchor = anchor
        """Where the sequence goes on. On disk it may be an earlier one."""
        self._anchor_file = anchor_file
        self._lock = lock_handle
        self._limit = limit_bytes
        sync = sync_word(about.producer_id)
        piece_bytes = min(limit_bytes // _PIECES_PER_SPOOL, _MAX_PIECE_BYTES)
        self._telemetry = Pieces(folder, "telemetry", sync, piece_bytes)
        self._lifecycle = Pieces(folder, "lifecycle", sync, piece_bytes)
        self._next_place = anchor.place
        self._on_their_way = 0
        self.dropped = 0
        """How many events had to go so far because the spool is full."""
        while (pieces := self._first()) is not None and pieces.head is not None and pieces.head.place < anchor.place:
            pieces.take()

    @property
    def has_next(self) -> bool:
        """Whether there is a batch that wasn't taken. May be asked from any thread."""
        return self._telemetry.head is not None or self._lifecycle.head is not None

    @property
    def is_empty(self) -> bool:
        """Whether everything is confirmed."""
        return not self.has_next and self._on_their_way == 0

    @property
    def unreadable(self) -> int:
        """How many bytes were passed over so far because they can't be read."""
        return self._telemetry.unreadable + self._lifecycle.unreadable

    def append(self, payload: Payload, droppable: bool) -> None:
        """Adds a batch behind all others.

        What has to go for it, or with it, is told by an event in the spool, and counted in `dropped`, also if the batch
        then can't be written.
        """
        # Frames add a few bytes to the data; the limit needn't be that exact.
        while self._telemetry.size + self._lifecycle.size + len(payload.data) > self._limit:
            count = self._telemetry.droppable
            if count == 0:
                if droppable:
                    # Batches on their way and events of the run itself take all the room.
                    self._add(self._lifecycle, loss(count=payload.count))
                    self.dropped += payload.count
                    return
                break
            # First, as the process may die before the next line.
            self._add(self._lifecycle, loss(count=count))
            self.dropped += count
            self._telemetry.drop()
        self._add(self._telemetry if droppable else self._lifecycle, payload)

    def append_sent(self, sealed: Sealed) -> None:
        """Adds a batch that is on its way to the bridge. All others are, too."""
        assert not self.has_next
        record = Record(self._next_place, sealed.payload)
        self._lifecycle.append(record, taken=True)
        self._next_place = record.end
        self._on_their_way += 1
        sealed.place = record.place

    def take(self) -> Record | None:
        """The next batch, which is on its way from now on; None if there is none."""
        pieces = self._first()
        if pieces is None:
            return None
        self._on_their_way += 1
        return pieces.take()

    def confirm(self, sealed: Sealed) -> None:
        """Says that a batch of this spool, and all before it, are with the bridge."""
        assert sealed.place is not None
        self._on_their_way -= 1
        self.anchor = Anchor(self.anchor.epoch, sealed.place + sealed.payload.count, sealed.end)
        place = self.anchor.place
        done = [path for pieces in (self._telemetry, self._lifecycle) for path in pieces.remove_before(place)]
        if done:
            self._anchor_file.write(self.anchor)
            for path in done:
                path.unlink()

    def begin_epoch(self, epoch: int) -> None:
        """Says that the batches which aren't confirmed are numbered from 0 from now on."""
        self.anchor = Anchor(epoch, self.anchor.place, 0)
        self._anchor_file.write(self.anchor)

    def close(self) -> None:
        """Leaves the spool to whoever adopts it."""
        self._telemetry.close()
        self._lifecycle.close()
        unlock(self._lock)

    def remove(self) -> None:
        """Closes and deletes the spool."""
        self._telemetry.close()
        self._lifecycle.close()
        remove_spool(self.folder, self._lock)

    def _add(self, pieces: Pieces, payload: Payload) -> None:
        record = Record(self._next_place, payload)
        pieces.append(record, taken=False)
        self._next_place = record.end

    def _first(self) -> Pieces | None:
        having = [pieces for pieces in (self._telemetry, self._lifecycle) if pieces.head is not None]
        return min(having, key=lambda pieces: pieces.head.place if pieces.head else 0, default=None)


def create_spool(folder: Path, about: About, epoch: int, next_seq: int, limit_bytes: int) -> Spool:
    """Makes a new spool.

    Args:
        folder: must not be there, but its parent must.
        about: whose events it will hold.
        epoch: the producer's.
        next_seq: number of the first event that will be put in.
        limit_bytes: how large it may become. Only events of the run itself, which never go, can make it larger.

    Raises:
        OSError: it can't be made.
    """
    anchor = Anchor(epoch, 0, next_seq)
    for _ in range(_ATTEMPTS - 1):
        # Another process may take it for what a dead one has left.
        with contextlib.suppress(FileNotFoundError):
            return _create(folder, about, anchor, limit_bytes)
    return _create(folder, about, anchor, limit_bytes)


def _create(folder: Path, about: About, anchor: Anchor, limit_bytes: int) -> Spool:
    folder.mkdir(mode=0o700)
    try:
        handle = lock(folder / _LOCK, create=True)
    except BaseException:
        # As on a file system without locks.
        with contextlib.suppress(OSError):
            (folder / _LOCK).unlink(missing_ok=True)
            folder.rmdir()
        raise
    try:
        file = AnchorFile(folder / _ANCHOR)
        file.write(anchor)
        # Last: only with this it is a spool.
        about.write(folder)
        return Spool(folder, about, handle, anchor, file, limit_bytes)
    except BaseException:
        with contextlib.suppress(OSError):
            remove_spool(folder, handle)
        raise


def adopt_spool(folder: Path) -> Spool:
    """Opens a spool that a process left, to send what is in it.

    Raises:
        InUse: a process uses it.
        Unreadable: it is damaged where it matters.
        OSError: it can't be opened.
    """
    handle = lock(folder / _LOCK, create=False)
    try:
        about, file = read_about(folder), AnchorFile(folder / _ANCHOR)
        anchor = file.read()
        if anchor is None:
            raise Unreadable("its anchor is damaged, so that nobody knows which of its events the bridge has")
        return Spool(folder, about, handle, anchor, file, _MAX_PIECE_BYTES)
    except BaseException:
        unlock(handle)
        raise


def remove_spool(folder: Path, lock_handle: int) -> None:
    """Deletes a spool that is locked by the caller, and gives the lock back.

    Raises:
        OSError: something of it can't be deleted.
    """
    try:
        # What says that it is a spool goes behind the batches: whoever dies here leaves one that is empty.
        for path in sorted(folder.iterdir(), key=lambda path: (path.suffix != SUFFIX, path.name != ABOUT_FILE)):
            if path.name != _LOCK:
                path.unlink()
        if os.name != "nt":
            (folder / _LOCK).unlink()
    finally:
        unlock(lock_handle)
    # Windows deletes no file that is open.
    (folder / _LOCK).unlink(missing_ok=True)
    # Whoever tidies may have been quicker.
    with contextlib.suppress(FileNotFoundError):
        folder.rmdir()


def remove_remains(folder: Path) -> None:
    """Deletes what is there of a spool if its process died while it made or deleted it. There are no events in it.

    Raises:
        InUse: a process is making or deleting it just now.
        OSError: it can't be deleted.
    """
    names = {path.name for path in folder.iterdir()}
    if not names <= _NO_SPOOL:
        return
    if _LOCK not in names:
        folder.rmdir()
        return
    handle = lock(folder / _LOCK, create=False)
    if is_spool(folder):
        unlock(handle)
    else:
        remove_spool(folder, handle)


def lock_spool(folder: Path) -> int:
    """Locks a spool to delete it.

    Raises:
        InUse: a process uses it.
        OSError: it isn't there.
    """
    return lock(folder / _LOCK, create=False)
