"""The Flower adapter, with real strategies and ClientApps over a loopback grid."""

import copy
import json
import os
import pickle
import random
import subprocess
import sys
from pathlib import Path

import grpc
import pytest

pytest.importorskip("flwr", reason="Flower is not installed")
pytest.importorskip("flwr.serverapp.strategy", reason="this Flower has no message API")

from flwr.app import ConfigRecord, Error, Message, MetricRecord, RecordDict
from flwr.serverapp import strategy as strategies
from flwr.serverapp.strategy import FedAvg
from loopback_grid import REFUSED, SILENT, LoopbackGrid, NodeInfo, RunNotRunningException
from small_training import NODES, evaluate_centrally, initial_arrays, make_app
from small_training import train as train_function

import hivewatch_bridge
from hivewatch_bridge.flower import _watcher, client_mod, unwatch, watch

A, B, C = NODES


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Keeps Flower out of the home, and runs apart from each other."""
    monkeypatch.setenv("FLWR_HOME", str(tmp_path))
    monkeypatch.setenv("FLWR_TELEMETRY_ENABLED", "0")
    monkeypatch.setattr(_watcher, "_starts", {})


def train(strategy, faults=None, grid=None, **kwargs):
    random.seed(7)
    grid = grid or LoopbackGrid(NODES, faults=faults)
    return strategy.start(grid=grid, initial_arrays=initial_arrays(), **{"num_rounds": 3, "timeout": 0.1, **kwargs})


def numbers(result):
    """Everything a training came to."""
    return (
        [array.tobytes() for array in result.arrays.to_numpy_ndarrays()],
        {n: dict(m) for n, m in result.train_metrics_clientapp.items()},
        {n: dict(m) for n, m in result.evaluate_metrics_clientapp.items()},
        {n: dict(m) for n, m in result.evaluate_metrics_serverapp.items()},
    )


def rounds(server, event_type="round_end"):
    return {event["round"]: event for event in server.of(event_type)}


def clients(server, event_type, number):
    found = [event["clients"][0] for event in server.of(event_type) if event["round"] == number]
    return {client["client_id"]: client for client in found}


# Nothing about the training changes.


@pytest.mark.parametrize(
    "make",
    [
        lambda: FedAvg(),
        lambda: FedAvg(fraction_train=0.67, fraction_evaluate=0.0),
        lambda: FedAvg(fraction_train=0.0),
        lambda: strategies.FedAdam(),
        lambda: strategies.FedMedian(),
        lambda: strategies.FedProx(proximal_mu=0.1),
        lambda: strategies.DifferentialPrivacyServerSideFixedClipping(FedAvg(), 0.0, 0.5, 3),
    ],
    ids=["FedAvg", "sampling", "evaluation only", "FedAdam", "FedMedian", "FedProx", "differential privacy"],
)
@pytest.mark.parametrize("central", [None, evaluate_centrally], ids=["", "central"])
@pytest.mark.parametrize("faulty", [False, True], ids=["", "faulty"])
def test_the_same_seed_gives_the_same_model(server, make, central, faulty):
    faults = {("train", 2, A): Error(2, "boom"), ("evaluate", 1, B): SILENT} if faulty else {}
    plain = train(make(), faults, evaluate_fn=central)
    state = random.getstate()
    watched = train(watch(make(), endpoint=server.endpoint), faults, evaluate_fn=central)
    assert numbers(watched) == numbers(plain)
    assert random.getstate() == state
    assert len(server.of("finished")) == 1


def test_disabled_the_training_is_the_same(server, monkeypatch):
    monkeypatch.setenv("HIVEWATCH_DISABLED", "1")
    assert numbers(train(watch(FedAvg(), endpoint=server.endpoint))) == numbers(train(FedAvg()))
    assert server.events == []


def test_a_malformed_endpoint_is_no_reason_to_stop(caplog):
    assert numbers(train(watch(FedAvg(), endpoint="nonsense"))) == numbers(train(FedAvg()))
    assert any("nonsense" in str(record.exc_info) for record in caplog.records)


def test_everything_is_put_back(server):
    strategy, grid = FedAvg(), LoopbackGrid(NODES)
    before = set(vars(strategy)), set(vars(grid))
    start = strategies.Strategy.start
    other = watch(FedAvg())
    assert watch(strategy, endpoint=server.endpoint) is strategy
    assert watch(strategy) is strategy
    train(strategy, grid=grid)
    assert set(vars(grid)) == before[1]
    unwatch(strategy)
    unwatch(strategy)
    assert (set(vars(strategy)), set(vars(grid))) == before
    unwatch(other)
    assert strategies.Strategy.start is start
    train(strategy)
    assert len(server.of("init")) == 1


@pytest.mark.parametrize("fault", [ValueError("boom"), KeyboardInterrupt(), SystemExit(0), RunNotRunningException()])
def test_everything_is_put_back_after_an_error_which_passes_through(server, fault):
    class Failing(FedAvg):
        def aggregate_train(self, server_round, replies):
            if server_round == 2:
                raise fault
            return super().aggregate_train(server_round, replies)

    strategy, grid = Failing(), LoopbackGrid(NODES)
    before = set(vars(grid))
    with pytest.raises(type(fault)) as raised:
        train(watch(strategy, endpoint=server.endpoint), grid=grid)
    assert raised.value is fault
    assert set(vars(grid)) == before
    (finished,) = server.of("finished")
    assert finished["status"] == ("failed" if isinstance(fault, Exception) else "aborted")
    assert type(fault).__name__ in finished["reason"]
    assert set(rounds(server)) == {1}
    assert set(rounds(server, "round_start")) == {1, 2}


def test_copies_and_pickles_of_a_watched_strategy_are_not_watched(server):
    class Saving(FedAvg):
        def aggregate_train(self, server_round, replies):
            replies = list(replies)
            copies.append(copy.deepcopy(self))
            assert copies[-1].aggregate_train.__self__ is copies[-1]
            return super().aggregate_train(server_round, replies)

    copies = []
    strategy = watch(Saving(), endpoint=server.endpoint)
    train(strategy, num_rounds=1)
    assert len(copies) == 1
    watched = watch(FedAvg(), endpoint=server.endpoint)
    watched.kept = watched.configure_train
    for copied in (copy.copy(watched), copy.deepcopy(watched), pickle.loads(pickle.dumps(watched))):
        assert set(vars(copied)) == {*vars(FedAvg()), "kept"}
        assert copied.configure_train.__self__ is copied
        assert callable(copied.kept)
        train(copied, num_rounds=1)
    assert len(server.of("init")) == 1


def test_copies_keep_what_the_object_says_of_its_state(server):
    class Stateful(FedAvg):
        __slots__ = ("slot",)

        def __getstate__(self):
            return {**vars(self), "saved": True}

    class Slotted(FedAvg):
        __slots__ = ("slot",)

    def mine(*args):
        return []

    assert copy.copy(watch(Stateful())).saved
    slotted = Slotted()
    slotted.slot, slotted.configure_train = "kept", mine
    copied = copy.copy(watch(slotted))
    assert (copied.slot, copied.configure_train) == ("kept", mine)
    assert copied.aggregate_train.__self__ is copied


def test_strategies_with_a_loop_of_their_own_are_watched(server):
    class OwnLoop(FedAvg):
        def start(self, grid, initial_arrays, num_rounds=3, timeout=3600, **kwargs):
            result = super().start(grid, initial_arrays, num_rounds, timeout, **kwargs)
            return result, "and more"

    result, more = train(watch(OwnLoop(), endpoint=server.endpoint), evaluate_fn=evaluate_centrally)
    assert more == "and more"
    assert set(rounds(server)) == {0, 1, 2, 3}
    assert rounds(server)[3]["round_metrics"]["global_source"] == "central"


def mine(server_round, arrays):
    """An evaluation that a strategy brings itself."""
    return MetricRecord({"loss": 10.0 - server_round})


def handed_on(evaluate_fn):
    """One that makes another one's result its own."""
    return lambda *args: MetricRecord({"loss": evaluate_fn(*args)["loss"] + 1})


