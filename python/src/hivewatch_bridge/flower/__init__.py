"""Adapter for Flower's message API (`flwr.serverapp`, Flower 1.21 and later).

One line in the ServerApp is enough::

    from hivewatch_bridge.flower import watch

    strategy = watch(FedAvg(...))
    strategy.start(grid=grid, initial_arrays=arrays, num_rounds=3)

Whatever Flower knows is reported while the strategy runs: who was selected, each reply as it arrives, who failed or
never answered, what the server aggregated and evaluated. Nothing about the training changes.

Flower doesn't know where a client is, nor how long it trained. A client says so in a ConfigRecord named ``hivewatch``
in its reply, which strategies ignore::

    content["hivewatch"] = ConfigRecord({"site": "hospital-a", "lat": 50.94, "lng": 6.96, "train_time_sec": 4.2})
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from .._log import logger
from .._run import Run
from ._hook import Hook
from ._watcher import Watcher

__all__ = ["watch"]

_Strategy = TypeVar("_Strategy")


def watch(
    strategy: _Strategy,
    *,
    run: Run | None = None,
    config: Mapping[str, Any] | None = None,
    endpoint: str | None = None,
    token: str | None = None,
) -> _Strategy:
    """Reports everything that happens in `strategy.start` to HiveWatch.

    If strategies are nested, as with differential privacy, watch the outermost one.

    Args:
        strategy: a strategy of Flower's message API. It is changed in place, and only as long as `start` runs.
        run: the run to report to, which the caller finishes. By default each `start` is a run of its own, under
            Flower's run id.
        config: added to what is known of the run's settings, such as `context.run_config`.
        endpoint: as in :func:`hivewatch_bridge.init`.
        token: as in :func:`hivewatch_bridge.init`.

    Returns:
        The same object.
    """
    if not callable(getattr(strategy, "start", None)):
        logger.warning("HiveWatch can't watch a %s: it has no start().", type(strategy).__name__)
    elif not isinstance(vars(strategy).get("start"), Hook):
        watcher = Watcher(strategy, run, config, endpoint, token)
        strategy.start = Hook(strategy, "start", watcher.start)  # type: ignore[attr-defined]
    return strategy
