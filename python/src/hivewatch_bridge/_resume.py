"""Sends what processes that died have left on disk."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

from ._log import logger
from ._outbox import Outbox
from ._queue import EventQueue
from ._sender import Sender
from ._settings import Settings, SpoolSettings
from ._spool import Spool, adopt_spool, remove_remains
from ._spool_about import Unreadable, is_spool, read_about
from ._spool_folder import find_remains, find_spools, is_own
from ._spool_lock import InUse
from ._spooler import Spooler
from ._wire import Producer


def resume_in_background(settings: Settings, parent: Path) -> None:
    """Sends every spool that nobody uses and that was meant for the same bridge, one after the other.

    Args:
        settings: the bridge; it should be there.
        parent: the folder of all spools.
    """
    try:
        threading.Thread(target=_resume_all, args=(settings, parent), name="hivewatch-resume", daemon=True).start()
    except RuntimeError:
        logger.debug("The program is ending: spools that were left wait for the next one.")


def start_sending(spool: Spool, settings: Settings) -> Sender:
    """Sends a spool that was adopted; it is deleted at the end. The sender's thread ends then."""
    about, anchor = spool.about, spool.anchor
    outbox = Outbox(Producer(about.run_id, about.producer_id, anchor.epoch), anchor.seq)
    spooler = Spooler(outbox, settings.endpoint, SpoolSettings(spool.folder.parent, limit_bytes=0), spool)
    # Otherwise the sender would never look at it.
    spooler.remove_if_empty()
    sender = Sender(settings, EventQueue(), outbox, spooler)
    sender.close()
    return sender


def _resume_all(settings: Settings, parent: Path) -> None:
    for folder in find_spools(parent):
        try:
            _resume(settings, folder)
        except InUse:
            continue
        except (Unreadable, OSError) as error:
            # It may have been sent and deleted by another process just now.
            if is_spool(folder):
                logger.warning("HiveWatch's spool in %s can't be sent: %s", folder, error)
        except Exception:  # a fault of ours must not be printed by the thread
            logger.warning("HiveWatch's spool in %s can't be sent.", folder, exc_info=True)
    _tidy(parent)


def _tidy(parent: Path) -> None:
    for folder in find_remains(parent):
        # What can't be deleted now, or is being made, is looked at by the next process.
        with contextlib.suppress(OSError):
            if is_own(folder):
                remove_remains(folder)


def _resume(settings: Settings, folder: Path) -> None:
    if not is_own(folder):
        # What somebody else has put there must not be sent with this program's token.
        logger.debug("HiveWatch's spool in %s belongs to another user.", folder)
        return
    about = read_about(folder)
    if about.endpoint != settings.endpoint:
        # Another bridge may belong to somebody else, and has the rest of that run in any case.
        logger.debug("HiveWatch's spool in %s is for the bridge at %s.", folder, about.endpoint)
        return
    sender = start_sending(adopt_spool(folder), settings)
    sender.join()
    if not sender.is_dead:
        logger.info("What an earlier process has left of run %s is with HiveWatch's bridge.", about.run_id)