@pytest.mark.parametrize(
    ("choose", "difference"),
    [(lambda given: mine, 0), (lambda given: given, 0), (handed_on, 1)],
    ids=["its own", "the one that it was given", "around the one that it was given"],
)
def test_an_evaluation_that_an_own_start_hands_on_is_watched_once(server, choose, difference):
    class Evaluating(FedAvg):
        def start(self, grid, initial_arrays, **kwargs):
            return super().start(grid, initial_arrays, evaluate_fn=choose(kwargs.pop("evaluate_fn")), **kwargs)

    def start(strategy):
        return train(strategy, evaluate_fn=mine, num_rounds=2)

    assert numbers(start(watch(Evaluating(), endpoint=server.endpoint))) == numbers(start(Evaluating()))
    central = [(e["round"], e["metrics"]["loss"]) for e in server.of("evaluation") if e["source"] == "central"]
    assert central == [(n, 10.0 - n + difference) for n in (0, 1, 2)]
    assert [event["round"] for event in server.of("round_end")] == [0, 1, 2]
    for number in (1, 2):
        assert rounds(server)[number]["round_metrics"]["global_loss"] == 10.0 - number + difference
        assert rounds(server)[number]["round_metrics"]["global_source"] == "central"


def test_an_own_start_that_drops_the_evaluation_ends_its_rounds(server):
    class Dropping(FedAvg):
        def start(self, grid, initial_arrays, evaluate_fn=None, **kwargs):
            return super().start(grid, initial_arrays, **kwargs)

    train(watch(Dropping(), endpoint=server.endpoint), evaluate_fn=evaluate_centrally)
    types = [
        (event["event_type"], event["round"]) for event in server.events if event["event_type"].startswith("round")
    ]
    assert types == [(f"round_{when}", number) for number in (1, 2, 3) for when in ("start", "end")]


