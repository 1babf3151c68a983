"""Trains 3 clients for 3 rounds under Flower, watched, and prints as one JSON line everything that Flower knew.

In round 2 one client's training fails, and in round 3 another never answers. Where the events go is said by
HIVEWATCH_ENDPOINT. For tests that compare what Flower knew with what a bridge has stored.
"""

import json
import random
import sys
import tempfile
from pathlib import Path

from loopback_grid import SILENT, LoopbackGrid, scratch_home

# So that it runs from a checkout as it is, also where the package is not installed.
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

with tempfile.TemporaryDirectory() as home:
    scratch_home(home)
    from flwr.app import Error
    from flwr.serverapp.strategy import FedAvg
    from small_training import NODES, evaluate_centrally, initial_arrays

    from hivewatch_bridge.flower import watch


class Recording(FedAvg):
    """FedAvg that keeps what passes through it."""

    def __init__(self):
        super().__init__()
        self.selected = {}
        self.replies = []
        self.errors = []

    def configure_train(self, server_round, arrays, config, grid):
        messages = list(super().configure_train(server_round, arrays, config, grid))
        self.selected[server_round] = [str(message.metadata.dst_node_id) for message in messages]
        return messages

    def aggregate_train(self, server_round, replies):
        self._keep(server_round, "train", replies)
        return super().aggregate_train(server_round, replies)

    def aggregate_evaluate(self, server_round, replies):
        self._keep(server_round, "evaluate", replies)
        return super().aggregate_evaluate(server_round, replies)

    def _keep(self, server_round, phase, replies):
        for reply in replies:
            about = {"round": server_round, "phase": phase}
            if reply.has_error():
                self.errors.append({**about, "code": reply.error.code, "reason": reply.error.reason})
            else:
                metrics = dict(reply.content["metrics"])
                self.replies.append({**about, "node": str(reply.metadata.src_node_id), "metrics": metrics})


def main():
    random.seed(7)
    failing, silent, _ = NODES
    faults = {("train", 2, failing): Error(2, "CUDA out of memory"), ("train", 3, silent): SILENT}
    strategy = Recording()
    grid = LoopbackGrid(NODES, faults=faults)
    result = watch(strategy).start(
        grid=grid, initial_arrays=initial_arrays(), num_rounds=3, timeout=1, evaluate_fn=evaluate_centrally
    )
    known = {
        "run_id": str(grid.run.run_id),
        "algorithm": type(strategy).__name__,
        "num_rounds": 3,
        "selected": strategy.selected,
        "replies": strategy.replies,
        "errors": strategy.errors,
        "failed": {
            "round": 2,
            "node": str(failing),
            "code": "CLIENT_APP_RAISED_EXCEPTION",
            "reason": "CUDA out of memory",
        },
        "silent": {"round": 3, "node": str(silent)},
        "aggregated_train": {n: dict(m) for n, m in result.train_metrics_clientapp.items()},
        "aggregated_evaluate": {n: dict(m) for n, m in result.evaluate_metrics_clientapp.items()},
        "central": {n: dict(m) for n, m in result.evaluate_metrics_serverapp.items()},
    }
    sys.stdout.write(json.dumps(known) + "\n")


if __name__ == "__main__":
    main()
