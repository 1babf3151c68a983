"""What goes wrong with HiveWatch, and does no harm to a training under Flower."""

import random

import pytest

pytest.importorskip("flwr", reason="Flower is not installed")

import legacy_training
from flwr.server import Server
from flwr.server.strategy import FedAvg as LegacyFedAvg
from legacy_training import IDS, in_order, initial_parameters
from loopback_grid import SILENT, LoopbackGrid
from recorder import Recorder

from hivewatch_bridge import flower
from hivewatch_bridge.flower import _client_mod, _entry, _usage, _watcher, client_mod, unwatch, watch
from hivewatch_bridge.flower._grid_steps import GridSteps
from hivewatch_bridge.flower._legacy_steps import LegacySteps
from hivewatch_bridge.flower._message_steps import MessageSteps
from hivewatch_bridge.flower._proxy_steps import ProxySteps
from hivewatch_bridge.flower._reporter import Reporter
from hivewatch_bridge.flower._watcher import Watcher

try:
    from flwr.serverapp.strategy import FedAvg
except ImportError:  # Flower up to 1.20
    FedAvg = None

FAULTS = {("train", 2, IDS[0]): SILENT}


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Keeps Flower out of the home, and runs apart from each other."""
    monkeypatch.setenv("FLWR_HOME", str(tmp_path))
    monkeypatch.setenv("FLWR_TELEMETRY_ENABLED", "0")
    monkeypatch.setattr(_watcher, "_starts", {})


class LegacyTraining:
    """A training of the legacy API."""

    @staticmethod
    def run(watched, grid_type=LoopbackGrid, mods=()):
        strategy = watched(in_order(LegacyFedAvg(initial_parameters=initial_parameters())))
        grid = grid_type(legacy_training.nodes(mods), faults=FAULTS)
        return legacy_training.numbers(legacy_training.train(strategy, grid))


class ProxyTraining:
    """One of the legacy API without a grid."""

    @staticmethod
    def run(watched):
        strategy = watched(in_order(LegacyFedAvg(initial_parameters=initial_parameters())))
        faults = {("train", 2, "a"): TimeoutError("too slow")}
        return legacy_training.numbers(legacy_training.train_without_a_grid(strategy, faults))


class MessageTraining:
    """A training of the message API."""

    @staticmethod
    def run(watched, grid_type=LoopbackGrid, mods=()):
        import small_training

        random.seed(7)
        app = small_training.make_app(mods)
        grid = grid_type({node: (app, {"partition-id": n}) for n, node in enumerate(IDS)}, faults=FAULTS)
        arrays = small_training.initial_arrays()
        result = watched(FedAvg()).start(
            grid=grid,
            initial_arrays=arrays,
            timeout=0.1,
            evaluate_fn=small_training.evaluate_centrally,
        )
        return (
            [array.tobytes() for array in result.arrays.to_numpy_ndarrays()],
            {n: dict(m) for n, m in result.evaluate_metrics_clientapp.items()},
        )


TRAININGS = [LegacyTraining, *([MessageTraining] if FedAvg else [])]
each_api = pytest.mark.parametrize("training", TRAININGS)
every_training = pytest.mark.parametrize("training", [*TRAININGS, ProxyTraining])


def not_watched(strategy):
    return strategy


def broken(*_args, **_kwargs):
    raise RuntimeError("a fault of the adapter")


FAULT = "RuntimeError: a fault of the adapter"


def public(cls):
    return [name for name, value in vars(cls).items() if callable(value) and not name.startswith("_")]


def observers(steps):
    """What looks at something, and does nothing else: everything but the replacements themselves, and what is made of
    the user's own function."""
    replacements = {"_push", "_pull", "_send_and_receive", "_get_nodes", "_configure", "_call"}
    replacements |= {"_aggregate_train", "_aggregate_fit", "_aggregate_evaluate", "_evaluate"}
    return [name for name, value in vars(steps).items() if callable(value) and name not in {*replacements, "__init__"}]


PLACES = [
    *((Reporter, name) for name in public(Reporter)),
    *((steps, name) for steps in (GridSteps, MessageSteps, LegacySteps, ProxySteps) for name in observers(steps)),
    *((Watcher, name) for name in ("_begin", "_end", "_bind", "_ask", "_reporter_with", "install", "_start_run")),
    *((Watcher, name) for name in ("_weight_key", "_go_on", "_hook_grid")),
    *((_watcher, name) for name in ("describe_run", "flower_run_id")),
    *((_entry, name) for name in ("_owner", "_grid_of", "_watched_fit", "owner_of_hooks")),
    (flower, "owner_of_hooks"),
]


@every_training
@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place[0].__name__}.{place[1]}")
def test_a_fault_anywhere_in_the_adapter_harms_nothing(server, monkeypatch, caplog, training, place):
    plain = training.run(not_watched)
    monkeypatch.setattr(*place, broken)
    assert training.run(lambda strategy: watch(strategy, endpoint=server.endpoint)) == plain
    faults = [record for record in caplog.records if record.name == "hivewatch_bridge" and record.exc_info]
    assert len({record.getMessage() for record in faults}) == len(faults)


@each_api
@pytest.mark.parametrize(
    "place", [(_watcher, "describe_run"), (Watcher, "_bind"), (GridSteps, "hook")], ids=lambda place: place[1]
)
def test_a_fault_from_before_the_run_is_reported_once_it_is_there(server, monkeypatch, training, place):
    monkeypatch.setattr(*place, broken)
    training.run(lambda strategy: watch(strategy, endpoint=server.endpoint))
    reasons = [event["reason"] for event in server.of("adapter_error")]
    # In the legacy API nothing is bound.
    assert reasons == ([] if training is LegacyTraining and place[1] == "_bind" else [FAULT])
    assert [event["status"] for event in server.of("finished")] == ["completed"]