def test_messages_from_a_generator_arrive(server):
    class Lazy(FedAvg):
        def configure_train(self, *args, **kwargs):
            yield from super().configure_train(*args, **kwargs)

    assert numbers(train(watch(Lazy(), endpoint=server.endpoint))) == numbers(train(FedAvg()))
    assert len(rounds(server, "round_start")[1]["selected"]) == 3


def test_what_is_no_strategy_is_returned_with_a_warning(caplog):
    thing = object()
    assert watch(thing) is thing
    assert len(caplog.records) == 1


# What is reported.


def test_a_run(server):
    result = train(
        watch(FedAvg(), endpoint=server.endpoint, config={"lr": 0.05, "api_key": "secret"}),
        evaluate_fn=evaluate_centrally,
        train_config=ConfigRecord({"lr": 0.5, "token": "secret"}),
        evaluate_config=ConfigRecord({"batch": 8}),
    )
    (init,) = server.of("init")
    assert {batch.run_id for batch in server.batches} == {"10388190150487002303"}
    assert init["algorithm"] == "FedAvg"
    assert init["config"]["framework"] == "flower"
    assert init["config"]["num_rounds"] == 3
    assert init["config"]["timeout"] == 0.1
    assert init["config"]["train_config"] == {"lr": 0.5}
    assert init["config"]["evaluate_config"] == {"batch": 8}
    # What numpy makes of five numbers, with its header.
    assert init["config"]["model_bytes"] == sum(len(array.data) for array in initial_arrays().values()) > 40
    assert init["config"]["lr"] == 0.05
    assert "secret" not in json.dumps(server.events)
    assert [n for n in rounds(server)] == [0, 1, 2, 3]
    for number in (1, 2, 3):
        assert set(rounds(server, "round_start")[number]["selected"]) == {str(A), str(B), str(C)}
        metrics = rounds(server)[number]["round_metrics"]
        central = result.evaluate_metrics_serverapp[number]
        assert metrics["global_accuracy"] == central["accuracy"]
        assert metrics["global_loss"] == central["loss"]
        assert metrics["global_source"] == "central"
        assert metrics["train_loss"] == result.train_metrics_clientapp[number]["train_loss"]
        assert metrics["evaluate_eval_loss"] == result.evaluate_metrics_clientapp[number]["eval_loss"]
        assert (metrics["num_selected"], metrics["num_completed"], metrics["num_failures"]) == (3, 3, 0)
        assert metrics["aggregation_time_sec"] >= 0
        assert metrics["round_duration_sec"] >= metrics["aggregation_time_sec"]
    evaluations = {(event["round"], event["source"]): event["metrics"] for event in server.of("evaluation")}
    assert set(evaluations) == {(0, "central")} | {(n, s) for n in (1, 2, 3) for s in ("central", "federated")}
    assert evaluations[2, "federated"] == dict(result.evaluate_metrics_clientapp[2])
    (finished,) = server.of("finished")
    assert finished["status"] == "completed"
    assert finished["metrics"]["round"] == 3
    for name in ("global_accuracy", "global_loss", "train_loss", "evaluate_eval_loss", "central_loss"):
        assert finished["metrics"][name] == rounds(server)[3]["round_metrics"][name]


