"""Objects of the user's own with hooks, which are called in a thread of their own and can harm nothing."""

import logging
import math
import sys
import threading
from array import array

import pytest

import hivewatch_bridge as hivewatch
from hivewatch_bridge import ClientUpdate, RoundSummary, _hooks, _run
from hivewatch_bridge.emitters import WandbEmitter


class Notes:
    """Notes each call."""

    def __init__(self):
        self.calls = []

    def on_init(self, run_id, algorithm, config):
        self.calls.append(("init", run_id, algorithm, config))

    def on_client_update(self, client):
        self.calls.append(("update", client.client_id, client.round))

    def on_round(self, summary, clients):
        self.calls.append(("round", summary, [client.client_id for client in clients]))

    def on_dropout(self, round, client_id, reason):
        self.calls.append(("dropout", round, client_id, reason))

    def on_comm_failure(self, round, client_id, reason):
        self.calls.append(("comm_failure", round, client_id, reason))

    def on_checkpoint(self, round, path, metadata):
        self.calls.append(("checkpoint", round, path, metadata))

    def on_server_metadata(self, metadata):
        self.calls.append(("server", metadata))

    def finish(self):
        self.calls.append(("finish",))


class Rounds:
    """Has one hook only."""

    def __init__(self):
        self.rounds = []

    def on_round(self, summary, clients):
        self.rounds.append((summary, clients))


