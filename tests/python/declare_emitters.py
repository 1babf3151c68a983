"""Logs a run that declares emitters, a round with each line but "finish": declare_emitters.py RUN_ID EMITTERS"""

import logging
import sys

import hivewatch_bridge as hivewatch
from hivewatch_bridge import emitters

run_id, declared = sys.argv[1:]
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
hivewatch.init(run_id=run_id, emitters=eval(f"[{declared}]", dict(vars(emitters))))
for round, line in enumerate(sys.stdin):
    if line == "finish\n":
        break
    hivewatch.log_client_update("a", round=round, local_loss=0.5)
    hivewatch.log_round(round)
    print(f"logged round {round}", flush=True)
print("durable:", hivewatch.finish(timeout=60))
