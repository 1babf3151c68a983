"""The APPFL adapter, on a stand-in for APPFL's server agent."""

import sys
import types
from concurrent.futures import Future
from itertools import count

import pytest
from appfl_stand_in import (
    AsyncScheduler,
    FedAsyncAggregator,
    FedCompassAggregator,
    ServerAgent,
    Settings,
    asynchronous,
    synchronous,
)
from recorder import Recorder

from hivewatch_bridge import init
from hivewatch_bridge.appfl import _watcher, unwatch, watch
from hivewatch_bridge.appfl._reporter import Reporter
from hivewatch_bridge.appfl._watcher import Watcher

METADATA = {"round": 1, "val_loss": 0.5, "val_accuracy": 0.75, "current_local_steps": 4, "compute_second_per_step": 0.5}


def train_asynchronously(agent, order="aabab"):
    """Clients `a` and `b` in an order; each begins with the first model."""
    agent.get_parameters(init_model=True)
    for client in sorted(set(order)):
        agent.set_sample_size(client, 10)
    models = [
        agent.global_update(client, str(n).encode(), blocking=True, **METADATA) for n, client in enumerate(order, 1)
    ]
    return models, finish(agent, set(order))


def train_synchronously(agent, rounds=2):
    """Clients `a` and `b` take turns, as in APPFL's serial runs."""
    agent.get_parameters(init_model=True)
    agent.set_sample_size("a", 10)
    models = []
    for number in range(1, rounds + 1):
        futures = [agent.global_update(client, f"{number}.5".encode(), **METADATA) for client in "ab"]
        models += [each.result() if isinstance(each, Future) else each for each in futures]
    return models, finish(agent, "ab")


def finish(agent, clients):
    for client in clients:
        agent.close_connection(client)
    return agent.server_terminated()


TRAININGS = [(asynchronous, train_asynchronously), (synchronous, train_synchronously)]
each_training = pytest.mark.parametrize(("make", "train"), TRAININGS, ids=["asynchronous", "synchronous"])


def updates(server, event_type="client_update"):
    return [event["clients"][0] for event in server.of(event_type)]


@each_training
def test_the_training_is_the_same(server, make, train):
    assert train(watch(make(), endpoint=server.endpoint)) == train(make())
    assert [event["status"] for event in server.of("finished")] == ["completed"]


def test_an_asynchronous_update_tells_its_round_and_the_one_that_it_is_based_on(server):
    train_asynchronously(watch(asynchronous(epochs=5), endpoint=server.endpoint), "aabab")
    told = [(each["client_id"], each["round"], each["base_round"]) for each in updates(server)]
    # The first of b is two models behind, as APPFL counts it; then a and b are one behind.
    assert told == [("a", 1, 1), ("a", 2, 2), ("b", 3, 1), ("a", 4, 3), ("b", 5, 4)]
    assert [event["round"] for event in server.of("round_end")] == [1, 2, 3, 4, 5]
    assert server.of("round_start") == []


def test_updates_that_are_collected_are_one_round(server):
    train_asynchronously(watch(asynchronous(epochs=4, size=2), endpoint=server.endpoint), "abba")
    told = [(each["client_id"], each["round"], each["base_round"]) for each in updates(server)]
    assert told == [("a", 1, 1), ("b", 1, 1), ("b", 2, 2), ("a", 2, 1)]
    assert [event["round"] for event in server.of("round_end")] == [1, 2]


def test_staleness_that_the_scheduler_counts_is_taken(server):
    agent = ServerAgent(AsyncScheduler(FedCompassAggregator()), 3, 9)
    watch(agent, endpoint=server.endpoint)
    agent.global_update("a", b"1", staleness=0)
    for client in "bc":
        # Until its group is complete a model waits.
        agent.scheduler.schedule = lambda *args, **kwargs: Future()
        agent.global_update(client, b"2")
    agent.aggregator.aggregate(local_models={"b": 2.0, "c": 2.0}, staleness={"b": 1, "c": 0})
    unwatch(agent)
    told = [(each["client_id"], each["round"], each["base_round"]) for each in updates(server)]
    assert told == [("a", 1, 1), ("b", 2, 1), ("c", 2, 2)]