def test_clients(server):
    train(watch(FedAvg(), endpoint=server.endpoint), num_rounds=1)
    update, metric = clients(server, "client_update", 1)[str(B)], clients(server, "client_metric", 1)[str(B)]
    assert (update["num_samples"], update["site"], update["lat"], update["lng"]) == (41, "site-1", 51.0, 7.0)
    assert update["local_loss"] > 0
    assert not {"local_accuracy", "empty", "train_loss", "num-examples"} & set(update)
    assert update["bytes_sent"] > 40
    assert update["bytes_received"] > 40
    assert update["round_trip_sec"] >= 0
    # What the training did not say is taken from the evaluation.
    assert metric["local_accuracy"] == metric["evaluate_eval_acc"]
    assert "local_loss" not in metric
    assert metric["evaluate_num_samples"] == 41
    metrics = rounds(server)[1]["round_metrics"]
    up = sum(c["bytes_sent"] for c in clients(server, "client_update", 1).values())
    up += sum(c["evaluate_bytes_sent"] for c in clients(server, "client_metric", 1).values())
    assert metrics["total_bytes_up"] == up
    assert metrics["total_bytes_down"] > 6 * 40


def test_failures_and_silence_are_told_with_the_right_client(server):
    faults = {
        ("train", 1, A): Error(2, "\x1b[31mCUDA\x1b[0m out of memory on 10.0.0.7"),
        ("train", 2, B): Error(4, "the reply is gone"),
        ("train", 3, C): SILENT,
        ("evaluate", 3, A): Error(8, None),
    }
    train(watch(FedAvg(), endpoint=server.endpoint), faults)
    dropouts = [
        (event["round"], event["clients"][0]["client_id"], event["phase"], event["reason"])
        for event in server.of("client_dropout")
    ]
    assert dropouts == [
        (1, str(A), "train", "CLIENT_APP_RAISED_EXCEPTION: CUDA out of memory on [ip]"),
        (3, str(C), "train", "no reply"),
        (3, str(A), "evaluate", "CLIENT_APP_CRASHED"),
    ]
    (lost,) = server.of("comm_failure")
    assert (lost["round"], lost["client_id"]) == (2, str(B))
    assert lost["reason"] == "REPLY_MESSAGE_UNAVAILABLE: the reply is gone"
    for number in (1, 2, 3):
        metrics = rounds(server)[number]["round_metrics"]
        assert (metrics["num_selected"], metrics["num_completed"], metrics["num_failures"]) == (3, 2, 1)
    assert [rounds(server)[n]["round_metrics"]["num_silent"] for n in (1, 2, 3)] == [0, 0, 1]
    assert rounds(server)[3]["round_metrics"]["num_evaluate_failures"] == 1
    assert rounds(server)[3]["round_metrics"]["num_evaluate_silent"] == 0
    # What went to those of whom nothing came back is a part of what the round took.
    down = [event["bytes_down"] for event in (*server.of("client_dropout"), lost) if event["round"] == 3]
    received = [c["bytes_received"] for c in clients(server, "client_update", 3).values()]
    received += [c["evaluate_bytes_received"] for c in clients(server, "client_metric", 3).values()]
    assert min(down) > 40
    assert rounds(server)[3]["round_metrics"]["total_bytes_down"] == sum(down) + sum(received)


def test_rounds_of_evaluation_only_tell_who_evaluates(server):
    train(watch(FedAvg(fraction_train=0.0, min_train_nodes=0), endpoint=server.endpoint), num_rounds=2)
    assert list(rounds(server)) == [1, 2]
    for number in (1, 2):
        assert rounds(server, "round_start")[number]["selected"] == []
        assert set(rounds(server, "evaluate_start")[number]["selected"]) == {str(n) for n in NODES}
        metrics = rounds(server)[number]["round_metrics"]
        counts = [metrics[f"num_{which}"] for which in ("selected", "evaluate_selected", "evaluate_completed")]
        assert counts == [0, 3, 3]
        assert metrics["global_source"] == "federated"
    assert server.of("client_update") == []


