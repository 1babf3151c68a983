"""A training under Flower in one process, with or without HiveWatch: real messages, FedAvg and ClientApp, no network.

Arguments: the metrics (of no use here), `plain`, `watched`, `mod` (watched with the client mod) or `alone` (watched
without a bridge), rounds, clients, a folder for Flower.

A client trains a network of 784-64-10 with numpy on 3,000 random samples, and evaluates it in each round, too.

Before each round it waits for its turn, so that trainings with and without HiveWatch go through the same moments of a
machine that is faster and slower by the second. The time that it waits is none of its own.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

# One client after another: each on one processor.
os.environ.update(OPENBLAS_NUM_THREADS="1", FLWR_HOME=sys.argv[5], FLWR_TELEMETRY_ENABLED="0")
sys.path.append(str(Path(__file__).parents[2] / "python/tests"))

import hivewatch_bridge as hivewatch  # noqa: E402
import numpy as np  # noqa: E402
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict  # noqa: E402
from flwr.clientapp import ClientApp  # noqa: E402
from flwr.serverapp.strategy import FedAvg  # noqa: E402
from hivewatch_bridge.flower import client_mod, watch  # noqa: E402
from loopback_grid import LoopbackGrid  # noqa: E402
from training import tell, wait_for_go  # noqa: E402

SAMPLES, FEATURES, HIDDEN, CLASSES = 3000, 784, 64, 10
BATCH = 100
FINISH_SEC = 60.0
RATE = np.float32(0.05)
_training_sec = 0.0
_waited_sec = 0.0
_round_began: float | None = None
_rounds_sec: list[float] = []


class GridInTurns(LoopbackGrid):
    """Waits for its turn when a round begins, and notes when the last answer came."""

    answered = 0.0

    def send_and_receive(self, messages: Any, *, timeout: float | None = None) -> Any:
        """As that of the loopback grid."""
        global _waited_sec, _round_began
        sent = list(messages)
        if sent and sent[0].metadata.message_type == "train":
            began = time.perf_counter()
            end_round(began)
            wait_for_go()
            _round_began = time.perf_counter()
            _waited_sec += _round_began - began
        replies = super().send_and_receive(sent, timeout=timeout)
        self.answered = time.perf_counter()
        return replies


def end_round(moment: float) -> None:
    """Notes how long the round took that ends, if one has begun."""
    if _round_began is not None:
        _rounds_sec.append(moment - _round_began)


def main(how: str, rounds: int, clients: int) -> None:
    """Does what the arguments say."""
    is_watched = how != "plain"
    random.seed(1)
    app = ClientApp(mods=[client_mod] if how == "mod" else [])
    app.train()(train)
    app.evaluate()(evaluate)
    source = np.random.default_rng(1)
    shapes = [(FEATURES, HIDDEN), (HIDDEN, CLASSES)]
    arrays = ArrayRecord([source.normal(0, 0.05, shape).astype(np.float32) for shape in shapes])
    nodes = {2**63 + n: (app, {"partition-id": n}) for n in range(clients)}
    strategy = FedAvg(min_available_nodes=clients)
    wait_for_go()
    began, cpu_began = time.perf_counter(), time.process_time()
    # Without a bridge it is the adapter that ends the run, within `start`: as it is for users, and as long as it takes.
    run = hivewatch.init(verbose=False) if is_watched and how != "alone" else None
    if is_watched:
        watch(strategy, run=run)
    grid = GridInTurns(nodes)
    result = strategy.start(grid=grid, initial_arrays=arrays, num_rounds=rounds)
    # What comes after it is the end of the run, and no part of the last round.
    end_round(grid.answered)
    durable = run is None or run.finish(timeout=FINISH_SEC)
    seconds = time.perf_counter() - began - _waited_sec
    cpu_seconds = time.process_time() - cpu_began
    model = b"".join(array.tobytes() for array in result.arrays.to_numpy_ndarrays())
    tell(
        event="trained",
        durable=durable,
        seconds=seconds,
        rounds_sec=_rounds_sec,
        cpu_seconds=cpu_seconds,
        client_seconds=_training_sec / (rounds * clients),
        model=hashlib.sha256(model).hexdigest(),
    )


# The data of all clients is the same: making it is no work of a round.
_features = np.random.default_rng(2).normal(size=(SAMPLES, FEATURES)).astype(np.float32)
_labels = np.random.default_rng(3).integers(0, CLASSES, SAMPLES)


def train(message: Message, context: Any) -> Message:
    """One epoch of gradient descent."""
    global _training_sec
    began = time.perf_counter()
    first, second = [array.copy() for array in message.content["arrays"].to_numpy_ndarrays()]
    for at in range(0, SAMPLES, BATCH):
        features, labels = _features[at : at + BATCH], _labels[at : at + BATCH]
        hidden = np.maximum(features @ first, 0)
        error = probabilities(hidden @ second)
        error[np.arange(BATCH), labels] -= 1
        error /= BATCH
        back = (error @ second.T) * (hidden > 0)
        second -= RATE * (hidden.T @ error)
        first -= RATE * (features.T @ back)
    loss, accuracy = judge(first, second)
    _training_sec += time.perf_counter() - began
    metrics = {"train_loss": loss, "train_accuracy": accuracy, "num-examples": SAMPLES}
    content = {"arrays": ArrayRecord([first, second]), "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


def evaluate(message: Message, context: Any) -> Message:
    """How good the global model is."""
    loss, accuracy = judge(*message.content["arrays"].to_numpy_ndarrays())
    metrics = MetricRecord({"eval_loss": loss, "eval_accuracy": accuracy, "num-examples": SAMPLES})
    return Message(RecordDict({"metrics": metrics}), reply_to=message)


def judge(first: Any, second: Any) -> tuple[float, float]:
    """Loss and accuracy on a part of the data."""
    features, labels = _features[:BATCH], _labels[:BATCH]
    predicted = probabilities(np.maximum(features @ first, 0) @ second)
    right = predicted[np.arange(BATCH), labels]
    return float(-np.log(right + 1e-9).mean()), float((predicted.argmax(1) == labels).mean())


def probabilities(scores: Any) -> Any:
    """Softmax."""
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


if __name__ == "__main__":
    main(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