def test_a_synchronous_round_is_told_while_it_waits_for_others(server):
    agent = watch(synchronous(), endpoint=server.endpoint)
    agent.get_parameters(init_model=True)
    agent.global_update("a", b"1.5", **METADATA)
    server.wait_for(lambda s: s.of("client_update"))
    assert server.of("round_end") == []
    agent.global_update("b", b"1.5", **METADATA)
    server.wait_for(lambda s: s.of("round_end"))
    train_synchronously(agent, rounds=1)
    assert [(each["round"], each.get("selected")) for each in server.of("round_start")] == [(1, None), (2, ["a", "b"])]
    assert {(each["round"], each["base_round"]) for each in updates(server)} == {(1, 1), (2, 2)}
    for event in server.of("round_end"):
        assert event["round_metrics"]["num_selected"] == 2
        assert event["round_metrics"]["round_duration_sec"] >= event["round_metrics"]["aggregation_time_sec"] >= 0


def test_what_a_client_says_is_told(server):
    agent = watch(asynchronous(), endpoint=server.endpoint)
    agent.set_sample_size("a", sample_size=10)
    said = {
        **METADATA,
        "city": "Cologne",
        "client_token": "t",
        "model_url": "https://bucket/?signature=s",
        "_use_s3": 1,
    }
    agent.global_update("a", b"1.25", blocking=True, **said)
    agent.global_update(client_id="a", local_model=2.0, **{**METADATA, "val_loss": [0.9, 0.4], "val_accuracy": None})
    unwatch(agent)
    first, second = updates(server)
    assert "round_trip_sec" not in first
    assert second.pop("round_trip_sec") >= 0
    same = {"client_id": "a", "local_round": 1, "local_steps": 4, "compute_second_per_step": 0.5, "train_time_sec": 2.0}
    same["num_samples"] = 10
    assert first == {
        **same,
        "round": 1,
        "base_round": 1,
        "local_loss": 0.5,
        "local_accuracy": 0.75,
        "city": "Cologne",
        "bytes_sent": 4,
    }
    assert second == {**same, "round": 2, "base_round": 2, "local_loss": 0.4}


def test_a_model_in_pieces_is_one_update(server):
    agent = watch(synchronous(epochs=1), endpoint=server.endpoint)
    for index in range(3):
        for client in "ab":
            agent.global_update(client, b"1.5", **METADATA, _chunk_idx=index, _total_chunks=3)
    assert finish(agent, "ab")
    assert [(each["client_id"], each["round"], each["bytes_sent"]) for each in updates(server)] == [
        ("a", 1, 9),
        ("b", 1, 9),
    ]
    assert [event["round"] for event in server.of("round_end")] == [1]


@pytest.mark.parametrize("make", [asynchronous, synchronous])
def test_a_model_that_came_too_late_is_no_result(server, make):
    agent = watch(make(epochs=2), endpoint=server.endpoint)
    for client in "ab" if make is asynchronous else "abab":
        agent.global_update(client, b"1")
    agent.global_update("b", b"9", val_loss=0.5)
    finish(agent, "ab")
    assert {each["round"] for each in updates(server)} == {1, 2}
    (late,) = updates(server, "client_metric")
    assert (late["client_id"], late["discarded"], late["local_loss"]) == ("b", True, 0.5)
    assert [event["round"] for event in server.of("round_end")] == [1, 2]


