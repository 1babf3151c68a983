"""Adapter for Flower, both APIs: `flwr.serverapp` (Flower 1.21 and later) and `flwr.server` (1.18 and later).

One line in the server's program is enough::

    from hivewatch_bridge.flower import watch

    strategy = FedAvg(...)
    watch(strategy)
    strategy.start(grid=grid, initial_arrays=arrays, num_rounds=3)

Whatever Flower knows is reported while the strategy runs: who was selected, each reply as it arrives, who failed or
never answered, what the server aggregated and evaluated. Nothing about the training changes.

Flower doesn't know how long a client trained, nor what that took, nor (mostly) where it is. Clients say so with::

    app = ClientApp(mods=[client_mod])
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from .._adapter.guard import Guard
from .._adapter.hook import owner_of_hooks
from .._log import logger
from .._run import Run
from ._client_mod import client_mod
from ._watcher import Options, Watcher

__all__ = ["client_mod", "unwatch", "watch"]

_Strategy = TypeVar("_Strategy")
_guard = Guard("flower")


def watch(
    strategy: _Strategy,
    grid: object = None,
    *,
    run: Run | None = None,
    config: Mapping[str, Any] | None = None,
    endpoint: str | None = None,
    token: str | None = None,
) -> _Strategy:
    """Reports everything that a strategy does to HiveWatch, until :func:`unwatch`.

    Each training is a run: `strategy.start` in the message API; in the legacy API `start_server`, a `ServerApp` with a
    strategy, `Server.fit` or a `DefaultWorkflow`. Its end, and whether it failed or was stopped, is that of the run. A
    loop of one's own, which calls the strategy's methods itself, is a run that ends with :func:`unwatch`; or give it a
    `run` of your own.

    If strategies are nested, as with differential privacy, watch the outermost one.

    Args:
        strategy: a strategy of either API. It is changed in place.
        grid: only if messages are sent before the strategy is started, which are then reported too.
        run: the run to report to, which the caller finishes. By default each training is a run of its own, under
            Flower's run id where there is one.
        config: added to what is known of the run's settings, such as `context.run_config`.
        endpoint: as in :func:`hivewatch_bridge.init`.
        token: as in :func:`hivewatch_bridge.init`.

    Returns:
        The same object.
    """
    _guard(_watch, strategy, grid, Options(run, config or {}, endpoint, token))
    return strategy


def unwatch(strategy: object) -> None:
    """Undoes :func:`watch`: every method is as it was. A training with a loop of its own is over."""
    _guard(_unwatch, strategy)


def _watch(strategy: object, grid: object, options: Options) -> None:
    if not (callable(getattr(strategy, "start", None)) or callable(getattr(strategy, "configure_fit", None))):
        logger.warning("HiveWatch can't watch a %s: it is no strategy of Flower's.", type(strategy).__name__)
    elif owner_of_hooks(strategy) is None:
        watcher = Watcher(strategy, grid, options)
        watcher.guard(watcher.install)


def _unwatch(strategy: object) -> None:
    watcher = owner_of_hooks(strategy)
    if isinstance(watcher, Watcher):
        watcher.remove()
