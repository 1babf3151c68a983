"""What the programs here share: random results of clients, and how they talk to the bench that starts them."""

from __future__ import annotations

import json
import random
import sys
import time
from array import array
from typing import Any

METRICS = sys.argv[1].split(",")
"""The names of a client's metrics."""

# Results are made before, as a training has them: making them is not what is measured.
_DISTINCT = 1000
_FEW = 20_000


def random_updates(count: int = _DISTINCT) -> list[dict[str, float]]:
    """The metrics of some clients, one dict each."""
    return [{name: random.random() for name in METRICS} for _ in range(count)]


def random_columns(count: int) -> dict[str, array[float]]:
    """The metrics of some clients, one array of each."""
    return {name: array("d", (random.random() for _ in range(count))) for name in METRICS}


def tell(**fields: Any) -> None:
    """Says something to the bench."""
    print(json.dumps(fields), flush=True)


def wait_for_go() -> None:
    """Says that everything is ready, and waits until the bench wants it to begin."""
    tell(event="ready")
    sys.stdin.readline()


def let_it_send(run: Any, few: int = _FEW) -> None:
    """Waits while much is to be sent: a bench may not be faster by losing events. A real training is slower anyway."""
    while len(run._sender.queue) > few:
        time.sleep(0.001)