class Unreachable(grpc.RpcError):
    """As gRPC raises them."""


@pytest.mark.parametrize("fault", [Unreachable("no route to 10.0.0.7"), ConnectionError("no route to 10.0.0.7")])
@pytest.mark.parametrize("method", ["push_messages", "pull_messages"])
def test_a_superlink_that_is_out_of_reach_is_a_communication_failure(server, fault, method):
    class Breaking(LoopbackGrid):
        """Fails in the second round, in the one or the other method."""

        pushed = 0

        def push_messages(self, messages):
            self.pushed += 1
            return self._or_fail("push_messages", messages)

        def pull_messages(self, message_ids):
            return self._or_fail("pull_messages", message_ids)

        def _or_fail(self, name, given):
            # Nobody evaluates, which takes a push of no messages.
            if self.pushed == 3 and name == method:
                raise fault
            return getattr(super(), name)(given)

    with pytest.raises(type(fault)) as raised:
        train(watch(FedAvg(fraction_evaluate=0.0), endpoint=server.endpoint), grid=Breaking(NODES))
    assert raised.value is fault
    failures = server.of("comm_failure")
    assert {event["client_id"] for event in failures} == {str(n) for n in NODES}
    assert {(e["round"], e["phase"]) for e in failures} == {(2, "train")}
    assert {e["reason"] for e in failures} == {f"{type(fault).__name__}: no route to [ip]"}
    assert [event["status"] for event in server.of("finished")] == ["failed"]


def test_answers_that_come_after_a_failed_attempt_count(server):
    class Patient(LoopbackGrid):
        """Asks again where the SuperLink was out of reach."""

        def pull_messages(self, message_ids):
            self.attempts = getattr(self, "attempts", 0) + 1
            if self.attempts in (1, 2):
                raise ConnectionError("gone")
            return super().pull_messages(message_ids)

        def send_and_receive(self, messages, *, timeout=None):
            ids = [each for each in self.push_messages(messages) if each is not None]
            replies = []
            while len(replies) < len(ids):
                try:
                    replies += self.pull_messages(iter(ids))
                except ConnectionError:
                    continue
            return replies

    train(watch(FedAvg(), endpoint=server.endpoint), grid=Patient(NODES), num_rounds=1)
    assert {e["client_id"] for e in server.of("comm_failure")} == {str(n) for n in NODES}
    assert len(server.of("comm_failure")) == 3
    assert len(clients(server, "client_update", 1)) == 3
    assert rounds(server)[1]["round_metrics"]["num_failures"] == 0


def test_an_error_in_a_message_is_no_communication_failure(server):
    class Strict(LoopbackGrid):
        def push_messages(self, messages):
            raise ValueError("a message without a content")

    with pytest.raises(ValueError, match="without a content"):
        train(watch(FedAvg(), endpoint=server.endpoint), grid=Strict(NODES))
    assert server.of("comm_failure") == []


def test_a_message_that_was_not_taken_is_a_communication_failure(server):
    train(watch(FedAvg(), endpoint=server.endpoint), {("train", 1, A): REFUSED}, num_rounds=1)
    (failure,) = server.of("comm_failure")
    assert (failure["client_id"], failure["phase"]) == (str(A), "train")
    assert server.of("client_dropout") == []


def test_replies_are_told_as_they_arrive(server):
    class Waiting(LoopbackGrid):
        """Lets no second reply through before the first was stored."""

        def pull_messages(self, message_ids):
            seen = len(server.of("client_update"))
            if pulled and pulled[-1] == "train":
                server.wait_for(lambda s: len(s.of("client_update")) >= len([p for p in pulled if p == "train"]))
            replies = super().pull_messages(message_ids)
            pulled.extend(reply.metadata.message_type for reply in replies)
            assert len(server.of("client_update")) >= seen
            return replies

    pulled = []
    train(watch(FedAvg(), endpoint=server.endpoint), grid=Waiting(NODES), num_rounds=1)
    assert pulled.count("train") == 3


def test_without_evaluation_nothing_is_made_up(server):
    train(watch(FedAvg(fraction_evaluate=0.0), endpoint=server.endpoint), num_rounds=2)
    for event in rounds(server).values():
        assert not {"global_accuracy", "global_loss", "global_source", "num_evaluate_selected"} & set(
            event["round_metrics"]
        )
    assert server.of("client_metric") == []
    assert server.of("evaluation") == []


