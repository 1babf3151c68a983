"""Logs updates of clients, call by call or in bulk, and says how long it took until all of them were on disk.

Arguments: the metrics, `calls`, `bulk` or `round` (all clients in one call), the run's id, the number of updates.
"""

from __future__ import annotations

import sys
import time
from typing import Callable

import hivewatch_bridge as hivewatch
from training import let_it_send, random_columns, random_updates, tell, wait_for_go

CLIENTS = 1000
CLIENTS_PER_BULK_CALL = 10_000
FINISH_SEC = 600.0


def calls(run: hivewatch.Run, count: int) -> Callable[[], None]:
    """One call for each client."""
    clients = [(f"client-{i}", update) for i, update in enumerate(random_updates(CLIENTS))]

    def log() -> None:
        for round in range(count // CLIENTS):
            for client_id, update in clients:
                run.log_client_update(client_id, round=round, **update)
            let_it_send(run)

    return log


def bulk(run: hivewatch.Run, count: int) -> Callable[[], None]:
    """One call for each round."""
    clients = min(count, CLIENTS_PER_BULK_CALL)
    ids = [f"client-{i}" for i in range(clients)]
    columns = random_columns(clients)

    def log() -> None:
        for round in range(count // clients):
            run.log_client_updates(round, ids, columns)
            let_it_send(run)

    return log


def one_round(run: hivewatch.Run, count: int) -> Callable[[], None]:
    """A whole round in one call."""
    ids = [f"client-{i}" for i in range(count)]
    columns = random_columns(count)

    def log() -> None:
        run.round_start(1)
        run.log_client_updates(1, ids, columns)
        run.log_round(1, global_loss=0.5)

    return log


WAYS = {"calls": calls, "bulk": bulk, "round": one_round}


def main(how: str, run_id: str, count: int) -> None:
    """Does what the arguments say."""
    run = hivewatch.init(run_id=run_id, verbose=False)
    log = WAYS[how](run, count)
    wait_for_go()
    began = time.perf_counter()
    log()
    durable = run.finish(timeout=FINISH_SEC)
    tell(durable=durable, dropped=run._sender.queue.dropped, seconds=time.perf_counter() - began)


if __name__ == "__main__":
    main(sys.argv[2], sys.argv[3], int(sys.argv[4]))
