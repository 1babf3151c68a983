"""The folder in which the spools of all runs of a user lie."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ._ids import PRODUCER_PREFIX
from ._spool_about import ABOUT_FILE, is_spool


def prepare_folder(parent: Path) -> None:
    """Makes the folder of all spools, for this user only.

    Raises:
        OSError: it can't be made, or is another user's in a place where everybody can make folders.
    """
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Somebody who made it before us, as is possible in /tmp, could read what is put in.
    if parent.parent.stat().st_mode & stat.S_IWOTH and not is_own(parent):
        raise PermissionError(f"{parent} belongs to another user")


def is_own(folder: Path) -> bool:
    """Whether a folder is this user's, and no link to one. On Windows, whose users have folders of their own, always.

    Raises:
        OSError: it isn't there.
    """
    if not hasattr(os, "getuid"):
        return True
    found = folder.lstat()
    return found.st_uid == os.getuid() and not stat.S_ISLNK(found.st_mode)


def find_spools(parent: Path) -> list[Path]:
    """The folders of all spools, those in use and those that were left, oldest first; none if they can't be listed."""
    found = []
    try:
        for folder in parent.iterdir():
            about = folder / ABOUT_FILE
            try:
                found.append((about.stat().st_mtime, folder))
            except OSError:
                continue
    except OSError:
        return []
    return [folder for _, folder in sorted(found)]


def find_remains(parent: Path) -> list[Path]:
    """The folders there that are named like spools and are none, or not yet; none if they can't be listed."""
    try:
        named = [folder for folder in parent.iterdir() if folder.name.startswith(PRODUCER_PREFIX)]
    except OSError:
        return []
    return [folder for folder in named if not is_spool(folder)]
