"""A federated regression that takes milliseconds: linear models on synthetic data, numpy only."""

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, MetricRecord, RecordDict
from flwr.app import Message as FlowerMessage
from flwr.clientapp import ClientApp

SAMPLES = 40
FEATURES = 5


def data(partition):
    """Features and targets of one client; the same at each call."""
    source = np.random.default_rng(partition)
    features = source.normal(size=(SAMPLES + partition, FEATURES))
    return features, features @ np.arange(1.0, FEATURES + 1)


def initial_arrays():
    """The model before training."""
    return ArrayRecord([np.zeros(FEATURES)])


def loss(weights, partition):
    """Mean squared error on a client's data."""
    features, targets = data(partition)
    return float(np.mean((features @ weights - targets) ** 2))


def accuracy(weights, partition):
    """Share of the targets that are met within 1."""
    features, targets = data(partition)
    return float(np.mean(np.abs(features @ weights - targets) < 1))


def evaluate_centrally(server_round, arrays):
    """The server's own evaluation, on data that no client has."""
    weights = arrays.to_numpy_ndarrays()[0]
    return MetricRecord({"loss": loss(weights, 99), "accuracy": accuracy(weights, 99)})


def train(message, context):
    """A few steps of gradient descent."""
    partition = context.node_config["partition-id"]
    weights = message.content["arrays"].to_numpy_ndarrays()[0].copy()
    features, targets = data(partition)
    for _ in range(5):
        weights -= 0.05 * features.T @ (features @ weights - targets) / len(targets)
    content = RecordDict(
        {
            "arrays": ArrayRecord([weights]),
            "metrics": MetricRecord({"train_loss": loss(weights, partition), "num-examples": len(targets)}),
            "hivewatch": ConfigRecord({"site": f"site-{partition}", "lat": 50.0 + partition, "lng": 7.0, "empty": ""}),
        }
    )
    return FlowerMessage(content, reply_to=message)


def evaluate(message, context):
    """How good the global model is on the client's data."""
    partition = context.node_config["partition-id"]
    weights = message.content["arrays"].to_numpy_ndarrays()[0]
    metrics = {
        "eval_loss": loss(weights, partition),
        "eval_acc": accuracy(weights, partition),
        "num-examples": SAMPLES + partition,
    }
    return FlowerMessage(RecordDict({"metrics": MetricRecord(metrics)}), reply_to=message)


def make_app(mods=()):
    """A ClientApp that trains and evaluates like this."""
    app = ClientApp(mods=list(mods))
    app.train()(train)
    app.evaluate()(evaluate)
    return app


app = make_app()

# As Flower makes them: above 2^53, where doubles can't tell neighbours apart.
NODES = {
    13_835_058_055_282_163_713: (app, {"partition-id": 0}),
    13_835_058_055_282_163_714: (app, {"partition-id": 1}),
    13_835_058_055_282_163_715: (app, {"partition-id": 2}),
}
