"""The same small regression as `small_training`, for Flower's legacy API: a strategy that a Server drives."""

import random
import threading

import numpy as np
from flwr.client import ClientApp, NumPyClient
from flwr.common import ndarrays_to_parameters
from flwr.server import Server, ServerConfig, SimpleClientManager
from flwr.server.client_proxy import ClientProxy
from flwr.server.compat import start_grid
from loopback_grid import LoopbackGrid

SAMPLES = 40
FEATURES = 5
# As Flower makes them: above 2^53, where doubles can't tell neighbours apart.
IDS = (13_835_058_055_282_163_713, 13_835_058_055_282_163_714, 13_835_058_055_282_163_715)


class Client(NumPyClient):
    """A client with the data of one partition."""

    def __init__(self, partition):
        source = np.random.default_rng(partition)
        self.features = source.normal(size=(SAMPLES + partition, FEATURES))
        self.targets = self.features @ np.arange(1.0, FEATURES + 1)
        self.partition = partition

    def get_parameters(self, config):
        return [np.zeros(FEATURES)]

    def fit(self, parameters, config):
        weights = parameters[0].copy()
        for _ in range(5):
            weights -= 0.05 * self.features.T @ (self.features @ weights - self.targets) / len(self.targets)
        metrics = {"train_loss": self._loss(weights), "hospital": f"h{self.partition}", "dpfedavg_norm_bit": True}
        return [weights], len(self.targets), metrics

    def evaluate(self, parameters, config):
        return self._loss(parameters[0]), len(self.targets), {"accuracy": 0.5 + self.partition / 10}

    def _loss(self, weights):
        return float(np.mean((self.features @ weights - self.targets) ** 2))


def client_app(mods=(), client=Client):
    """A ClientApp that runs `Client`."""
    return ClientApp(lambda context: client(context.node_config["partition-id"]).to_client(), mods=list(mods))


def nodes(mods=(), client=Client, place=None):
    """Three nodes for a LoopbackGrid."""
    return {
        node: (client_app(mods, client), {"partition-id": index, **(place or {})}) for index, node in enumerate(IDS)
    }


def initial_parameters():
    """The model before training."""
    return ndarrays_to_parameters([np.zeros(FEATURES)])


def evaluate_centrally(server_round, weights, config):
    """The server's own evaluation."""
    return float(np.abs(weights[0] - np.arange(1.0, FEATURES + 1)).mean()), {"accuracy": server_round / 10}


def in_order(strategy):
    """Makes a strategy take results in the order of the clients' ids: Flower gives them as the threads end, and sums of
    floats depend on the order."""
    cls = type(strategy)

    def by_client(results):
        return sorted(results, key=lambda result: result[0].cid)

    class Ordered(cls):
        def aggregate_fit(self, server_round, results, failures):
            return super().aggregate_fit(server_round, by_client(results), failures)

        def aggregate_evaluate(self, server_round, results, failures):
            return super().aggregate_evaluate(server_round, by_client(results), failures)

    Ordered.__name__ = cls.__name__
    strategy.__class__ = Ordered
    return strategy


class Patient(SimpleClientManager):
    """Begins with all clients: Flower registers them in a thread of its own, and begins as soon as there are enough."""

    def __init__(self, count):
        super().__init__()
        self._count = count

    def num_available(self):
        self.wait_for(self._count)
        return super().num_available()


def train(strategy, grid=None, faults=None, rounds=3, server_class=Server, timeout=None):
    """Runs a strategy as a ServerApp does. Returns the History and the final parameters as bytes."""
    random.seed(7)
    np.random.seed(7)
    grid = grid or LoopbackGrid(nodes(), faults=faults)
    server = server_class(client_manager=Patient(len(grid.get_node_ids())), strategy=strategy)
    history = start_grid(grid=grid, server=server, config=ServerConfig(num_rounds=rounds, round_timeout=timeout))
    return history, list(server.parameters.tensors)


class LocalProxy(ClientProxy):
    """A client of a server without a grid, as those of `start_server`, but in this process: so one at a time, for the
    reason that `LoopbackGrid` has.

    Args:
        cid: its id.
        client: one of Flower's clients.
        faults: by (phase, round): what is raised instead of an answer, or the answer.
    """

    _one_client = threading.Lock()

    def __init__(self, cid, client, faults):
        super().__init__(cid)
        self._client = client
        self._faults = faults

    def fit(self, ins, timeout, group_id):
        with self._one_client:
            return self._fault("train", group_id) or self._client.fit(ins)

    def evaluate(self, ins, timeout, group_id):
        with self._one_client:
            return self._fault("evaluate", group_id) or self._client.evaluate(ins)

    def get_parameters(self, ins, timeout, group_id):
        return self._client.get_parameters(ins)

    def get_properties(self, ins, timeout, group_id):
        return self._client.get_properties(ins)

    def reconnect(self, ins, timeout, group_id):
        raise NotImplementedError

    def _fault(self, phase, number):
        fault = self._faults.get((phase, number))
        if isinstance(fault, BaseException):
            raise fault
        return fault


def train_without_a_grid(strategy, faults=None, rounds=3):
    """As `train`, with clients of which each has a proxy of its own. Faults by (phase, round, client)."""
    random.seed(7)
    np.random.seed(7)
    server = Server(client_manager=SimpleClientManager(), strategy=strategy)
    for partition, cid in enumerate("abc"):
        own = {(phase, number): fault for (phase, number, client), fault in (faults or {}).items() if client == cid}
        server.client_manager().register(LocalProxy(cid, Client(partition).to_client(), own))
    history, _ = server.fit(num_rounds=rounds, timeout=None)
    return history, list(server.parameters.tensors)


def numbers(result):
    """Everything a training came to, without the seconds that Flower keeps in its history."""
    history, tensors = result
    return (tensors, {name: value for name, value in vars(history).items()})
