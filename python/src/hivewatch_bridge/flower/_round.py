"""What is known of a round while it runs, and the event that sums it up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .._adapter.metrics import EVALUATE_PREFIXES, accuracy_name, loss_name, prefixed
from .._run import Run

TRAIN = "train"
EVALUATE = "evaluate"


@dataclass
class Tally:
    """How one phase of a round went."""

    selected: list[str] | None = None
    """Clients that were asked; None if the phase was not configured."""
    completed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    """Those of the failed that had not answered when nobody waited any more."""

    def unheard(self) -> list[str]:
        """Clients that were asked and of which nothing was heard so far."""
        return [node for node in self.selected or [] if node not in self.completed and node not in self.failed]


@dataclass
class Round:
    """A round of training and evaluation."""

    number: int
    started: float | None = None
    """When its clients were chosen: waiting for enough of them is no part of the round."""
    ended: float | None = None
    tallies: dict[str, Tally] = field(default_factory=lambda: {TRAIN: Tally(), EVALUATE: Tally()})
    bytes_up: int | None = None
    bytes_down: int | None = None
    aggregation_sec: float | None = None
    train_metrics: dict[str, Any] = field(default_factory=dict)
    evaluate_metrics: dict[str, Any] = field(default_factory=dict)
    central_metrics: dict[str, Any] = field(default_factory=dict)
    is_trained: bool = False
    """Whether the server has aggregated what the clients trained."""
    is_aggregated: bool = False
    """Whether the last step that every round has is over."""
    is_judged: bool = False
    """Whether the server has evaluated the model itself."""
    local_names: dict[str, set[str]] = field(default_factory=dict)
    """By client: which of local_accuracy and local_loss its training reported."""

    def tally(self, phase: str) -> Tally:
        """How a phase goes; phases of the application's own are added."""
        return self.tallies.setdefault(phase, Tally())

    def train_tally(self, phase: str) -> Tally:
        """The tally in which a failure of a phase counts: who fails in a stage of secure aggregation doesn't train."""
        return self.tally(TRAIN if phase.startswith("secagg_") else phase)

    def moved_up(self, size: int | None) -> None:
        """So many bytes came from a client, as far as that is known."""
        if size is not None:
            self.bytes_up = (self.bytes_up or 0) + size

    def moved_down(self, size: int | None) -> None:
        """So many bytes went to a client, as far as that is known."""
        if size is not None:
            self.bytes_down = (self.bytes_down or 0) + size

    def report(self, run: Run) -> None:
        """Logs the end of the round."""
        train, evaluate = self.tallies[TRAIN], self.tallies[EVALUATE]
        was_asked = train.selected is not None
        run.log_round(
            self.number,
            num_selected=len(train.selected) if train.selected is not None else None,
            num_completed=len(train.completed) if was_asked else None,
            num_failures=len(train.failed) if was_asked else None,
            total_bytes_up=self.bytes_up if was_asked else None,
            total_bytes_down=self.bytes_down if was_asked else None,
            round_duration_sec=self._duration(),
            aggregation_time_sec=self.aggregation_sec,
            num_silent=len(train.silent) if was_asked else None,
            **_evaluate_counts(evaluate),
            **self.metrics(),
        )

    def _duration(self) -> float | None:
        return None if self.started is None or self.ended is None else self.ended - self.started

    def metrics(self) -> dict[str, Any]:
        """What came out of it, under names that say who found that."""
        return {
            **prefixed("train", self.train_metrics),
            **prefixed("evaluate", self.evaluate_metrics),
            **prefixed("central", self.central_metrics),
            **self._global_metrics(),
        }

    def _global_metrics(self) -> dict[str, Any]:
        # Both from one source: an accuracy of the server's data beside a loss of the clients' would mislead.
        for source, metrics in (("central", self.central_metrics), ("federated", self.evaluate_metrics)):
            accuracy = accuracy_name(metrics, EVALUATE_PREFIXES)
            loss = loss_name(metrics, EVALUATE_PREFIXES)
            if accuracy or loss:
                return {
                    "global_accuracy": metrics[accuracy] if accuracy else None,
                    "global_loss": metrics[loss] if loss else None,
                    "global_source": source,
                }
        return {}


def _evaluate_counts(evaluate: Tally) -> dict[str, Any]:
    if not evaluate.selected:
        return {}
    return {
        "num_evaluate_selected": len(evaluate.selected),
        "num_evaluate_completed": len(evaluate.completed),
        "num_evaluate_failures": len(evaluate.failed),
        "num_evaluate_silent": len(evaluate.silent),
    }
