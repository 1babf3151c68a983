"""Monitoring for federated learning, from the server's Python program.

The functions are those of Python hivewatch, so that `import hivewatch_bridge as hivewatch` is all that changes. What
they log goes to a HiveWatch bridge over gRPC, in the background. Adapters for frameworks are modules of this package,
such as :mod:`hivewatch_bridge.flower`.
"""

from . import _fork as _fork
from ._default import (
    finish,
    init,
    log_checkpoint,
    log_client_metric,
    log_client_recovered,
    log_client_update,
    log_client_updates,
    log_comm_failure,
    log_dropout,
    log_evaluation,
    log_event,
    log_round,
    round_start,
    set_server_metadata,
)
from ._run import Run
from ._schema import ClientUpdate, RoundSummary

__version__ = "0.1.0"

HivewatchRun = Run
"""The name that Python hivewatch has for a run."""

__all__ = [
    "ClientUpdate",
    "HivewatchRun",
    "RoundSummary",
    "Run",
    "finish",
    "init",
    "log_checkpoint",
    "log_client_metric",
    "log_client_recovered",
    "log_client_update",
    "log_client_updates",
    "log_comm_failure",
    "log_dropout",
    "log_evaluation",
    "log_event",
    "log_round",
    "round_start",
    "set_server_metadata",
]
