"""Every strategy that Flower brings, watched and not: the same calls, the same model bit by bit."""

import json
import random
from functools import partial

import numpy as np
import pytest

pytest.importorskip("flwr", reason="Flower is not installed")

import legacy_training
from flwr.client.mod import adaptiveclipping_mod as legacy_adaptive
from flwr.client.mod import fixedclipping_mod as legacy_fixed
from flwr.common import Parameters
from flwr.server import strategy as legacy
from loopback_grid import Error, LoopbackGrid

from hivewatch_bridge.flower import _watcher, client_mod, watch

try:
    from flwr.serverapp import strategy as message
except ImportError:  # Flower up to 1.20
    message = None

NOISE, NORM, SAMPLED = 0.1, 1.0, 5
BASES = ("Strategy", "Result")


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Keeps Flower out of the home, and runs apart from each other."""
    monkeypatch.setenv("FLWR_HOME", str(tmp_path))
    monkeypatch.setenv("FLWR_TELEMETRY_ENABLED", "0")
    monkeypatch.setattr(_watcher, "_starts", {})


def traced(strategy, names, calls):
    """Notes every call of these methods, in a subclass, as an application would override them."""
    cls = type(strategy)

    def note(name):
        def method(self, server_round, *args, **kwargs):
            calls.append((name, server_round, random.getstate()[1][-1]))
            return getattr(super(Traced, self), name)(server_round, *args, **kwargs)

        return method

    Traced = type(cls.__name__, (cls,), {name: note(name) for name in names})  # noqa: N806 (a class)
    strategy.__class__ = Traced
    return strategy


# A model of FedXgb* is JSON, of which the strategies read little.
def booster(number):
    tree = {"id": 0, "base_weights": [number / 8]}
    model = {
        "gbtree_model_param": {"num_trees": "1", "num_parallel_tree": "1"},
        "iteration_indptr": [0, 1],
        "trees": [tree],
        "tree_info": [0],
    }
    return json.dumps({"learner": {"gradient_booster": {"model": model}}}).encode()


# The legacy API.


class BoosterClient(legacy_training.Client):
    """Answers with a tree instead of weights."""

    def to_client(self):
        from flwr.client import Client
        from flwr.common import Code, EvaluateRes, FitRes, Status

        partition = self.partition

        class Tree(Client):
            def fit(self, ins):
                tree = Parameters(tensors=[booster(partition)], tensor_type="")
                return FitRes(Status(Code.OK, ""), tree, 40, {})

            def evaluate(self, ins):
                return EvaluateRes(Status(Code.OK, ""), 0.5, 40, {})

        return Tree()


def legacy_average():
    return legacy.FedAvg(initial_parameters=legacy_training.initial_parameters())


def legacy_factories():
    start = {"initial_parameters": legacy_training.initial_parameters()}
    with_start = {name: partial(getattr(legacy, name), **start) for name in legacy.__all__}
    wrapped = {
        "DPFedAvgAdaptive": lambda: legacy.DPFedAvgAdaptive(legacy_average(), SAMPLED, noise_multiplier=NOISE),
        "DPFedAvgFixed": lambda: legacy.DPFedAvgFixed(legacy_average(), SAMPLED, NORM),
    }
    for name in legacy.__all__:
        if name.startswith("DifferentialPrivacy"):
            arguments = (NOISE, NORM, SAMPLED) if "Fixed" in name else (NOISE, SAMPLED)
            wrapped[name] = partial(lambda name, rest: getattr(legacy, name)(legacy_average(), *rest), name, arguments)
    special = {
        "Bulyan": lambda: legacy.Bulyan(to_keep=0, **start),
        "QFedAvg": lambda: legacy.QFedAvg(evaluate_fn=legacy_training.evaluate_centrally, **start),
        "FedProx": lambda: legacy.FedProx(proximal_mu=0.1, **start),
        "FedXgbBagging": lambda: legacy.FedXgbBagging(initial_parameters=Parameters([], "")),
        "FedXgbCyclic": lambda: legacy.FedXgbCyclic(initial_parameters=Parameters([], "")),
    }
    return {name: make for name, make in {**with_start, **wrapped, **special}.items() if name not in BASES}


LEGACY = legacy_factories()
LEGACY_CALLS = ("configure_fit", "aggregate_fit", "configure_evaluate", "aggregate_evaluate", "evaluate")


def train_legacy(name, faults, with_mod, watched):
    strategy = legacy_training.in_order(LEGACY[name]())
    calls = []
    traced(strategy, LEGACY_CALLS, calls)
    client = BoosterClient if name in ("FedXgbBagging", "FedXgbCyclic") else legacy_training.Client
    mods = [client_mod] if with_mod else []
    if "ClientSideFixed" in name:
        mods.append(legacy_fixed)
    if "ClientSideAdaptive" in name:
        mods.append(legacy_adaptive)
    app = legacy_training.client_app(mods, client)
    grid = LoopbackGrid({n: (app, {"partition-id": n - 100}) for n in range(100, 105)}, faults=faults)
    result = outcome(lambda: legacy_training.numbers(legacy_training.train(watched(strategy), grid, rounds=3)))
    return result, calls, random.getstate(), np.random.get_state()[1].tolist()


def outcome(train):
    """What a training comes to, or how it fails."""
    try:
        return train()
    except Exception as error:
        return type(error).__name__, str(error)


def compare(train, server, fails=False):
    watched = train(watched=lambda strategy: watch(strategy, endpoint=server.endpoint))
    assert train(watched=lambda strategy: strategy) == watched
    assert server.of("adapter_error") == []
    assert [event["status"] for event in server.of("finished")] == ["failed" if fails else "completed"]
    assert [event["round"] for event in server.of("round_end") if event["round"]] == ([] if fails else [1, 2, 3])


@pytest.mark.parametrize("faulty", [False, True], ids=["", "faulty"])
@pytest.mark.parametrize("name", sorted(LEGACY))
def test_a_legacy_strategy_trains_the_same(server, name, faulty):
    faults = {("train", 2, 101): Error(2, "boom"), ("evaluate", 1, 102): Error(4, "")} if faulty else {}
    # In no version of Flower can FedXgbNnAvg aggregate what its clients send through a ClientApp.
    compare(partial(train_legacy, name, faults, not faulty), server, fails=name == "FedXgbNnAvg")


# The message API.


def message_factories():
    factories = {name: getattr(message, name) for name in message.__all__ if name not in BASES}
    for name in factories:
        if name.startswith("DifferentialPrivacy"):
            arguments = (NOISE, NORM, SAMPLED) if "Fixed" in name else (NOISE, SAMPLED)
            factories[name] = partial(
                lambda name, rest: getattr(message, name)(message.FedAvg(), *rest), name, arguments
            )
    return {
        **factories,
        "FedProx": lambda: message.FedProx(proximal_mu=0.1),
        "QFedAvg": lambda: message.QFedAvg(client_learning_rate=0.1),
    }


MESSAGE = message_factories() if message else {}
MESSAGE_CALLS = ("configure_train", "aggregate_train", "configure_evaluate", "aggregate_evaluate")


def tree_app(mods):
    from flwr.app import ArrayRecord, MetricRecord, RecordDict
    from flwr.app import Message as FlowerMessage
    from flwr.clientapp import ClientApp

    app = ClientApp(mods=mods)

    @app.train()
    def train(message, context):
        tree = ArrayRecord([np.frombuffer(booster(context.node_config["partition-id"]), dtype=np.uint8)])
        metrics = MetricRecord({"num-examples": 40})
        return FlowerMessage(RecordDict({"arrays": tree, "metrics": metrics}), reply_to=message)

    @app.evaluate()
    def evaluate(message, context):
        metrics = MetricRecord({"auc": 0.5, "num-examples": 40})
        return FlowerMessage(RecordDict({"metrics": metrics}), reply_to=message)

    return app


def train_message(name, faults, with_mod, watched):
    import small_training
    from flwr.app import ArrayRecord

    calls = []
    strategy = traced(MESSAGE[name](), MESSAGE_CALLS, calls)
    mods = [client_mod] if with_mod else []
    if "ClientSide" in name:
        from flwr.clientapp import mod

        mods.append(mod.adaptiveclipping_mod if "Adaptive" in name else mod.fixedclipping_mod)
    app = tree_app(mods) if "Xgb" in name else small_training.make_app(mods)
    grid = LoopbackGrid({n: (app, {"partition-id": n - 100}) for n in range(100, 105)}, faults=faults)
    arrays = small_training.initial_arrays()
    if "Xgb" in name:
        arrays = ArrayRecord([np.frombuffer(booster(9), dtype=np.uint8)])
    random.seed(7)
    np.random.seed(7)
    result = watched(strategy).start(grid=grid, initial_arrays=arrays, num_rounds=3, timeout=0.1)
    numbers = (
        [array.tobytes() for array in result.arrays.to_numpy_ndarrays()],
        {n: dict(m) for n, m in result.train_metrics_clientapp.items()},
        {n: dict(m) for n, m in result.evaluate_metrics_clientapp.items()},
    )
    return numbers, calls, random.getstate(), np.random.get_state()[1].tolist()


if MESSAGE:

    @pytest.mark.parametrize("faulty", [False, True], ids=["", "faulty"])
    @pytest.mark.parametrize("name", sorted(MESSAGE))
    def test_a_strategy_trains_the_same(server, name, faulty):
        faults = {("train", 2, 101): Error(2, "boom"), ("evaluate", 1, 102): Error(4, "")} if faulty else {}
        compare(partial(train_message, name, faults, not faulty), server)