def test_an_error_passes_through_and_is_told_with_its_client(server):
    agent = watch(asynchronous(), endpoint=server.endpoint)
    with pytest.raises(ValueError, match="could not convert"):
        agent.global_update("a", b"no model", **METADATA)
    unwatch(agent)
    (dropout,) = server.of("client_dropout")
    assert (dropout["round"], dropout["clients"][0]["client_id"]) == (1, "a")
    assert "could not convert" in dropout["reason"]
    assert updates(server) == []


def test_the_servers_own_evaluation_is_told(server):
    agent = watch(asynchronous(), endpoint=server.endpoint)
    agent.global_update("a", b"1")
    assert agent.server_validate() == (0.5, 0.5)
    unwatch(agent)
    (event,) = server.of("evaluation")
    assert (event["round"], event["source"], event["metrics"]) == (1, "central", {"loss": 0.5, "accuracy": 0.5})


def test_the_run_says_how_it_is_set_up(server):
    agent = asynchronous()
    train_configs = {"trainer": "VanillaTrainer", "optim_args": {"lr": 0.1}}
    hidden = {"trainer_source": "import torch", "api_key": "k", "dataset_path": "data/mine.py"}
    agent.server_agent_config.client_configs = Settings(train_configs={**train_configs, **hidden})
    agent.server_agent_config.server_configs["comm_configs"] = {"server_uri": "10.0.0.1:50051"}
    unwatch(watch(agent, endpoint=server.endpoint, config={"study": "one", "password": "p"}))
    (begun,) = server.of("init")
    assert begun["algorithm"] == "FedAsync"
    begun["config"].pop("framework_version", None)
    assert begun["config"] == {
        "framework": "appfl",
        "num_clients": 2,
        "num_global_epochs": 4,
        "train_configs": train_configs,
        "study": "one",
    }


def test_who_ends_early_has_aborted(server):
    agent = watch(asynchronous(epochs=4), endpoint=server.endpoint)
    train_asynchronously(agent, "ab")
    assert [(event["status"], event["reason"]) for event in server.of("finished")] == [
        ("aborted", "the server ended after 2 of 4 global epochs")
    ]


def test_a_run_of_the_callers_own_is_used_and_not_finished(server):
    run = init(run_id="mine", endpoint=server.endpoint)
    train_asynchronously(watch(asynchronous(), run=run))
    run.finish()
    assert [event["event_type"] for event in server.events].count("init") == 1
    assert {batch.run_id for batch in server.batches} == {"mine"}
    assert len(updates(server)) == 4


def test_everything_is_put_back(server):
    agent = asynchronous()
    before = dict(vars(agent)), dict(vars(agent.aggregator))
    watch(agent, endpoint=server.endpoint)
    assert watch(agent) is agent
    assert vars(agent) != before[0]
    unwatch(agent)
    assert (dict(vars(agent)), dict(vars(agent.aggregator))) == before
    train_asynchronously(agent)
    assert updates(server) == []


def test_a_communicator_is_hooked_once_and_only_as_long_as_a_run_is_there(server, monkeypatch):
    class Communicator:
        """As APPFL's gRPC server, which cleans up when it is interrupted."""

        def __init__(self, agent):
            self.server_agent = agent

        def cleanup(self):
            return "cleaned"

    monkeypatch.setitem(sys.modules, "appfl.comm.grpc", types.SimpleNamespace(GRPCServerCommunicator=Communicator))
    cleanup = Communicator.cleanup
    agents = [watch(asynchronous(), endpoint=server.endpoint) for _ in range(2)]
    hooked = Communicator.cleanup
    assert hooked is not cleanup
    for agent, ended in zip(agents, (1, 2)):
        assert Communicator.cleanup is hooked
        assert Communicator(agent).cleanup() == "cleaned"
        assert len(server.of("finished")) == ended
        assert Communicator(agent).cleanup() == "cleaned"
    assert Communicator.cleanup is cleanup
    assert {event["status"] for event in server.of("finished")} == {"aborted"}


