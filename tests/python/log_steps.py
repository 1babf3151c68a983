"""Logs 200 updates for each line of its input, and after the last line prints whether the bridge has all of them."""

import sys

import hivewatch_bridge as hivewatch

hivewatch.init(run_id="run-steps-0001", verbose=False)
total = 0
for step, _ in enumerate(sys.stdin):
    hivewatch.round_start(step)
    for _ in range(200):
        hivewatch.log_client_update("client", round=step, local_loss=total)
        total += 1
    hivewatch.log_dropout(step, f"client-{step}", "gone")
    hivewatch.log_round(step, global_accuracy=step / 10)
    print("logged step", step, flush=True)
    if step == 3:
        break
print("durable:", hivewatch.finish(timeout=120), flush=True)