def test_federated_evaluation_is_named_as_the_source(server):
    train(watch(FedAvg(), endpoint=server.endpoint), num_rounds=1)
    metrics = rounds(server)[1]["round_metrics"]
    assert metrics["global_source"] == "federated"
    assert metrics["global_loss"] == metrics["evaluate_eval_loss"]


def test_central_evaluation_without_an_answer_still_ends_the_round(server):
    train(
        watch(FedAvg(), endpoint=server.endpoint), evaluate_fn=lambda n, _: MetricRecord({"x": 1.0}) if n == 2 else None
    )
    assert list(rounds(server)) == [1, 2, 3]
    assert rounds(server)[2]["round_metrics"]["central_x"] == 1.0


def test_non_finite_metrics_survive(server):
    nan = float("nan")
    train(watch(FedAvg(), endpoint=server.endpoint), num_rounds=1, evaluate_fn=lambda *_: MetricRecord({"loss": nan}))
    assert rounds(server)[1]["round_metrics"]["global_loss"] == "NaN"


def test_places_that_the_superlink_knows_come_first(server):
    class Node:
        """As a NodeInfo of Flower's that has these fields."""

        def __init__(self, node_id, **fields):
            self.node_id = node_id
            self.__dict__.update(fields)

        def HasField(self, name):  # noqa: N802 (protobuf's name)
            if name not in ("location", "name"):
                raise ValueError(name)
            return hasattr(self, name)

    has_places = NodeInfo is not None and "location" in NodeInfo.DESCRIPTOR.fields_by_name
    make = NodeInfo if has_places else Node
    known = {A: {"location": "37.4,-122.07"}, B: {"name": "b"}, C: {}}

    class Located(LoopbackGrid):
        def get_nodes(self):
            return (make(node_id=node, **fields) for node, fields in known.items())

        def get_node_ids(self):
            return [node.node_id for node in self.get_nodes()]

    # Who asks for the nodes before it starts, begins nothing, and is told where they are.
    grid = Located(NODES)
    strategy = watch(FedAvg(), grid, endpoint=server.endpoint)
    assert len(grid.get_node_ids()) == 3
    train(strategy, grid=grid, num_rounds=1)
    (init,) = server.of("init")
    assert init["config"]["num_rounds"] == 1
    found = clients(server, "client_update", 1)
    assert (found[str(A)]["lat"], found[str(A)]["lng"], found[str(A)]["site"]) == (37.4, -122.07, "site-0")
    assert (found[str(B)]["lat"], found[str(B)]["site"]) == (51.0, "b")
    assert (found[str(C)]["lat"], found[str(C)]["site"]) == (52.0, "site-2")


def test_rounds_without_training_or_evaluation_of_an_own_loop_end(server):
    class OwnLoop(FedAvg):
        def start(self, grid, initial_arrays, num_rounds=3, timeout=3600, **_):
            arrays = initial_arrays
            for number in range(1, num_rounds + 1):
                messages = self.configure_train(number, arrays, ConfigRecord(), grid)
                ids = list(grid.push_messages(messages))
                replies = [reply for _ in ids for reply in grid.pull_messages(ids)]
                arrays, _ = self.aggregate_train(number, replies)
            return arrays

    train(watch(OwnLoop(), endpoint=server.endpoint), faults={("train", 2, B): SILENT}, num_rounds=2)
    assert list(rounds(server)) == [1, 2]
    assert rounds(server)[2]["round_metrics"]["num_completed"] == 2
    # Nobody says that nobody waits for it any more, until it is over.
    assert [(e["round"], e["reason"]) for e in server.of("client_dropout")] == [(2, "no reply")]


