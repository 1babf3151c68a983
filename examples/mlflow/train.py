"""Trains a classifier over four clinics, told to HiveWatch, which sends it on to MLflow.

    python train.py [--rounds 12] [--checkpoints checkpoints]

Exit code 0 if HiveWatch has all of it.
"""

import argparse
import json
import math
import random
import sys
import time
from pathlib import Path

import hivewatch_bridge as hivewatch

FEATURES = 6
LEARNING_RATE = 0.1
STEPS = 5
CLINICS = {
    "cologne": {"samples": 300, "lat": 50.94, "lng": 6.96},
    "lyon": {"samples": 180, "lat": 45.76, "lng": 4.84},
    "porto": {"samples": 90, "lat": 41.15, "lng": -8.61},
    "turku": {"samples": 240, "lat": 60.45, "lng": 22.27},
}


def main():
    """Trains under the command line's settings, and returns the exit code."""
    arguments = argparse.ArgumentParser(description="Trains over four clinics under HiveWatch.")
    arguments.add_argument("--rounds", type=int, default=12, help="rounds of training (default: 12)")
    arguments.add_argument("--checkpoints", type=Path, default=Path("checkpoints"), help="folder of the checkpoints")
    settings = arguments.parse_args()
    settings.checkpoints.mkdir(parents=True, exist_ok=True)
    hivewatch.init(
        algorithm="FedAvg",
        config={"lr": LEARNING_RATE, "rounds": settings.rounds, "dataset": "clinics", "model": {"features": FEATURES}},
    )
    train(settings.rounds, settings.checkpoints.resolve())
    return 0 if hivewatch.finish() else 1


def train(rounds, checkpoints):
    """Federated averaging over the clinics; one of them drops out now and then."""
    clinics = {name: patients(seed, site["samples"]) for seed, (name, site) in enumerate(CLINICS.items())}
    unseen = patients(99, 400)
    weights = [0.0] * (FEATURES + 1)
    for number in range(1, rounds + 1):
        hivewatch.round_start(number, selected=list(clinics))
        results = []
        for name, data in clinics.items():
            if name == "porto" and number % 5 == 0:
                hivewatch.log_dropout(number, name, reason="no connection")
                continue
            begun = time.monotonic()
            local = trained(weights, data)
            results.append((local, len(data)))
            report(name, number, local, weights, data, time.monotonic() - begun)
        weights = averaged(results)
        loss, accuracy = evaluated(weights, unseen)
        hivewatch.log_round(number, global_loss=loss, global_accuracy=accuracy, num_selected=len(clinics))
        if number % 4 == 0:
            path = checkpoints / f"weights-{number}.json"
            path.write_text(json.dumps(weights))
            hivewatch.log_checkpoint(number, path)


def report(name, number, local, weights, data, seconds):
    """Tells what a clinic's training came to."""
    loss, accuracy = evaluated(local, data)
    site = CLINICS[name]
    hivewatch.log_client_update(
        name,
        round=number,
        local_loss=loss,
        local_accuracy=accuracy,
        num_samples=len(data),
        gradient_norm=math.dist(local, weights),
        train_time_sec=seconds,
        bytes_sent=8 * len(local),
        bytes_received=8 * len(weights),
        lat=site["lat"],
        lng=site["lng"],
    )


def patients(seed, count):
    """Made-up measurements, with a 1 for the bias at the end, and whether the patient is ill."""
    source = random.Random(seed)
    data = []
    for _ in range(count):
        ill = source.random() < 0.4
        shift = 0.5 if ill else -0.5
        data.append(([source.gauss(shift * (i % 3) - 1, 1.2) for i in range(FEATURES)] + [1.0], ill))
    return data


def trained(weights, data):
    """The weights after some steps of gradient descent."""
    for _ in range(STEPS):
        errors = [(probability(weights, features) - ill, features) for features, ill in data]
        slopes = [sum(error * features[i] for error, features in errors) / len(data) for i in range(len(weights))]
        weights = [w - LEARNING_RATE * slope for w, slope in zip(weights, slopes)]
    return weights


def averaged(results):
    """The mean of weights, by the number of samples behind each."""
    total = sum(samples for _, samples in results)
    columns = zip(*(weights for weights, _ in results))
    return [sum(w * n for w, (_, n) in zip(column, results)) / total for column in columns]


def evaluated(weights, data):
    """Mean cross-entropy, and accuracy as a fraction of 1."""
    chances = [(probability(weights, features), ill) for features, ill in data]
    loss = -sum(math.log(max(p if ill else 1 - p, 1e-12)) for p, ill in chances) / len(data)
    return loss, sum((p > 0.5) == ill for p, ill in chances) / len(data)


def probability(weights, features):
    """How likely the patient is ill."""
    return 1 / (1 + math.exp(-sum(w * x for w, x in zip(weights, features))))


if __name__ == "__main__":
    sys.exit(main())
