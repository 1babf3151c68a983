"""Times single calls of a training thread while the sender sends what they log, in turns with calls that do nothing.

Arguments: the metrics, how many rounds of calls.
"""

from __future__ import annotations

import sys
import time
from typing import Any, Callable

import hivewatch_bridge as hivewatch
from training import let_it_send, random_updates, tell, wait_for_go

CALLS = 1000
FINISH_SEC = 600.0


def main(rounds: int) -> None:
    """Does what the arguments say."""
    run = hivewatch.init(verbose=False)
    clients = [(f"client-{i}", update) for i, update in enumerate(random_updates(CALLS))]
    kept: list[dict[str, Any]] = []

    def floor(client_id: str, **fields: Any) -> None:
        kept.append(fields)

    def time_round(call: Callable[..., None], round: int) -> list[int]:
        taken = []
        now = time.perf_counter_ns
        for client_id, update in clients:
            begin = now()
            call(client_id, round=round, **update)
            taken.append(now() - begin)
        return taken

    logged: list[int] = []
    empty: list[int] = []
    wait_for_go()
    for round in range(rounds):
        logged += time_round(run.log_client_update, round)
        empty += time_round(floor, round)
        kept.clear()
        let_it_send(run, few=4 * CALLS)
    durable = run.finish(timeout=FINISH_SEC)
    tell(durable=durable, **summary("logged", logged), **summary("empty", empty))


def summary(name: str, taken: list[int]) -> dict[str, float]:
    """In microseconds."""
    taken.sort()
    return {f"{name}_median": taken[len(taken) // 2] / 1000, f"{name}_p999": taken[int(0.999 * len(taken))] / 1000}


if __name__ == "__main__":
    main(int(sys.argv[2]))