def test_what_nobody_watches_is_left_alone(server):
    class Circle(LegacyFedAvg):
        """A strategy around itself, as one that hands everything on may look."""

        @property
        def strategy(self):
            return self

    class Reluctant(Server):
        """Says which strategy it has only to its own loop."""

        is_ready = False

        def fit(self, num_rounds, timeout):
            self.is_ready = True
            return super().fit(num_rounds, timeout)

        @property
        def strategy(self):
            if not self.is_ready:
                raise RuntimeError("not yet")
            return self._own

        @strategy.setter
        def strategy(self, own):
            self._own = own

    def plain(cls=LegacyFedAvg, server_class=Server):
        strategy = in_order(cls(initial_parameters=initial_parameters()))
        return legacy_training.numbers(legacy_training.train(strategy, server_class=server_class))

    expected = plain()
    watched = watch(in_order(LegacyFedAvg(initial_parameters=initial_parameters())), endpoint=server.endpoint)
    assert plain(Circle) == plain(server_class=Reluctant) == expected
    unwatch(watched)
    assert server.events == []


@each_api
def test_a_fault_of_the_client_mod_is_reported_by_the_server_once(server, monkeypatch, caplog, training):
    monkeypatch.setattr(_usage.Usage, "measure", broken)
    training.run(lambda strategy: watch(strategy, endpoint=server.endpoint), mods=[client_mod])
    (event,) = server.of("adapter_error")
    assert (event["adapter"], event["step"]) == ("flower", "client_mod")
    assert event["reason"].endswith(FAULT)
    assert event["client_id"] in map(str, IDS)
    assert not any("adapter_error" in client for each in server.events for client in each.get("clients", []))
    warnings = [record for record in caplog.records if record.name == "hivewatch_bridge" and record.levelno >= 30]
    assert len(warnings) == 1


@each_api
def test_all_faults_at_once_are_logged_and_reported_once_each(server, monkeypatch, caplog, training):
    plain = training.run(not_watched)
    # A watched run of which nothing but its beginning and end is understood.
    names = [name for name in public(Reporter) if name != "close"]
    for name in names:
        monkeypatch.setattr(Reporter, name, broken)
    assert training.run(lambda strategy: watch(strategy, endpoint=server.endpoint)) == plain
    reported = server.of("adapter_error")
    logged = [r for r in caplog.records if r.name == "hivewatch_bridge" and r.exc_info]
    assert 3 <= len(reported) == len(logged) <= 12
    assert {event["reason"] for event in reported} == {FAULT}
    assert len({event["step"] for event in reported}) == len(reported)
    assert [event["status"] for event in server.of("finished")] == ["completed"]


@each_api
def test_a_fault_of_the_client_mod_costs_no_result(monkeypatch, training):
    plain = training.run(not_watched)
    assert training.run(not_watched, mods=[client_mod]) == plain
    monkeypatch.setattr(_usage.Usage, "measure", broken)
    assert training.run(not_watched, mods=[client_mod]) == plain
    monkeypatch.setattr(_client_mod, "Usage", broken)
    assert training.run(not_watched, mods=[client_mod]) == plain


# The bridge.


@each_api
def test_without_a_bridge_the_training_is_the_same_and_is_told_afterwards(monkeypatch, training):
    # Longer than a test may take: for a bridge that never answered nobody waits.
    monkeypatch.setattr(_watcher.end_run, "__defaults__", ("completed", None, None, 100_000.0))
    bridge = Recorder()
    bridge.stop()
    assert training.run(lambda strategy: watch(strategy, endpoint=bridge.endpoint)) == training.run(not_watched)
    bridge.start()
    bridge.wait_for(lambda s: s.of("finished"))
    bridge.stop()
    assert {event["round"] for event in bridge.of("client_update")} == {1, 2, 3}


@each_api
def test_a_bridge_that_comes_later_gets_everything(monkeypatch, training):
    late = Recorder()
    late.stop()

    class Starting(LoopbackGrid):
        """Starts the bridge in the middle of the training."""

        def push_messages(self, messages):
            messages = list(messages)
            number = messages[0].content.config_records.get("config", {}).get("server-round")
            if (number == 2 or messages[0].metadata.group_id == "2") and not started:
                started.append(True)
                late.start()
            return super().push_messages(messages)

    started = []
    plain = training.run(not_watched)
    assert training.run(lambda strategy: watch(strategy, endpoint=late.endpoint), Starting) == plain
    late.wait_for(lambda s: s.of("finished"))
    late.stop()
    assert started
    assert {event["round"] for event in late.of("client_update")} == {1, 2, 3}


@each_api
def test_a_bridge_that_goes_away_and_comes_back_gets_everything(training):
    bridge = Recorder()

    class Breaking(LoopbackGrid):
        """Ends the bridge in the middle of the training."""

        def push_messages(self, messages):
            if not broken_off:
                broken_off.append(True)
                bridge.stop()
            return super().push_messages(messages)

    broken_off = []
    plain = training.run(not_watched)

    def watched(strategy):
        return watch(strategy, endpoint=bridge.endpoint)

    assert training.run(watched, Breaking) == plain
    bridge.start()
    bridge.wait_for(lambda s: s.of("finished"))
    bridge.stop()
    assert len(bridge.of("round_end")) >= 3
