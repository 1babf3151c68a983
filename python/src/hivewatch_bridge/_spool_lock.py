"""Who may use a spool: whoever holds its lock, which the system takes back when a process dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_held: set[int] = set()


class InUse(OSError):
    """Another process, or another run of this one, holds the lock."""


def lock(path: Path, create: bool) -> int:
    """Takes a lock.

    Args:
        path: the lock's file.
        create: whether the file is new: then it waits for whoever just looks at it, and may have taken it away. Else it
            must be there.

    Returns:
        A handle for :func:`unlock`.

    Raises:
        InUse: somebody has it.
        OSError: there is no such file (any more), or this file system has no locks.
    """
    handle = os.open(path, os.O_RDWR | (os.O_CREAT | os.O_EXCL if create else 0), 0o600)
    try:
        # Tied to the open file, not to the process: two runs of one process exclude each other too.
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_LOCK if create else msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if create else fcntl.LOCK_NB))
        if create:
            # Whoever looked at it may have had it first, and deleted it: then this one keeps nobody out.
            path.stat()
    except (BlockingIOError, PermissionError) as error:
        os.close(handle)
        raise InUse(str(error)) from None
    except OSError:
        os.close(handle)
        raise
    _held.add(handle)
    return handle


def unlock(handle: int) -> None:
    """Gives a lock back."""
    if handle in _held:
        _held.discard(handle)
        os.close(handle)


def _let_go_in_child() -> None:
    # The lock is the parent's, and would outlive it as long as a child keeps the file open.
    for handle in _held:
        os.close(handle)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
