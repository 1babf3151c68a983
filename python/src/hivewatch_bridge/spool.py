"""Shows, sends or discards what programs have left on disk: `python -m hivewatch_bridge.spool --help`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from ._resume import start_sending
from ._settings import read_settings, read_spool_settings
from ._spool import adopt_spool, lock_spool, remove_spool
from ._spool_about import Unreadable, read_about
from ._spool_folder import find_spools
from ._spool_lock import InUse, unlock

_SEND_TIMEOUT_SEC = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code: 0, or 1 if something could not be done."""
    options = _parser().parse_args(arguments)
    folders = list(_chosen(options.dir, getattr(options, "spool", [])))
    if options.command == "list":
        for folder in folders:
            print(_describe(folder))
        return 0
    return 0 if all([_do(folder, options) for folder in folders]) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hivewatch_bridge.spool",
        description="Events that HiveWatch's bridge has not confirmed wait in spools, one for each run. "
        "The next run that reports to the same bridge sends them; this does it by hand.",
    )
    parser.add_argument(
        "--dir",
        type=Path,
        default=read_spool_settings().parent,
        help="where the spools are; by default HIVEWATCH_SPOOL_DIR, or %(default)s",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="show all spools")
    send = commands.add_parser("send", help="send spools to a bridge, and delete them")
    send.add_argument("--endpoint", help="host:port of the bridge; by default the one that the run reported to")
    send.add_argument(
        "--timeout",
        type=float,
        default=_SEND_TIMEOUT_SEC,
        help="how long to try, in seconds for each spool; %(default)s by default",
    )
    discard = commands.add_parser("discard", help="delete spools without sending them")
    send.add_argument("spool", nargs="*", help="names of spools, as in the list; all by default")
    discard.add_argument("spool", nargs="+", help="names of spools, as in the list")
    return parser


def _chosen(parent: Path, names: Sequence[str]) -> Iterator[Path]:
    found = {folder.name: folder for folder in find_spools(parent)}
    for name in names:
        if name not in found:
            raise SystemExit(f"there is no spool named {name!r} in {parent}")
    yield from (folder for name, folder in found.items() if not names or name in names)


def _describe(folder: Path) -> str:
    files = [path.stat() for path in folder.iterdir()]
    size = sum(file.st_size for file in files)
    changed = datetime.fromtimestamp(max(file.st_mtime for file in files)).isoformat(" ", "seconds")
    try:
        about = read_about(folder)
        whose = f"run {about.run_id}, for {about.endpoint}"
    except Unreadable as reason:
        whose = f"damaged: {reason}"
    return f"{folder.name}  {size / 1_048_576:.1f} MiB  {changed}  {_state(folder)}  {whose}"


def _state(folder: Path) -> str:
    try:
        unlock(lock_spool(folder))
    except InUse:
        return "in use"
    except OSError:
        return "unusable"
    return "left"


def _do(folder: Path, options: argparse.Namespace) -> bool:
    try:
        if options.command == "send":
            _send(folder, options.endpoint, options.timeout)
        else:
            remove_spool(folder, lock_spool(folder))
    except InUse:
        failure = "a running process uses it"
    except (Unreadable, OSError, ValueError) as error:
        failure = str(error)
    else:
        print(f"{folder.name}: {'sent' if options.command == 'send' else 'discarded'}")
        return True
    print(f"{folder.name}: {failure}", file=sys.stderr)
    return False


def _send(folder: Path, endpoint: str | None, timeout: float) -> None:
    spool = adopt_spool(folder)
    try:
        settings = read_settings(endpoint or spool.about.endpoint, token=None)
    except ValueError:
        spool.close()
        raise
    sender = start_sending(spool, settings)
    if not sender.join(timeout):
        raise OSError(f"the bridge at {settings.endpoint} did not take all of it within {timeout:g} s; the rest stays")
    if sender.is_dead:
        raise OSError("the bridge refused it")


if __name__ == "__main__":
    sys.exit(main())
