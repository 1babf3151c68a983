"""Whose events a spool holds, and where they shall go."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

ABOUT_FILE = "run.json"
NEW_ABOUT_FILE = "run.json.new"
_VERSION = 1


class Unreadable(Exception):
    """A spool that is damaged where it matters. The text says where."""


@dataclass(frozen=True)
class About:
    """What identifies a spool."""

    run_id: str
    producer_id: str
    endpoint: str
    """The bridge that its events were meant for, as `host:port`."""

    def write(self, folder: Path) -> None:
        """Writes it into a new spool, whole or not at all.

        Raises:
            OSError: it can't be written.
        """
        handle = os.open(folder / NEW_ABOUT_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            json.dump({"version": _VERSION, **asdict(self)}, file)
        (folder / NEW_ABOUT_FILE).rename(folder / ABOUT_FILE)


def read_about(folder: Path) -> About:
    """Reads what a folder holds.

    Raises:
        Unreadable: no spool, or none that can be read.
    """
    try:
        fields = json.loads((folder / ABOUT_FILE).read_bytes())
        version = fields.pop("version")
        if version != _VERSION:
            raise Unreadable(f"it is of version {version}, which this version of hivewatch-bridge can't read")
        about = About(**fields)
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise Unreadable(f"{ABOUT_FILE} can't be read ({type(error).__name__})") from None
    if not all(isinstance(value, str) and value for value in asdict(about).values()):
        raise Unreadable(f"{ABOUT_FILE} is damaged")
    return about


def is_spool(folder: Path) -> bool:
    """Whether a folder is a spool, maybe a damaged one."""
    return (folder / ABOUT_FILE).exists()