def test_messages_of_the_applications_own_are_told(server):
    app = make_app([client_mod])

    @app.query("count")
    def count(message, context):
        metrics = MetricRecord({"rows": 10 + context.node_config["partition-id"]})
        return Message(RecordDict({"metrics": metrics}), reply_to=message)

    grid = LoopbackGrid(
        {node: (app, config) for node, (_, config) in NODES.items()}, faults={("query.count", 0, C): SILENT}
    )
    strategy = watch(FedAvg(), grid, endpoint=server.endpoint)
    grid.send_and_receive([Message(RecordDict(), node, "query.count") for node in NODES], timeout=0.1)
    found = [event["clients"][0] for event in server_after(server, "client_metric", 2)]
    assert {(c["client_id"], c["query_rows"], c["action"]) for c in found} == {
        (str(A), 10.0, "count"),
        (str(B), 11.0, "count"),
    }
    server.wait_for(lambda s: s.of("client_error"))
    assert [(e["client_id"], e["phase"]) for e in server.of("client_error")] == [(str(C), "query")]
    train(strategy, grid=grid)
    assert [event["status"] for event in server.of("finished")] == ["completed"]
    assert len(server.of("init")) == 1
    events = len(server.events)
    grid.send_and_receive([Message(RecordDict(), A, "query.count")], timeout=0.1)
    unwatch(strategy)
    assert len(server.events) == events
    assert "push_messages" not in vars(grid)


def server_after(server, event_type, count):
    server.wait_for(lambda s: len(s.of(event_type)) >= count)
    return server.of(event_type)


def test_custom_actions_of_training_are_told(server):
    app = make_app()
    app.train("fine_tune")(train_function)

    class FineTuning(FedAvg):
        def configure_train(self, server_round, arrays, config, grid):
            return [
                Message(m.content, m.metadata.dst_node_id, "train.fine_tune")
                for m in super().configure_train(server_round, arrays, config, grid)
            ]

    grid = LoopbackGrid({node: (app, config) for node, (_, config) in NODES.items()})
    train(watch(FineTuning(), endpoint=server.endpoint), grid=grid, num_rounds=1)
    assert [c["action"] for c in clients(server, "client_update", 1).values()] == ["fine_tune"] * 3


def test_the_inner_one_of_wrapped_strategies_may_be_watched(server):
    inner = watch(FedAvg(), endpoint=server.endpoint)
    wrapper = strategies.DifferentialPrivacyServerSideFixedClipping(inner, 0.0, 0.5, 3)
    train(wrapper, num_rounds=2)
    # Where the training ends is not seen from in there.
    assert server.of("finished") == []
    unwatch(inner)
    assert [event["status"] for event in server.of("finished")] == ["completed"]
    assert list(rounds(server)) == [1, 2]
    assert len(server.of("client_update")) == 6


def test_who_is_wrapped_is_told_by_the_wrapper_alone(server):
    inner = watch(FedAvg(), endpoint=server.endpoint)
    wrapper = watch(strategies.DifferentialPrivacyServerSideFixedClipping(inner, 0.0, 0.5, 3), endpoint=server.endpoint)
    train(wrapper, num_rounds=2)
    assert len(server.of("init")) == 1
    assert len(server.of("client_update")) == 6


def test_a_run_of_the_callers_own_is_used_and_not_finished(server):
    run = hivewatch_bridge.init(run_id="mine", endpoint=server.endpoint)
    strategy = watch(FedAvg(), run=run)
    train(strategy, num_rounds=1)
    run.log_event("afterwards")
    assert run.finish()
    assert {batch.run_id for batch in server.batches} == {"mine"}
    assert [event["event_type"] for event in server.events][-2:] == ["afterwards", "finished"]
    assert len(server.of("init")) == 1


def test_a_second_start_is_a_run_of_its_own(server):
    strategy = watch(FedAvg(), endpoint=server.endpoint)
    train(strategy, num_rounds=1)
    train(strategy, num_rounds=1)
    assert {batch.run_id for batch in server.batches} == {"10388190150487002303", "10388190150487002303-2"}


def test_the_run_for_other_tests_prints_what_flower_knew(server):
    script = Path(__file__).with_name("flower_run.py")
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "HIVEWATCH_ENDPOINT": server.endpoint},
        capture_output=True,
        text=True,
        timeout=120,
        # Spawned, not forked: gRPC, which runs in here, may end a forked process before it is another one.
        close_fds=False,
    )
    assert done.returncode == 0, done.stderr
    known = json.loads(done.stdout.splitlines()[-1])
    assert {batch.run_id for batch in server.batches} == {known["run_id"]}
    assert len(known["replies"]) == 9 - 2 + 9
    assert len(server.of("client_update")) == 7
    assert [event["clients"][0]["client_id"] for event in server.of("client_dropout")] == [
        known["failed"]["node"],
        known["silent"]["node"],
    ]
