"""The server: FedAvg, watched by HiveWatch.

python server.py ADDRESS ROUNDS
"""

import sys

from flwr.common import ndarrays_to_parameters
from flwr.server import ServerConfig, start_server
from flwr.server.strategy import FedAvg
from hivewatch_bridge.flower import watch
from task import evaluate, initial_weights, load_server_data


def main(address, rounds):
    """Trains for some rounds, once three sites are there."""
    strategy = FedAvg(
        min_fit_clients=3,
        min_evaluate_clients=3,
        min_available_clients=3,
        initial_parameters=ndarrays_to_parameters([initial_weights()]),
        evaluate_fn=evaluate_centrally,
    )

    # Everything that start_server does with it from here on is reported.
    watch(strategy)

    start_server(server_address=address, config=ServerConfig(num_rounds=rounds), strategy=strategy)


def evaluate_centrally(server_round, parameters, config):
    """The global model on the server's own data."""
    loss, accuracy = evaluate(parameters[0], *load_server_data())
    return loss, {"accuracy": accuracy}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
