"""Trains under Flower with a strategy that logs by itself: flower_own_logging.py MODULE EMITTERS RUN_ID

MODULE is the package that it logs to. It calls it as the example for Flower of Python hivewatch's repository does, at the same
moments, with the same arguments and the same values in place of missing ones. That example itself is in none of the packages
on PyPI, and needs torch and a data set from the internet.
"""

import importlib
import pickle
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "python/tests"))

from loopback_grid import LoopbackGrid, scratch_home  # noqa: E402

module, emitters, run_id = sys.argv[1:]
hivewatch = importlib.import_module(module)
namespace = vars(importlib.import_module(f"{module}.emitters"))

home = tempfile.TemporaryDirectory()
scratch_home(home.name)

from flwr.app import Context, Error, RecordDict  # noqa: E402
from flwr.server import ServerApp, ServerAppComponents, ServerConfig  # noqa: E402
from flwr.server.strategy import FedAvg  # noqa: E402
from legacy_training import IDS, Client, initial_parameters, nodes  # noqa: E402


class Hospital(Client):
    """A client that reports what the strategy logs."""

    def fit(self, parameters, config):
        weights, samples, _ = super().fit(parameters, config)
        metrics = {
            "client_id": f"hospital-{self.partition}",
            "local_loss": self._loss(weights[0]),
            "local_accuracy": 0.5 + self.partition / 10,
            "bytes_sent": len(pickle.dumps(weights)),
            "lat": 50.0 + self.partition,
            "lng": 7.0,
        }
        return weights, samples, metrics


def weighted(metrics):
    """The mean of the accuracies, by samples."""
    total = sum(samples for samples, _ in metrics)
    return {"accuracy": sum(samples * values.get("accuracy", 0.0) for samples, values in metrics) / total}


REPORTED = (
    *("local_loss", "local_accuracy", "gradient_norm", "train_time_sec"),
    *("cpu_pct", "ram_mb", "lat", "lng", "city", "country"),
)


class LoggingFedAvg(FedAvg):
    """Aggregates as ever, and logs what it has."""

    def aggregate_fit(self, server_round, results, failures):
        for failure in failures:
            # Flower's failures are exceptions, mostly, and so nobody's.
            name = failure[0].cid if isinstance(failure, tuple) else "unknown"
            hivewatch.log_dropout(server_round, name, reason="fit failure")
        for proxy, result in sorted(results, key=lambda each: each[1].metrics["client_id"]):
            # None where a client says nothing.
            reported = {name: result.metrics.get(name) for name in REPORTED}
            hivewatch.log_client_update(
                client_id=result.metrics.get("client_id", proxy.cid),
                round=server_round,
                num_samples=result.num_examples,
                bytes_sent=result.metrics.get("bytes_sent", 0),
                **reported,
            )
        return super().aggregate_fit(server_round, results, failures)

    def aggregate_evaluate(self, server_round, results, failures):
        loss, metrics = super().aggregate_evaluate(server_round, results, failures)
        hivewatch.log_round(
            round=server_round,
            global_accuracy=float(metrics.get("accuracy", 0.0)) if metrics else 0.0,
            global_loss=float(loss) if loss else 0.0,
            num_stragglers=len(failures),
        )
        return loss, metrics


def server_fn(context):
    """The server, which never says that the run is over."""
    hivewatch.init(
        run_id=run_id,
        algorithm="FedAvg",
        config=dict(context.run_config),
        emitters=eval(f"[{emitters}]", dict(namespace)),
    )
    strategy = LoggingFedAvg(
        fraction_evaluate=1.0,
        min_available_clients=3,
        initial_parameters=initial_parameters(),
        fit_metrics_aggregation_fn=weighted,
        evaluate_metrics_aggregation_fn=weighted,
    )
    return ServerAppComponents(strategy=strategy, config=ServerConfig(num_rounds=context.run_config["rounds"]))


faults = {("train", 2, IDS[0]): Error(2, "CUDA out of memory")}
grid = LoopbackGrid(nodes(client=Hospital), faults=faults)
context = Context(run_id=1, node_id=0, node_config={}, state=RecordDict(), run_config={"rounds": 3, "lr": 0.05})
ServerApp(server_fn=server_fn)(grid, context)
