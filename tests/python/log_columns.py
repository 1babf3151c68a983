"""Logs rounds as columns of several kinds, and prints whether all of it is on the bridge's disk."""

import math
from array import array

import numpy
import hivewatch_bridge as hivewatch

CLIENTS = 2500

hivewatch.init(run_id="run-columns-0001", verbose=False)
index = numpy.arange(CLIENTS)
hivewatch.log_client_updates(
    0,
    index.astype("uint64") + numpy.uint64(10388190150487002303),
    {
        "local_loss": 1 / (index + 1),
        "local_accuracy": index.astype("float32") / 4096,
        "num_samples": index,
        "train_time_sec": array("d", range(CLIENTS)),
        "gradient_norm": [None if i % 3 == 0 else math.nan if i % 3 == 1 else i / 7 for i in range(CLIENTS)],
        "city": [None if i % 2 else f"Köln {i}" for i in range(CLIENTS)],
        "fast": index % 2 == 0,
        "mixed": [i if i % 2 else f"text {i}" for i in range(CLIENTS)],
    },
)
hivewatch.log_client_updates(1, ["a", "b"], {"local_loss": [0.5], "lat": [91, 48.5], "note": ["x", None]})
hivewatch.log_client_update("c", round=1, local_loss=0.25)
hivewatch.log_round(1)
print("durable:", hivewatch.finish(timeout=60))
