"""Adapter for APPFL: its server agent, whichever scheduler and communicator it is used with.

One line in the server's program is enough::

    from hivewatch_bridge.appfl import watch

    agent = ServerAgent(server_agent_config=config)
    watch(agent)
    serve(GRPCServerCommunicator(agent, ...), ...)

A round is the making of a global model: of one update with FedAsync, of K with FedBuff, of one from each client with a
synchronous scheduler. Nothing about the training changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from .._adapter.guard import Guard
from .._adapter.hook import owner_of_hooks
from .._log import logger
from .._run import Run
from ._watcher import Options, Watcher

__all__ = ["unwatch", "watch"]

_Agent = TypeVar("_Agent")
_guard = Guard("appfl")


def watch(
    agent: _Agent,
    *,
    run: Run | None = None,
    config: Mapping[str, Any] | None = None,
    endpoint: str | None = None,
    token: str | None = None,
) -> _Agent:
    """Reports everything that APPFL's server does to HiveWatch.

    The run begins at once. It ends when all clients have closed their connection, when APPFL's gRPC server is
    interrupted, with :func:`unwatch`, or at the end of the program: `completed` if the training had all of its global
    epochs, else `aborted`.

    Args:
        agent: a `ServerAgent`. It is changed in place.
        run: the run to report to, which the caller finishes. By default the training is a run of its own.
        config: added to what is known of the run's settings.
        endpoint: as in :func:`hivewatch_bridge.init`.
        token: as in :func:`hivewatch_bridge.init`.

    Returns:
        The same object.
    """
    _guard(_watch, agent, Options(run, config or {}, endpoint, token))
    return agent


def unwatch(agent: object) -> None:
    """Undoes :func:`watch`: every method is as it was. The run is over."""
    _guard(_unwatch, agent)


def _watch(agent: object, options: Options) -> None:
    if not callable(getattr(agent, "global_update", None)):
        logger.warning("HiveWatch can't watch a %s: it is no server agent of APPFL's.", type(agent).__name__)
    elif owner_of_hooks(agent) is None:
        watcher = Watcher(agent, options)
        watcher.guard(watcher.install)


def _unwatch(agent: object) -> None:
    watcher = owner_of_hooks(agent)
    if isinstance(watcher, Watcher):
        watcher.remove()
