"""A site: trains on its own data, and says where it is."""

import time

from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from sites.task import evaluate, load_data, train

app = ClientApp()


@app.train()
def train_locally(message: Message, context: Context) -> Message:
    """Trains the global model on the site's data."""
    features, labels = load_data(context.node_config["partition-id"])
    config = message.content["config"]
    began = time.perf_counter()
    weights = train(message.content["arrays"].to_numpy_ndarrays()[0], features, labels, config["epochs"], config["lr"])
    seconds = time.perf_counter() - began
    loss, accuracy = evaluate(weights, features, labels)
    metrics = MetricRecord({"train_loss": loss, "train_accuracy": accuracy, "num-examples": len(labels)})
    about = about_this_site(context, seconds)
    content = RecordDict({"arrays": ArrayRecord([weights]), "metrics": metrics, "hivewatch": about})
    return Message(content, reply_to=message)


@app.evaluate()
def evaluate_locally(message: Message, context: Context) -> Message:
    """Evaluates the global model on the site's data."""
    features, labels = load_data(context.node_config["partition-id"])
    loss, accuracy = evaluate(message.content["arrays"].to_numpy_ndarrays()[0], features, labels)
    metrics = MetricRecord({"eval_loss": loss, "eval_accuracy": accuracy, "num-examples": len(labels)})
    return Message(RecordDict({"metrics": metrics}), reply_to=message)


def about_this_site(context: Context, train_time_sec: float) -> ConfigRecord:
    """What only the site knows. HiveWatch reads the ConfigRecord of this name; strategies ignore it."""
    place = ("site", "city", "country", "lat", "lng")
    known = {name: context.node_config[name] for name in place if name in context.node_config}
    return ConfigRecord({**known, "train_time_sec": train_time_sec})
