"""The server of examples/flower in Flower's legacy API."""

from flwr.common import Context, ndarrays_to_parameters
from flwr.server import ServerApp, ServerAppComponents, ServerConfig
from flwr.server.strategy import FedAvg

from hivewatch_bridge.flower import watch
from sites.task import evaluate, initial_weights, load_server_data


def evaluate_centrally(server_round, arrays, config):
    loss, accuracy = evaluate(arrays[0], *load_server_data())
    return loss, {"accuracy": accuracy}


def server_fn(context: Context):
    strategy = FedAvg(
        min_fit_clients=3,
        min_evaluate_clients=3,
        min_available_clients=3,
        initial_parameters=ndarrays_to_parameters([initial_weights()]),
        evaluate_fn=evaluate_centrally,
    )
    watch(strategy)
    return ServerAppComponents(strategy=strategy, config=ServerConfig(num_rounds=context.run_config["num-rounds"]))


app = ServerApp(server_fn=server_fn)
