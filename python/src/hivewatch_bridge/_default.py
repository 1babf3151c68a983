"""The functions of the module: they act on the run that `init` began last."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable, TypeVar

from ._lifecycle import start_run
from ._run import FINISH_TIMEOUT_SEC, Run
from ._settings import is_disabled

_Function = TypeVar("_Function", bound=Callable[..., None])

_current: Run | None = None


def init(
    *,
    run_id: str | None = None,
    algorithm: str = "FedAvg",
    config: Mapping[str, Any] | None = None,
    emitters: Iterable[object] | None = None,
    verbose: bool = True,
    endpoint: str | None = None,
    token: str | None = None,
) -> Run:
    """Begins a run and makes it the one that the other functions act on. Returns at once, with or without a bridge.

    Args:
        run_id: up to 128 characters that may stand in a file's name; by default a new one like `run-kqzv-4821`.
        algorithm: name of the federated algorithm.
        config: settings of the training, as far as JSON can hold them.
        emitters: where to send the run beside the map, as :mod:`hivewatch_bridge.emitters` has them; and objects of
            your own with any of the hooks `on_init(run_id, algorithm, config)`, `on_client_update(client)`,
            `on_round(summary, clients)`, `on_dropout(round, client_id, reason)`,
            `on_comm_failure(round, client_id, reason)`, `on_checkpoint(round, path, metadata)`,
            `on_server_metadata(metadata)` and `finish()`. Each object's hooks are called in order, in a thread of its
            own; what they raise is logged.
        verbose: whether the one line that names run and endpoint is logged at level INFO, or else DEBUG.
        endpoint: `host:port` of the bridge; by default `HIVEWATCH_ENDPOINT`, or `127.0.0.1:7071`.
        token: bearer token for the bridge; by default `HIVEWATCH_TOKEN`, or none.

    Raises:
        ValueError: `run_id` or `endpoint` is malformed.
    """
    global _current
    _current = start_run(
        run_id=run_id,
        algorithm=algorithm,
        config=config,
        emitters=emitters,
        verbose=verbose,
        endpoint=endpoint,
        token=token,
    )
    return _current


def _of_the_run(function: _Function) -> _Function:
    """Gives a function of the module its body, which is the method of the same name of the current run."""
    name = function.__name__

    @functools.wraps(function)
    def forward(*args: Any, **kwargs: Any) -> Any:
        run = _current
        if run is not None:
            return getattr(run, name)(*args, **kwargs)
        _must_be_disabled()
        return None

    return forward  # type: ignore[return-value]


def _of_a_client(event_type: str) -> Callable[[_Function], _Function]:
    """The same for what is called for each client, without handing its fields on more often than needed."""

    def decorate(function: _Function) -> _Function:
        otherwise = _of_the_run(function)

        @functools.wraps(function)
        def forward(*args: Any, **kwargs: Any) -> None:
            run = _current
            if run is not None and len(args) == 1:
                run._log_client(event_type, args[0], kwargs)
            else:
                otherwise(*args, **kwargs)

        return forward  # type: ignore[return-value]

    return decorate


@_of_the_run
def round_start(round: int, selected: Iterable[object] | None = None) -> None:
    """See :meth:`Run.round_start`. Like all that follow it raises RuntimeError before `init`."""


@_of_a_client("client_update")
def log_client_update(client_id: object, **kwargs: Any) -> None:
    """See :meth:`Run.log_client_update`."""


@_of_a_client("client_metric")
def log_client_metric(client_id: object, **kwargs: Any) -> None:
    """See :meth:`Run.log_client_metric`."""


@_of_the_run
def log_client_updates(
    round: int, client_ids: Sequence[object], metrics: Mapping[str, Sequence[float | str | None]]
) -> None:
    """See :meth:`Run.log_client_updates`."""


@_of_the_run
def log_round(
    round: int, *, global_accuracy: float | None = None, global_loss: float | None = None, **kwargs: Any
) -> None:
    """See :meth:`Run.log_round`."""


@_of_the_run
def log_dropout(round: int, client_id: object, reason: str | None = None, **fields: Any) -> None:
    """See :meth:`Run.log_dropout`."""


@_of_the_run
def log_comm_failure(round: int, client_id: object, reason: str | None = None, **fields: Any) -> None:
    """See :meth:`Run.log_comm_failure`."""


@_of_the_run
def log_client_recovered(round: int, client_id: object, **fields: Any) -> None:
    """See :meth:`Run.log_client_recovered`."""


@_of_the_run
def log_checkpoint(round: int, path: object, **metadata: Any) -> None:
    """See :meth:`Run.log_checkpoint`."""


@_of_the_run
def log_evaluation(round: int, source: str, metrics: Mapping[str, Any]) -> None:
    """See :meth:`Run.log_evaluation`."""


@_of_the_run
def log_event(event_type: str, **fields: Any) -> None:
    """See :meth:`Run.log_event`."""


@_of_the_run
def set_server_metadata(**metadata: Any) -> None:
    """See :meth:`Run.set_server_metadata`."""


def finish(
    status: str = "completed",
    reason: str | None = None,
    timeout: float = FINISH_TIMEOUT_SEC,
    metrics: Mapping[str, Any] | None = None,
) -> bool:
    """See :meth:`Run.finish`."""
    if _current is not None:
        return _current.finish(status, reason, timeout, metrics)
    _must_be_disabled()
    return True


def _must_be_disabled() -> None:
    if not is_disabled():
        raise RuntimeError("HiveWatch has no run yet: call hivewatch_bridge.init() first")
