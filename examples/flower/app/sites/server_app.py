"""The server: FedAvg, watched by HiveWatch."""

from flwr.app import ArrayRecord, ConfigRecord, Context, MetricRecord
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

from hivewatch_bridge.flower import watch
from sites.task import evaluate, initial_weights, load_server_data

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Trains for as many rounds as the run's configuration says."""
    settings = context.run_config
    strategy = FedAvg(min_train_nodes=3, min_evaluate_nodes=3, min_available_nodes=3)

    # Everything that strategy.start does from here on is reported.
    watch(strategy, config=settings)

    strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord([initial_weights()]),
        num_rounds=settings["num-rounds"],
        train_config=ConfigRecord({"epochs": settings["local-epochs"], "lr": settings["learning-rate"]}),
        evaluate_fn=evaluate_centrally,
    )


def evaluate_centrally(server_round: int, arrays: ArrayRecord) -> MetricRecord:
    """The global model on the server's own data."""
    loss, accuracy = evaluate(arrays.to_numpy_ndarrays()[0], *load_server_data())
    return MetricRecord({"loss": loss, "accuracy": accuracy})