def test_what_is_no_agent_is_returned_with_a_warning(caplog):
    assert watch(7) == 7
    unwatch(7)
    assert "HiveWatch can't watch a int" in caplog.text


# What goes wrong with HiveWatch.


def broken(*_args, **_kwargs):
    raise RuntimeError("a fault of the adapter")


PLACES = [
    *((Reporter, name) for name, value in vars(Reporter).items() if callable(value) and not name.startswith("_")),
    *((Watcher, name) for name in ("_arrived", "_answered", "_aggregating", "_aggregated", "_staleness")),
    *((Watcher, name) for name in ("_outcome", "_start_run", "_barrier", "install")),
    (_watcher, "describe_run"),
]


@each_training
@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place[0].__name__}.{place[1]}")
def test_a_fault_anywhere_in_the_adapter_harms_nothing(server, monkeypatch, caplog, make, train, place):
    plain = train(make())
    monkeypatch.setattr(*place, broken)
    agent = watch(make(), endpoint=server.endpoint)
    assert train(agent) == plain
    unwatch(agent)
    faults = [record for record in caplog.records if record.name == "hivewatch_bridge" and record.exc_info]
    assert len({record.getMessage() for record in faults}) == len(faults)


def test_a_fault_is_reported_once(server, monkeypatch):
    monkeypatch.setattr(Reporter, "aggregating", broken)
    train_asynchronously(watch(asynchronous(), endpoint=server.endpoint))
    (event,) = server.of("adapter_error")
    assert (event["adapter"], event["reason"]) == ("appfl", "RuntimeError: a fault of the adapter")


def gets_everything(bridge, agent):
    """Waits until a bridge has been told of a whole training, and stops it."""
    bridge.wait_for(lambda s: s.of("finished"))
    bridge.stop()
    assert len(bridge.of("round_end")) == agent.scheduler.get_num_global_epochs()


@each_training
def test_without_a_bridge_the_training_is_the_same_and_is_told_afterwards(monkeypatch, make, train):
    # Longer than a test may take: for a bridge that never answered nobody waits.
    monkeypatch.setattr(_watcher.end_run, "__defaults__", ("completed", None, None, 100_000.0))
    bridge = Recorder()
    bridge.stop()
    agent = watch(make(), endpoint=bridge.endpoint)
    assert train(agent) == train(make())
    bridge.start()
    gets_everything(bridge, agent)


@each_training
def test_a_bridge_that_comes_later_gets_everything(make, train):
    bridge = Recorder()
    bridge.stop()
    agent = watch(make(), endpoint=bridge.endpoint)
    before_update(agent, 2, bridge.start)
    assert train(agent) == train(make())
    gets_everything(bridge, agent)


@each_training
def test_a_bridge_that_goes_away_and_comes_back_gets_everything(make, train):
    bridge = Recorder()
    agent = watch(make(), endpoint=bridge.endpoint)
    bridge.wait_for(lambda s: s.of("init"))
    before_update(agent, 2, bridge.stop)
    before_update(agent, 4, bridge.start)
    assert train(agent) == train(make())
    gets_everything(bridge, agent)


def before_update(agent, number, action):
    """Does something before the adapter sees a client's model, by their count."""
    global_update, seen = agent.global_update, count(1)

    def counting(*args, **kwargs):
        if next(seen) == number:
            action()
        return global_update(*args, **kwargs)

    agent.global_update = counting


def test_staleness_is_that_of_the_aggregator_for_any_order(server):
    agent = watch(asynchronous(clients=3, epochs=30), endpoint=server.endpoint)
    expected, aggregator = [], FedAsyncAggregator()
    order = "abcaabbccacbacbbbaccabcabcabca"
    for client in order:
        expected.append(aggregator.global_step - aggregator.client_step.get(client, 0))
        aggregator.aggregate(client, 1.0)
    train_asynchronously(agent, order)
    assert [each["round"] - each["base_round"] for each in updates(server)] == expected
