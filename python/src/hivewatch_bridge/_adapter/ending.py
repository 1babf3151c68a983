"""How an adapter ends a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._log import logger
from .._run import Run

FINISH_SEC = 5.0


def end_run(
    run: Run,
    status: str = "completed",
    reason: str | None = None,
    metrics: Mapping[str, Any] | None = None,
    timeout: float = FINISH_SEC,
) -> None:
    """Finishes a run, and waits until the bridge has everything; not for a bridge that was never there.

    Args:
        run: the run.
        status: as of :meth:`Run.finish`, like the rest.
        reason: why.
        metrics: what came out of the training.
        timeout: how long to wait, in seconds.
    """
    if not run._finish(status, reason, timeout, metrics, is_patient=False):
        logger.warning("Not everything of run %s has reached HiveWatch.", run.run_id)
