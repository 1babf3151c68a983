"""Logs every kind of value that a training program may have, and prints whether all of it is on the bridge's disk."""

import math

import numpy
import hivewatch_bridge as hivewatch

hivewatch.init(
    run_id="run-python-0001",
    algorithm="FedAvg-Ω",
    config={"lr": 0.01, "seed": 7, "nested": {"list": [1, None, math.inf]}, "on": True, "none": None},
    verbose=False,
)
hivewatch.set_server_metadata(lat=50.11, lng=8.68, city="Köln", host=None)
hivewatch.round_start(0, selected=[10388190150487002303, "b", numpy.int64(5)])
hivewatch.log_client_update(
    10388190150487002303,
    round=0,
    local_accuracy=numpy.float32(0.5),
    local_loss=math.nan,
    gradient_norm=math.inf,
    gradient_magnitude=-math.inf,
    num_samples=numpy.int64(1200),
    train_time_sec=0.1 + 0.2,
    bytes_sent=2**53,
    sparsity=None,
    lat=48.85,
    lng=2.35,
    city="東京 🗼",
    flag=True,
    off=False,
    empty="",
    looks_like="NaN ",
    big=2**63,
    small=5e-324,
    tags=["x", None, {"deep": [math.nan, {"é": 1}]}],
    nested={"k": {"v": numpy.float64(1.5)}},
    _private="kept",
)
hivewatch.log_client_metric("b", round=0, val_loss=0.25)
hivewatch.log_dropout(0, "b", "out of\nmemory")
hivewatch.log_comm_failure(0, numpy.int64(5))
hivewatch.log_client_recovered(0, 5)
hivewatch.log_evaluation(0, "central", {"accuracy": math.nan, "per_class": [0.5, math.inf]})
hivewatch.log_checkpoint(0, "models/größe.npz", best=True, score=math.nan)
hivewatch.log_round(0, global_accuracy=0.25, global_loss=math.nan, algorithm_metadata={"mu": 0.01}, own=math.inf)
hivewatch.log_event("my_event", value=[1, "two"], missing=None)
print("durable:", hivewatch.finish(status="failed", reason="why: ✓", timeout=60))
