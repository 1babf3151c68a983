"""Begins runs, and looks after them when the process forks or exits."""

from __future__ import annotations

import atexit
import logging
import os
import time
from collections.abc import Iterable, Mapping
from typing import Any

from ._ids import check_run_id, new_producer_id, new_run_id
from ._log import WarnOnce, logger
from ._outbox import Outbox
from ._queue import EventQueue
from ._resume import resume_in_background
from ._run import Run
from ._sender import Sender
from ._settings import Settings, is_disabled, read_settings, read_spool_settings
from ._spooler import Spooler
from ._wire import Producer

_EXIT_FLUSH_SEC = 3.0
_EXIT_KEEP_SEC = 0.5

_runs: list[Run] = []
# A forked child must not run the destructors of gRPC's objects: the threads that they wait for are not there.
_inherited: list[Sender] = []
_has_used_grpc = False
_can_use_grpc = True
_warn = WarnOnce()


def start_run(
    *,
    run_id: str | None = None,
    algorithm: str = "FedAvg",
    config: Mapping[str, Any] | None = None,
    emitters: Iterable[object] | None = None,
    verbose: bool = True,
    endpoint: str | None = None,
    token: str | None = None,
) -> Run:
    """Begins a run that is nobody's default. Arguments as :func:`hivewatch_bridge.init`."""
    identity = new_run_id() if run_id is None else check_run_id(run_id)
    if is_disabled():
        return Run(identity, algorithm, config, sender=None, emitters=emitters, verbose=verbose)
    settings = read_settings(endpoint, token)
    if not _can_use_grpc:
        _warn(
            "forked",
            "HiveWatch does nothing in this process: it was forked from one that reports to a bridge, and gRPC can't be"
            " used in both. Let it be spawned (multiprocessing's start method), or call init in the parent alone.",
        )
        return Run(identity, algorithm, config, sender=None, emitters=emitters, verbose=verbose)
    run = Run(identity, algorithm, config, _start_sender(identity, settings), emitters, verbose)
    _runs[:] = [*(other for other in _runs if not other._is_settled()), run]
    level = logging.INFO if verbose else logging.DEBUG
    logger.log(level, "Run %s (%s) is reported to HiveWatch at %s.", identity, algorithm, settings.endpoint)
    return run


def _start_sender(run_id: str, settings: Settings) -> Sender:
    global _has_used_grpc
    _has_used_grpc = True
    spool_settings = read_spool_settings()
    outbox = Outbox(Producer(run_id, new_producer_id(), epoch=1))
    spooler = Spooler(outbox, settings.endpoint, spool_settings)
    # Not before the bridge answers: until then there is no use in it.
    return Sender(
        settings, EventQueue(), outbox, spooler, lambda: resume_in_background(settings, spool_settings.parent)
    )


def _flush_at_exit() -> None:
    deadline = time.monotonic() + _EXIT_FLUSH_SEC
    for run in list(_runs):
        run._flush_at_exit(max(0.0, deadline - _EXIT_KEEP_SEC - time.monotonic()))
    for run in list(_runs):
        run._keep_rest(max(0.0, deadline - time.monotonic()))


def _silence_in_child() -> None:
    global _can_use_grpc
    # It hangs there, or ends the process, if a thread of the parent was in it.
    _can_use_grpc = not _has_used_grpc
    for run in list(_runs):
        sender, run._sender = run._sender, None
        run._hooks = None
        if sender is not None:
            _inherited.append(sender)
    if _inherited:
        logger.debug("HiveWatch does nothing in a forked process: its run belongs to the parent.")


atexit.register(_flush_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_silence_in_child)
