"""Writes a run with Python hivewatch, a round for each line of its input, into the folder that is named."""

import sys

import hivewatch
from hivewatch.emitters import GeoEmitter

run = hivewatch.init(run_id="run-steps-0001", emitters=[GeoEmitter(runs_dir=sys.argv[1], serve_map=False)], verbose=False)
for number, _ in enumerate(sys.stdin):
    if number == 3:
        break
    run.round_start(number)
    run.log_client_update("paris", round=number, local_loss=1 / (number + 1), lat=48.85, lng=2.35)
    run.log_dropout(number, "tokyo")
    run.log_round(number, global_accuracy=number / 10)
run.finish()
