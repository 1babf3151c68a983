"""The spool of a running program: made when it is needed, gone when it is empty, given up when the disk fails."""

from __future__ import annotations

import time
from pathlib import Path

from ._log import WarnOnce, logger
from ._outbox import Outbox, Sealed
from ._settings import SpoolSettings
from ._spool import Spool, create_spool
from ._spool_about import About
from ._spool_folder import prepare_folder
from ._wire import Payload

_RETRY_SEC = 30.0


class Spooler:
    """Where the sender puts what it can't send. Only the sender's thread changes it.

    Args:
        outbox: whose batches it keeps.
        endpoint: the bridge that they are for.
        settings: where and how much.
        spool: one that was adopted. Then nothing is added.
    """

    def __init__(self, outbox: Outbox, endpoint: str, settings: SpoolSettings, spool: Spool | None = None) -> None:
        self._outbox = outbox
        self._endpoint = endpoint
        self._settings = settings
        self._spool = spool
        self.is_adopted = spool is not None
        self._made = 0
        self._retry_at = 0.0
        self._warn = WarnOnce()
        self._known_damage = 0
        self._new_damage = 0

    @property
    def folder(self) -> Path | None:
        """Where the spool is; None if there is none now. May be asked from any thread."""
        spool = self._spool
        return None if spool is None else spool.folder

    @property
    def has_next(self) -> bool:
        """Whether batches without a number are on disk. May be asked from any thread."""
        spool = self._spool
        return spool is not None and spool.has_next

    @property
    def can_keep(self) -> bool:
        """Whether it is of use to put something there now. May be asked from any thread."""
        return not self.is_adopted and self._settings.limit_bytes > 0 and time.monotonic() >= self._retry_at

    def keep_sent(self) -> bool:
        """Writes what is on its way to the bridge, unless it is there.

        Returns:
            Whether all of it is on disk.
        """
        try:
            for sealed in self._outbox:
                if sealed.place is None:
                    self._open(sealed.first_seq).append_sent(sealed)
            return True
        except OSError as error:
            self._failed(error)
            return False

    def keep(self, payload: Payload, droppable: bool) -> tuple[bool, int]:
        """Writes a batch that has no number yet. What is on its way was written before.

        Returns:
            Whether the batch needs no other place any more; and how many events had to go because the spool is full, in
            either case.
        """
        before = 0 if self._spool is None else self._spool.dropped
        try:
            self._open(self._outbox.next_seq).append(payload, droppable)
            is_kept = True
        except OSError as error:
            self._failed(error)
            is_kept = False
        dropped = 0 if self._spool is None else self._spool.dropped - before
        if dropped:
            self._warn(
                "full",
                "HiveWatch's spool in %s is full (%d MiB): the oldest telemetry of clients is being dropped.",
                self.folder,
                self._settings.limit_bytes // 1_048_576,
            )
        return is_kept, dropped

    def seal_next(self) -> Sealed | None:
        """Gives the next batch on disk its number; None if there is none."""
        if self._spool is None:
            return None
        record = self._spool.take()
        self._look_for_damage(self._spool)
        return None if record is None else self._outbox.seal(record.payload, time.monotonic(), record.place)

    def confirm(self, sealed: Sealed) -> None:
        """Says that the bridge has a batch, or refused it for good."""
        if self._spool is None or sealed.place is None:
            return
        try:
            self._spool.confirm(sealed)
        except OSError as error:
            # It is asked for again when the spool is adopted, and the bridge says that it has it.
            self._warn("confirm", "HiveWatch's spool in %s can't be tidied: %s", self._spool.folder, error)
        self.remove_if_empty()

    def pass_over(self, mark: int) -> None:
        """Forgets what the bridge has of a spool that was adopted."""
        outbox, spool = self._outbox, self._spool
        while outbox.next_seq < mark:
            record = None if spool is None else spool.take()
            if spool is None or record is None:
                # It has all of it, and more that was never here.
                outbox.next_seq = mark
                break
            # What can't be read was stored too, if the bridge is beyond it.
            missing = record.place - spool.anchor.place if spool.unreadable else 0
            if missing and outbox.next_seq + missing <= mark:
                outbox.next_seq += missing
                self._known_damage = spool.unreadable
            sealed = outbox.seal(record.payload, time.monotonic(), record.place)
            if sealed.end > mark:
                break
            outbox.settle(sealed)
            self.confirm(sealed)
            spool = self._spool
        if spool is not None:
            self._look_for_damage(spool)
        self.remove_if_empty()

    def take_damage(self) -> int:
        """How many bytes were found since the last time that can't be read, and that the bridge doesn't have."""
        damage, self._new_damage = self._new_damage, 0
        return damage

    def begin_epoch(self) -> None:
        """Begins a new epoch, on disk first.

        Raises:
            OSError: that can't be written down, so nothing may be sent in it.
        """
        if self._spool is not None:
            self._spool.begin_epoch(self._outbox.producer.epoch + 1)
        self._outbox.begin_epoch()

    def remove_if_empty(self) -> None:
        """Deletes the spool if nothing in it is needed any more."""
        spool = self._spool
        if spool is None or not spool.is_empty:
            return
        self._spool = None
        self._look_for_damage(spool)
        try:
            spool.remove()
        except OSError as error:
            self._warn("remove", "HiveWatch's spool in %s is empty, but can't be deleted: %s", spool.folder, error)

    def close(self) -> None:
        """Leaves the spool as it is, to whoever adopts it."""
        if self._spool is not None:
            self._spool.close()

    def _open(self, next_seq: int) -> Spool:
        if self._spool is None:
            producer = self._outbox.producer
            about = About(producer.run_id, producer.producer_id, self._endpoint)
            parent = self._settings.parent
            prepare_folder(parent)
            # Each time another name: the folder before may not have gone.
            folder = parent / f"{producer.producer_id}-{self._made}"
            self._made += 1
            self._spool = create_spool(folder, about, producer.epoch, next_seq, self._settings.limit_bytes)
            logger.debug("What HiveWatch's bridge has not confirmed is kept in %s.", folder)
        return self._spool

    def _failed(self, error: OSError) -> None:
        self._warn(
            "failed",
            "HiveWatch can't keep events on disk in %s (%s): they stay in memory, and are lost if the program ends "
            "before its bridge takes them. HIVEWATCH_SPOOL_DIR sets another folder.",
            self._settings.parent,
            error,
        )
        # Last: whoever waits for the outcome goes on from here, and finds the reason in the log.
        self._retry_at = time.monotonic() + _RETRY_SEC

    def _look_for_damage(self, spool: Spool) -> None:
        if spool.unreadable > self._known_damage:
            self._new_damage += spool.unreadable - self._known_damage
            self._known_damage = spool.unreadable
            self._warn(
                "damage",
                "HiveWatch's spool in %s is cut off or damaged: some of its events are lost, the rest is sent.",
                spool.folder,
            )
