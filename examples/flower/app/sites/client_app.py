"""A site: trains on its own data."""

from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from hivewatch_bridge.flower import client_mod
from sites.task import evaluate, load_data, train

# The mod tells how long each piece of work took and what it needed, and where the site is.
app = ClientApp(mods=[client_mod])


@app.train()
def train_locally(message: Message, context: Context) -> Message:
    """Trains the global model on the site's data."""
    features, labels = load_data(context.node_config["partition-id"])
    config = message.content["config"]
    weights = train(message.content["arrays"].to_numpy_ndarrays()[0], features, labels, config["epochs"], config["lr"])
    loss, accuracy = evaluate(weights, features, labels)
    metrics = MetricRecord({"train_loss": loss, "train_accuracy": accuracy, "num-examples": len(labels)})
    return Message(RecordDict({"arrays": ArrayRecord([weights]), "metrics": metrics}), reply_to=message)


@app.evaluate()
def evaluate_locally(message: Message, context: Context) -> Message:
    """Evaluates the global model on the site's data."""
    features, labels = load_data(context.node_config["partition-id"])
    loss, accuracy = evaluate(message.content["arrays"].to_numpy_ndarrays()[0], features, labels)
    metrics = MetricRecord({"eval_loss": loss, "eval_accuracy": accuracy, "num-examples": len(labels)})
    return Message(RecordDict({"metrics": metrics}), reply_to=message)