def messages(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def begin(server, *emitters, **kwargs):
    return hivewatch.init(run_id="run", emitters=list(emitters), endpoint=server.endpoint, verbose=False, **kwargs)


def test_every_hook_is_called_in_order_beside_what_is_sent(server):
    notes, rounds = Notes(), Rounds()
    run = begin(server, notes, rounds, config={"lr": 1})
    assert list(run.emitters) == [notes, rounds]
    hivewatch.set_server_metadata(city="Lemont")
    hivewatch.round_start(1)
    hivewatch.log_client_update("a", round=1, local_loss=0.5, bytes_sent=3, gradient_norm=1.0, site="x")
    hivewatch.log_client_update(7, round=1, bytes_sent=4, gradient_norm=3.0, status="failed")
    hivewatch.log_client_metric("a", round=1, evaluate_loss=1)
    hivewatch.log_client_update("late")
    hivewatch.log_dropout(1, "b", "gone")
    hivewatch.log_comm_failure(1, "c")
    hivewatch.log_round(1, global_accuracy=0.5, num_stragglers=2, algorithm_metadata={"mu": 1})
    hivewatch.log_checkpoint(1, "model.npz", size=3)
    assert hivewatch.finish()
    assert [call[0] for call in notes.calls] == [
        *("init", "server", "update", "update", "update", "dropout", "comm_failure", "round", "checkpoint", "finish")
    ]
    assert notes.calls[0] == ("init", "run", "FedAvg", {"lr": 1})
    assert notes.calls[3:7] == [
        ("update", 7, 1),
        ("update", "late", None),
        ("dropout", 1, "b", "gone"),
        ("comm_failure", 1, "c", None),
    ]
    assert notes.calls[8] == ("checkpoint", 1, "model.npz", {"size": 3})
    ((summary, clients),) = rounds.rounds
    assert summary.round_duration_sec >= 0
    summary.round_duration_sec = None
    assert summary == RoundSummary(
        round=1,
        global_accuracy=0.5,
        num_selected=2,
        num_completed=1,
        num_stragglers=2,
        total_bytes_up=7,
        gradient_norm_dispersion=math.sqrt(2),
        algorithm_metadata={"mu": 1},
    )
    assert [client.client_id for client in clients] == ["a", 7]
    assert (clients[0].extra, clients[0].num_samples, clients[0].staleness) == ({"site": "x"}, 0, None)
    assert len(server.of("client_update")) == 3


def test_results_that_come_as_columns_are_told_one_by_one(server):
    rounds = Rounds()
    begin(server, rounds)
    losses = array("d", (0.5, 0.25))
    hivewatch.log_client_updates(0, ["a", "b"], {"local_loss": losses, "site": ("x", None), "bad": [1], "worse": "ab"})
    losses[0] = 9.0
    hivewatch.log_round(0)
    assert hivewatch.finish()
    ((_, clients),) = rounds.rounds
    assert clients == [
        ClientUpdate("a", round=0, local_loss=0.5, extra={"site": "x"}),
        ClientUpdate("b", round=0, local_loss=0.25),
    ]


@pytest.mark.parametrize("norm", [math.nan, math.inf, -math.inf, "high", None, 10**400, object()])
def test_whatever_a_client_reports_a_round_ends(server, norm):
    rounds = Rounds()
    begin(server, rounds)
    for client, value in (("a", 1.0), ("b", norm), ("c", 3.0)):
        hivewatch.log_client_update(client, round=1, gradient_norm=value, bytes_sent=value)
    hivewatch.log_round(1)
    assert hivewatch.finish()
    ((summary, clients),) = rounds.rounds
    assert (summary.gradient_norm_dispersion, len(clients)) == (math.sqrt(2), 3)
    assert len(server.of("round_end")) == 1


def test_numpy_scalars_do_no_harm(server):
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    rounds = Rounds()
    begin(server, rounds)
    for client in range(2):
        hivewatch.log_client_update(
            numpy.int64(client), round=numpy.int64(1), gradient_norm=numpy.float32(client), local_loss=numpy.float16(2)
        )
    hivewatch.log_round(1, global_loss=numpy.float32(0.5))
    assert hivewatch.finish()
    ((summary, clients),) = rounds.rounds
    assert summary.gradient_norm_dispersion == pytest.approx(math.sqrt(0.5))
    assert [event["clients"][0]["gradient_norm"] for event in server.of("client_update")] == [0, 1]
    assert server.of("round_end")[0]["round_metrics"] == {"global_loss": 0.5}


class Raising:
    def on_init(self, *args):
        raise ValueError("at the start")

    def on_client_update(self, client):
        sys.exit(3)

    def on_round(self, summary, clients):
        clients.clear()
        summary.round = "spoilt"
        raise KeyError("in a round")

    @property
    def on_dropout(self):
        raise RuntimeError("no such hook")


def test_one_that_raises_is_told_of_once_and_disturbs_nobody(server, caplog):
    rounds = Rounds()
    run = begin(server, Raising(), rounds)
    for round in range(3):
        run.log_client_update("a", round=round)
        run.log_dropout(round, "b")
        run.log_round(round)
    assert run.finish()
    assert [(summary.round, len(clients)) for summary, clients in rounds.rounds] == [(0, 1), (1, 1), (2, 1)]
    assert sorted(message.split(" (")[0] for message in messages(caplog)) == [
        "Raising.on_client_update failed",
        "Raising.on_dropout failed",
        "Raising.on_init failed",
        "Raising.on_round failed",
    ]
    assert len(server.of("round_end")) == 3


def test_one_that_logs_is_heard_by_the_bridge_alone(server):
    class Logging:
        def on_client_update(self, client):
            hivewatch.log_client_update(f"{client.client_id}'", round=client.round)

        def on_round(self, summary, clients):
            hivewatch.log_event("note", round=summary.round)
            hivewatch.log_round(summary.round + 1)

    notes = Notes()
    run = begin(server, Logging(), Logging(), notes)
    run.log_client_update("a", round=1)
    run.log_round(1)
    run._hooks.drain(60)
    assert run.finish()
    assert sorted(event["clients"][0]["client_id"] for event in server.of("client_update")) == ["a", "a'", "a'"]
    assert [event["round"] for event in server.of("round_end")] == [1, 2, 2]
    assert [call[0] for call in notes.calls] == ["init", "update", "round", "finish"]


def test_one_that_finishes_the_run_does_not_wait_for_itself(server):
    finished = threading.Event()

    class Finishing:
        def on_round(self, summary, clients):
            if run.finish():
                finished.set()

    run = begin(server, Finishing())
    run.log_round(1)
    assert finished.wait(60)


def test_one_that_hangs_holds_up_nothing(server, monkeypatch, caplog):
    monkeypatch.setattr(_hooks, "_MAX_UPDATES", 10)
    monkeypatch.setattr(_hooks, "_MAX_WAITING", 20)
    release = threading.Event()

    class Hanging(Notes):
        def on_init(self, *args):
            release.wait(60)

    hanging, rounds = Hanging(), Rounds()
    run = begin(server, hanging, rounds)
    for round in range(100):
        run.log_client_update("a", round=round)
        run.log_round(round)
    server.wait_for(lambda server: len(server.of("round_end")) == 100)
    # As long as it may wait for hooks, whatever else it has time for.
    monkeypatch.setattr(_run, "_HOOKS_TIMEOUT_SEC", 0.1)
    assert run.finish(timeout=100_000)
    assert "Hanging is too slow: not everything is handed to it." in messages(caplog)
    release.set()
    run._hooks.drain(60)
    kinds = [call[0] for call in hanging.calls]
    assert 0 < kinds.count("update") <= 10
    assert kinds.count("round") <= 20


def test_a_round_that_can_be_no_key_costs_itself_alone(server, caplog):
    notes = Notes()
    run = begin(server, notes)
    run.log_client_update("a", round=[1])
    run.log_client_update("b", round=1)
    assert run.finish()
    assert [call[:2] for call in notes.calls] == [("init", "run"), ("update", "b"), ("finish",)]
    assert any("Notes could not be told" in message for message in messages(caplog))


def test_rounds_that_never_end_are_forgotten(server, monkeypatch):
    monkeypatch.setattr(_hooks, "_MAX_OPEN_ROUNDS", 3)
    rounds = Rounds()
    run = begin(server, rounds)
    for round in range(10):
        run.round_start(round)
        run.log_client_update("a", round=round)
    for round in (0, 9):
        run.log_round(round)
    assert run.finish()
    assert [(summary.round, len(clients)) for summary, clients in rounds.rounds] == [(0, 0), (9, 1)]


def test_a_declaration_may_have_hooks_too(server):
    class Mine(WandbEmitter, Rounds):
        def __init__(self):
            super().__init__(project="p")
            self.rounds = []

    mine = Mine()
    begin(server, mine)
    hivewatch.log_round(1)
    assert hivewatch.finish()
    assert len(mine.rounds) == 1
    assert server.of("init")[0]["emitters"] == [{"name": "wandb", "options": {"project": "p"}}]


def test_a_program_that_never_finishes_its_run_has_its_hooks_called(server):
    rounds = Rounds()
    run = begin(server, rounds)
    run.log_round(1)
    run._flush_at_exit(60)
    assert len(rounds.rounds) == 1
    assert run.finish(timeout=60)


def test_what_hooks_are_handed_is_as_in_python_hivewatch():
    update = ClientUpdate.from_dict({"client_id": "a", "round": 5, "base_round": 3, "site": "x", "extra": 1})
    assert update.staleness == 2
    assert list(update.to_dict())[:3] == ["client_id", "round", "local_accuracy"]
    assert update.to_dict()["site"] == "x"
    assert "extra" not in update.to_dict()
    with pytest.raises(TypeError):
        ClientUpdate.from_dict({"round": 1})
    summary = RoundSummary(1, gradient_norm_dispersion=0.5)
    with pytest.deprecated_call():
        assert summary.gradient_divergence == 0.5
    assert list(summary.to_dict())[0] == "round"
