"""A site of examples/flower in Flower's legacy API."""

from flwr.client import ClientApp, NumPyClient
from flwr.common import Context

from hivewatch_bridge.flower import client_mod
from sites.task import evaluate, initial_weights, load_data, train


class Site(NumPyClient):
    def __init__(self, partition):
        self.features, self.labels = load_data(partition)

    def get_parameters(self, config):
        return [initial_weights()]

    def fit(self, parameters, config):
        weights = train(parameters[0], self.features, self.labels, 2, 0.1)
        loss, accuracy = evaluate(weights, self.features, self.labels)
        return [weights], len(self.labels), {"train_loss": loss, "train_accuracy": accuracy}

    def evaluate(self, parameters, config):
        loss, accuracy = evaluate(parameters[0], self.features, self.labels)
        return loss, len(self.labels), {"accuracy": accuracy}


def client_fn(context: Context):
    return Site(context.node_config["partition-id"]).to_client()


app = ClientApp(client_fn=client_fn, mods=[client_mod])
