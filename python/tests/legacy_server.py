"""A `start_server` with three clients in processes of their own; prints a hash of the final model.

python legacy_server.py PORT ROUNDS [client|server ROUND IN WHICH IT DIES]
"""

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
os.environ.update(FLWR_TELEMETRY_ENABLED="0", FLWR_DISABLE_UPDATE_CHECK="1")


def serve(port, rounds, *dies):
    """Runs the server, watched, and the clients until they end."""
    from flwr.server import Server, ServerConfig, SimpleClientManager, start_server
    from legacy_training import initial_parameters

    from hivewatch_bridge.flower import watch

    server = Server(client_manager=SimpleClientManager(), strategy=strategy(initial_parameters(), dies))
    watch(server.strategy)
    command = [sys.executable, __file__, "client", port]
    clients = [subprocess.Popen([*command, str(partition), *dies]) for partition in range(3)]
    try:
        config = ServerConfig(num_rounds=int(rounds))
        start_server(server_address=f"127.0.0.1:{port}", server=server, config=config)
    finally:
        for each in clients:
            each.kill()
            each.wait()
    print(hashlib.sha256(b"".join(server.parameters.tensors)).hexdigest())


def strategy(parameters, dies):
    """FedAvg that takes results by partition: over gRPC, clients have new ids in each run."""
    from flwr.server.strategy import FedAvg

    class InOrder(FedAvg):
        def initialize_parameters(self, client_manager):
            client_manager.wait_for(3)
            return super().initialize_parameters(client_manager)

        def aggregate_fit(self, server_round, results, failures):
            results = sorted(results, key=lambda result: result[1].metrics["hospital"])
            return super().aggregate_fit(server_round, results, failures)

    def config(number):
        if dies == ("server", str(number)):
            # By itself: from outside it would come anywhere, and in some places Flower 1.22 loses it.
            os.kill(os.getpid(), signal.SIGTERM)
        return {"round": number}

    return InOrder(initial_parameters=parameters, on_fit_config_fn=config)


def client(port, partition, *dies):
    """Takes part until the server sends it away, or dies in a round."""
    from flwr.client import start_client
    from legacy_training import Client

    class Mortal(Client):
        def fit(self, parameters, config):
            if dies == ("client", str(config["round"])) and self.partition == 0:
                os._exit(1)
            return super().fit(parameters, config)

    start_client(server_address=f"127.0.0.1:{port}", client=Mortal(int(partition)).to_client(), max_retries=20)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["FLWR_HOME"] = home
        if sys.argv[1] == "client":
            client(*sys.argv[2:])
        else:
            serve(*sys.argv[1:])
