"""Logs many rounds of 1,000 clients, and says when a part of them is logged, and in the end whether all are durable.

Arguments: how many rounds, and after how many of them to say so.
"""

import random
import sys
from array import array

import hivewatch_bridge as hivewatch

CLIENTS = 1000
METRICS = 15

rounds, part = map(int, sys.argv[1:])
hivewatch.init(run_id="run-rounds-0001", verbose=False)
ids = [f"client-{i}" for i in range(CLIENTS)]
for number in range(rounds):
    columns = {f"metric_{i}": array("d", (random.random() for _ in range(CLIENTS))) for i in range(METRICS)}
    hivewatch.round_start(number)
    hivewatch.log_client_updates(number, ids, columns)
    hivewatch.log_round(number, global_loss=random.random())
    if number + 1 == part:
        print("part", flush=True)
print("durable:", hivewatch.finish(timeout=1800))
