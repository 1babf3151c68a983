"""The functions of the module: they act on the run that `init` began last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ._lifecycle import start_run
from ._run import FINISH_TIMEOUT_SEC, Run
from ._settings import is_disabled

_current: Run | None = None


def init(
    *,
    run_id: str | None = None,
    algorithm: str = "FedAvg",
    config: Mapping[str, Any] | None = None,
    emitters: Sequence[object] | None = None,
    verbose: bool = True,
    endpoint: str | None = None,
    token: str | None = None,
) -> Run:
    """Begins a run and makes it the one that the other functions act on. Returns at once, with or without a bridge.

    Args:
        run_id: up to 128 characters that may stand in a file's name; by default a new one like `run-kqzv-4821`.
        algorithm: name of the federated algorithm.
        config: settings of the training, as far as JSON can hold them.
        emitters: ignored with a warning; where to send is set up at the bridge.
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


def round_start(round: int, selected: Iterable[object] | None = None) -> None:
    """See :meth:`Run.round_start`. Like all that follow it raises RuntimeError before `init`."""
    if (run := _run()) is not None:
        run.round_start(round, selected)


def log_client_update(client_id: object, **kwargs: Any) -> None:
    """See :meth:`Run.log_client_update`."""
    if (run := _run()) is not None:
        run.log_client_update(client_id, **kwargs)


def log_client_metric(client_id: object, **kwargs: Any) -> None:
    """See :meth:`Run.log_client_metric`."""
    if (run := _run()) is not None:
        run.log_client_metric(client_id, **kwargs)


def log_round(
    round: int, *, global_accuracy: float | None = None, global_loss: float | None = None, **kwargs: Any
) -> None:
    """See :meth:`Run.log_round`."""
    if (run := _run()) is not None:
        run.log_round(round, global_accuracy=global_accuracy, global_loss=global_loss, **kwargs)


def log_dropout(round: int, client_id: object, reason: str | None = None, **fields: Any) -> None:
    """See :meth:`Run.log_dropout`."""
    if (run := _run()) is not None:
        run.log_dropout(round, client_id, reason, **fields)


def log_comm_failure(round: int, client_id: object, reason: str | None = None, **fields: Any) -> None:
    """See :meth:`Run.log_comm_failure`."""
    if (run := _run()) is not None:
        run.log_comm_failure(round, client_id, reason, **fields)


def log_client_recovered(round: int, client_id: object, **fields: Any) -> None:
    """See :meth:`Run.log_client_recovered`."""
    if (run := _run()) is not None:
        run.log_client_recovered(round, client_id, **fields)


def log_checkpoint(round: int, path: object, **metadata: Any) -> None:
    """See :meth:`Run.log_checkpoint`."""
    if (run := _run()) is not None:
        run.log_checkpoint(round, path, **metadata)


def log_evaluation(round: int, source: str, metrics: Mapping[str, Any]) -> None:
    """See :meth:`Run.log_evaluation`."""
    if (run := _run()) is not None:
        run.log_evaluation(round, source, metrics)


def log_event(event_type: str, **fields: Any) -> None:
    """See :meth:`Run.log_event`."""
    if (run := _run()) is not None:
        run.log_event(event_type, **fields)


def set_server_metadata(**metadata: Any) -> None:
    """See :meth:`Run.set_server_metadata`."""
    if (run := _run()) is not None:
        run.set_server_metadata(**metadata)


def finish(status: str = "completed", reason: str | None = None, timeout: float = FINISH_TIMEOUT_SEC) -> bool:
    """See :meth:`Run.finish`."""
    run = _run()
    return True if run is None else run.finish(status, reason, timeout)


def _run() -> Run | None:
    if _current is None and not is_disabled():
        raise RuntimeError("HiveWatch has no run yet: call hivewatch_bridge.init() first")
    return _current
