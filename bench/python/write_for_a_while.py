"""Writes a run for a while, with this package or with Python hivewatch, and says how many events it got on disk.

Arguments: the metrics, `ours` or `theirs`, for how many seconds, the folder for Python hivewatch's files.
"""

from __future__ import annotations

import contextlib
import sys
import time

from training import let_it_send, random_updates, tell, wait_for_go

CLIENTS = 20
FINISH_SEC = 600.0


def main(whose: str, seconds: float, folder: str) -> None:
    """Does what the arguments say."""
    if whose == "ours":
        import hivewatch_bridge as hivewatch

        run = hivewatch.init(verbose=False)
    else:
        import hivewatch
        from hivewatch.emitters import GeoEmitter

        # What it prints is not for the bench.
        with contextlib.redirect_stdout(sys.stderr):
            hivewatch.init(emitters=[GeoEmitter(host="127.0.0.1", port=0, runs_dir=folder)], verbose=False)
    clients = [(f"client-{i}", update) for i, update in enumerate(random_updates(CLIENTS))]
    wait_for_go()
    began = time.perf_counter()
    rounds = 0
    while time.perf_counter() < began + seconds:
        hivewatch.round_start(rounds)
        for client_id, update in clients:
            hivewatch.log_client_update(client_id, round=rounds, **update)
        hivewatch.log_round(rounds, global_loss=0.5)
        rounds += 1
        if whose == "ours":
            let_it_send(run)
    durable = run.finish(timeout=FINISH_SEC) if whose == "ours" else hivewatch.finish() is None
    tell(durable=durable, events=rounds * CLIENTS, seconds=time.perf_counter() - began)


if __name__ == "__main__":
    main(sys.argv[2], float(sys.argv[3]), sys.argv[4])
