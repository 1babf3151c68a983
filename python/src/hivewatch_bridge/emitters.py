"""Where a run is to be sent, as Python hivewatch's programs say it: `init(emitters=[MLflowEmitter(…)])`.

These are declarations, which need neither wandb nor mlflow here. They go to the bridge with the start of the run. The
bridge sends the run with an emitter of its own and with its own credentials, if it is set up to do so (`hivewatch up`
for this machine alone is, else see `--client-emitters`). What comes of it is logged here; the training goes on in any
case. Beside them, `emitters` may hold objects of your own with hooks such as `on_round`: see
:func:`hivewatch_bridge.init`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Callable, TypeVar

from ._declared import Declared

__all__ = ["GeoEmitter", "MLflowEmitter", "SSEEmitter", "WandbEmitter"]

_Class = TypeVar("_Class", bound=type[Declared])


def _declares(destination: str | None, *, meaningless: str = "") -> Callable[[_Class], _Class]:
    """Completes a class by what its constructor says.

    Args:
        destination: the bridge's name of it; None if nothing need be declared.
        meaningless: why its arguments have no meaning here.
    """

    def complete(cls: _Class) -> _Class:
        parameters = inspect.signature(cls).parameters
        cls._destination = destination
        cls._defaults = {name: parameter.default for name, parameter in parameters.items()}
        cls._meaningless = meaningless
        return cls

    return complete


@_declares("wandb")
class WandbEmitter(Declared):
    """The run is to be sent to W&B, with the API key of the bridge (its `WANDB_API_KEY`)."""

    def __init__(
        self,
        project: str = "hivewatch",
        entity: str | None = None,
        group: str | None = None,
        job_type: str = "federated-training",
        tags: Sequence[str] | None = None,
        config: Mapping[str, Any] | None = None,
        log_system: bool = True,
        log_per_client: bool = True,
        log_geo: bool = False,
        mode: str = "online",
    ) -> None:
        """Says where in W&B.

        Args:
            project: name of the project.
            entity: user or team; by default that of the bridge's API key.
            group: of runs that are shown together; by default the name of the algorithm.
            job_type: label to filter by.
            tags: further labels.
            config: settings beside those of the run. What looks like a secret by its name stays here.
            log_system: whether the clients' CPU, RAM and GPU are logged.
            log_per_client: whether the clients' own metrics are logged.
            log_geo: whether the clients' places are logged.
            mode: `online`, `offline` (kept where the bridge is), or `disabled`: nothing is declared.
        """
        super().__init__(
            project=project,
            entity=entity,
            group=group,
            job_type=job_type,
            tags=tags,
            config=config,
            log_system=log_system,
            log_per_client=log_per_client,
            log_geo=log_geo,
            mode=mode,
        )


@_declares("mlflow")
class MLflowEmitter(Declared):
    """The run is to be sent to MLflow, with the credentials of the bridge (its `MLFLOW_TRACKING_USERNAME`, …)."""

    def __init__(
        self,
        tracking_uri: str | None = None,
        experiment: str = "hivewatch",
        run_name: str | None = None,
        resume_run_id: str | None = None,
        tags: Mapping[str, str] | None = None,
        log_system: bool = True,
        log_per_client: bool = True,
        log_geo: bool = False,
        mlflow_system_metrics: bool = False,
        system_metrics_sampling_interval: float | None = None,
    ) -> None:
        """Says where in MLflow.

        Args:
            tracking_uri: `http://host:port` of its server, as seen from the bridge. A bridge that has a
                `MLFLOW_TRACKING_URI` of its own keeps to that. A user and password in it stay here.
            experiment: name of the experiment.
            run_name: by default the run's id.
            resume_run_id: MLflow's id of a run to go on with.
            tags: of the run. What looks like a secret by its name stays here.
            log_system: whether the clients' CPU, RAM and GPU are logged.
            log_per_client: whether the clients' own metrics are logged.
            log_geo: whether the clients' places are logged.
            mlflow_system_metrics: whether those of the machine are logged on which the bridge runs.
            system_metrics_sampling_interval: how often, in seconds.
        """
        super().__init__(
            tracking_uri=tracking_uri,
            experiment=experiment,
            run_name=run_name,
            resume_run_id=resume_run_id,
            tags=tags,
            log_system=log_system,
            log_per_client=log_per_client,
            log_geo=log_geo,
            mlflow_system_metrics=mlflow_system_metrics,
            system_metrics_sampling_interval=system_metrics_sampling_interval,
        )


@_declares(
    None, meaningless="the bridge writes the files of all runs and shows them, as `hivewatch up --help` says where"
)
class GeoEmitter(Declared):
    """The run is to be shown on the map, which the bridge does with every run. None of the arguments has a meaning."""

    def __init__(
        self,
        host: str = "0.0.0.0",
        port: int = 7070,
        runs_dir: str = "runs",
        map_path: str | None = None,
        serve_map: bool = True,
    ) -> None:
        """Takes the arguments of Python hivewatch. The log says which of them are given in vain.

        Args:
            host: see `hivewatch up --host`.
            port: see `hivewatch up --port`.
            runs_dir: see `hivewatch up --runs-dir`.
            map_path: there is no other page.
            serve_map: the page is served as long as the bridge runs.
        """
        super().__init__(host=host, port=port, runs_dir=runs_dir, map_path=map_path, serve_map=serve_map)


SSEEmitter = GeoEmitter
"""The name of :class:`GeoEmitter` until Python hivewatch 0.3.0."""
