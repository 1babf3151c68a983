"""The Flower adapter with the legacy API: strategies that a Server or a workflow drives, over a loopback grid."""

import hashlib
import os
import random
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import grpc
import numpy as np
import pytest

pytest.importorskip("flwr", reason="Flower is not installed")

from flwr.common import Code, FitRes, Parameters, Status
from flwr.server import Server
from flwr.server.strategy import DifferentialPrivacyServerSideFixedClipping, FedAvg
from flwr.server.superlink.fleet.grpc_bidi.grpc_bridge import GrpcBridgeClosed
from flwr.server.workflow import DefaultWorkflow
from legacy_training import (
    IDS,
    Client,
    evaluate_centrally,
    in_order,
    initial_parameters,
    nodes,
    numbers,
    train,
    train_without_a_grid,
)
from loopback_grid import SILENT, Error, LoopbackGrid, RunNotRunningException

import hivewatch_bridge
from hivewatch_bridge.flower import _watcher, client_mod, unwatch, watch

A, B, C = IDS
PROGRAM = Path(__file__).with_name("legacy_server.py")
EXAMPLE = Path(__file__).parents[2] / "examples/flower-legacy"
SOURCES = Path(__file__).parents[1] / "src"


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Keeps Flower out of the home, and runs apart from each other."""
    monkeypatch.setenv("FLWR_HOME", str(tmp_path))
    monkeypatch.setenv("FLWR_TELEMETRY_ENABLED", "0")
    monkeypatch.setattr(_watcher, "_starts", {})


def strategy(**kwargs):
    return in_order(FedAvg(initial_parameters=initial_parameters(), **kwargs))


def clients(server, event_type, number):
    found = [event["clients"][0] for event in server.of(event_type) if event["round"] == number]
    return {client["client_id"]: client for client in found}


def rounds(server, event_type="round_end"):
    return {event["round"]: event for event in server.of(event_type)}


def test_a_run_is_told_from_its_beginning_to_its_end(server):
    history, _ = train(watch(strategy(evaluate_fn=evaluate_centrally), endpoint=server.endpoint))
    (init,) = server.of("init")
    assert {batch.run_id for batch in server.batches} == {"10388190150487002303"}
    assert init["algorithm"] == "FedAvg"
    assert (init["config"]["framework"], init["config"]["num_rounds"]) == ("flower", 3)
    assert init["config"]["model_bytes"] > 40
    assert [event["selected"] for event in server.of("round_start")] == [
        event["selected"] for event in server.of("round_start") if set(event["selected"]) == {str(n) for n in IDS}
    ]
    assert list(rounds(server)) == [0, 1, 2, 3]
    metrics = rounds(server)[2]["round_metrics"]
    assert (metrics["num_selected"], metrics["num_completed"], metrics["num_failures"]) == (3, 3, 0)
    assert (metrics["global_source"], metrics["global_accuracy"]) == ("central", 0.2)
    assert dict(history.losses_centralized)[2] == metrics["global_loss"]
    assert dict(history.losses_distributed)[2] == metrics["evaluate_loss"]
    assert metrics["aggregation_time_sec"] >= 0
    assert metrics["round_duration_sec"] > 0
    (finished,) = server.of("finished")
    assert finished["status"] == "completed"
    assert finished["metrics"]["round"] == 3
    assert finished["metrics"]["global_accuracy"] == rounds(server)[3]["round_metrics"]["global_accuracy"]


def test_replies_are_told_with_what_is_in_them(server):
    train(watch(strategy(), endpoint=server.endpoint), rounds=1)
    update = clients(server, "client_update", 1)[str(B)]
    assert (update["num_samples"], update["hospital"]) == (41, "h1")
    assert update["local_loss"] > 0
    assert update["bytes_sent"] > 40
    assert update["bytes_received"] > 40
    assert update["round_trip_sec"] >= 0
    assert not {"num_examples", "train_loss"} & set(update)
    metric = clients(server, "client_metric", 1)[str(B)]
    assert (metric["local_accuracy"], metric["evaluate_accuracy"], metric["evaluate_num_samples"]) == (0.6, 0.6, 41)
    assert metric["evaluate_loss"] > 0


def test_aggregated_metrics_are_told(server):
    def mean(metrics):
        return {"train_loss": sum(n * m["train_loss"] for n, m in metrics) / sum(n for n, _ in metrics)}

    history, _ = train(watch(strategy(fit_metrics_aggregation_fn=mean), endpoint=server.endpoint))
    for number, value in history.metrics_distributed_fit["train_loss"]:
        assert rounds(server)[number]["round_metrics"]["train_loss"] == value


def test_failures_and_silence_are_told_with_the_right_client(server):
    faults = {
        ("train", 1, A): Error(2, "CUDA out of memory on 10.0.0.7"),
        ("train", 2, B): SILENT,
        ("evaluate", 3, C): Error(4, "the reply is gone"),
    }
    train(watch(strategy(), endpoint=server.endpoint), faults=faults)
    dropouts = [
        (e["round"], e["clients"][0]["client_id"], e["phase"], e["reason"]) for e in server.of("client_dropout")
    ]
    assert dropouts == [
        (1, str(A), "train", "CLIENT_APP_RAISED_EXCEPTION: CUDA out of memory on [ip]"),
        (2, str(B), "train", "no reply"),
    ]
    (lost,) = server.of("comm_failure")
    assert (lost["round"], lost["client_id"], lost["phase"]) == (3, str(C), "evaluate")
    assert [rounds(server)[n]["round_metrics"]["num_failures"] for n in (1, 2, 3)] == [1, 1, 0]
    assert rounds(server)[3]["round_metrics"]["num_evaluate_failures"] == 1


def test_a_client_that_answers_with_a_status_has_failed(server):
    class Unable(Client):
        def fit(self, parameters, config):
            raise NotImplementedError("no data today")

    train(watch(strategy(), endpoint=server.endpoint), LoopbackGrid(nodes(client=Unable)), rounds=1)
    assert {e["clients"][0]["client_id"] for e in server.of("client_dropout")} == {str(n) for n in IDS}
    assert all("no data today" in e["reason"] for e in server.of("client_dropout"))
    assert server.of("client_update") == []


def test_clients_without_a_grid_are_told_with_what_is_in_their_replies(server):
    plain = train_without_a_grid(strategy())
    assert numbers(train_without_a_grid(watch(strategy(), endpoint=server.endpoint))) == numbers(plain)
    update, metric = clients(server, "client_update", 1)["b"], clients(server, "client_metric", 1)["b"]
    size = sum(len(tensor) for tensor in initial_parameters().tensors)
    assert (update["num_samples"], update["bytes_sent"], update["bytes_received"]) == (41, size, size)
    assert metric["evaluate_bytes_received"] == size
    # An EvaluateRes has no parameters, and how large its metrics were on the way is not known.
    assert "evaluate_bytes_sent" not in metric
    assert rounds(server)[1]["round_metrics"]["total_bytes_up"] == 3 * size
    assert rounds(server)[1]["round_metrics"]["total_bytes_down"] == 6 * size


def test_clients_without_a_grid_that_fail_are_told_with_the_reason(server):
    class RpcError(grpc.RpcError):
        pass

    refused = FitRes(Status(Code.FIT_NOT_IMPLEMENTED, "no data today"), Parameters([], ""), 0, {})
    faults = {
        ("train", 1, "a"): refused,
        ("train", 2, "a"): RpcError("the connection is gone"),
        ("train", 2, "b"): TimeoutError("too slow"),
        ("evaluate", 2, "c"): ValueError("no data"),
        ("train", 3, "c"): GrpcBridgeClosed(),
    }
    plain = train_without_a_grid(strategy(), faults)
    watched = train_without_a_grid(watch(strategy(), endpoint=server.endpoint), faults)
    assert numbers(watched) == numbers(plain)
    assert [(e["round"], e["clients"][0]["client_id"], e["reason"]) for e in server.of("client_dropout")] == [
        (1, "a", "FIT_NOT_IMPLEMENTED: no data today"),
        (2, "c", "ValueError: no data"),
    ]
    lost = sorted((e["round"], e["client_id"], e["phase"], e["reason"]) for e in server.of("comm_failure"))
    assert lost == [
        (2, "a", "train", "RpcError: the connection is gone"),
        (2, "b", "train", "TimeoutError: too slow"),
        (3, "c", "train", "GrpcBridgeClosed"),
    ]
    assert [rounds(server)[n]["round_metrics"]["num_failures"] for n in (1, 2, 3)] == [1, 2, 1]
    assert [rounds(server)[n]["round_metrics"]["num_silent"] for n in (1, 2, 3)] == [0, 0, 0]


def test_a_size_that_nobody_can_tell_is_missing(server):
    # FedXgbNnAvg's clients answer with a list, which has no size that is known.
    trees = FitRes(Status(Code.OK, ""), [initial_parameters(), "trees"], 40, {})
    faults = {("train", 1, client): trees for client in "abc"}

    class Trees(FedAvg):
        def aggregate_fit(self, server_round, results, failures):
            assert not failures
            return results[0][1].parameters[0], {}

    watched = watch(Trees(initial_parameters=initial_parameters()), endpoint=server.endpoint)
    train_without_a_grid(watched, faults, rounds=1)
    assert server.of("adapter_error") == []
    assert len(clients(server, "client_update", 1)) == 3
    assert not any("bytes_sent" in client for client in clients(server, "client_update", 1).values())
    assert "total_bytes_up" not in rounds(server)[1]["round_metrics"]


def test_evaluate_only_and_train_only_rounds_end(server):
    class Evaluating(FedAvg):
        def configure_fit(self, server_round, parameters, client_manager):
            return []

    watched = watch(Evaluating(initial_parameters=initial_parameters()), endpoint=server.endpoint)
    train(watched, rounds=2)
    assert list(rounds(server)) == [1, 2]
    assert server.of("client_update") == []
    assert rounds(server)[1]["round_metrics"]["num_evaluate_completed"] == 3
    assert rounds(server, "round_start")[1]["selected"] == []
    assert set(rounds(server, "evaluate_start")[1]["selected"]) == {str(n) for n in IDS}
    server.batches.clear()
    train(watch(strategy(fraction_evaluate=0.0), endpoint=server.endpoint), rounds=2)
    assert list(rounds(server)) == [1, 2]
    assert server.of("client_metric") == []


@pytest.mark.parametrize("fault", [ValueError("boom"), KeyboardInterrupt(), SystemExit(0), RunNotRunningException()])
def test_errors_pass_through_and_end_the_run(server, fault):
    class Failing(FedAvg):
        def aggregate_fit(self, server_round, results, failures):
            if server_round == 2:
                raise fault
            return super().aggregate_fit(server_round, results, failures)

    grid = LoopbackGrid(nodes())
    before = set(vars(grid))
    with pytest.raises(type(fault)) as raised:
        train(watch(Failing(initial_parameters=initial_parameters()), endpoint=server.endpoint), grid)
    assert raised.value is fault
    assert set(vars(grid)) == before
    (finished,) = server.of("finished")
    assert finished["status"] == ("failed" if isinstance(fault, Exception) else "aborted")
    assert set(rounds(server)) == {1}


def test_everything_is_put_back(server):
    plain, grid = strategy(), LoopbackGrid(nodes())
    before = set(vars(plain)), set(vars(grid)), Server.fit, DefaultWorkflow.__call__
    assert watch(plain, endpoint=server.endpoint) is plain
    assert watch(plain) is plain
    train(plain, grid)
    assert set(vars(grid)) == before[1]
    unwatch(plain)
    unwatch(plain)
    assert (set(vars(plain)), set(vars(grid)), Server.fit, DefaultWorkflow.__call__) == before
    train(plain)
    assert len(server.of("init")) == 1


def test_only_the_watched_strategy_is_watched(server):
    watched = watch(strategy(), endpoint=server.endpoint)
    train(strategy())
    assert server.events == []
    train(watched, rounds=1)
    assert len(server.of("finished")) == 1


def test_servers_with_a_loop_of_their_own_are_watched(server):
    class OwnServer(Server):
        def fit(self, num_rounds, timeout):
            history, seconds = super().fit(num_rounds, timeout)
            return history, seconds

    class OwnLoop(Server):
        def fit(self, num_rounds, timeout):
            self.parameters = self._get_initial_parameters(server_round=0, timeout=timeout)
            for number in range(1, num_rounds + 1):
                self.parameters, _, _ = self.fit_round(number, timeout)
            return "a history", 0.0

    for cls in (OwnServer, OwnLoop):
        server.batches.clear()
        own = watch(strategy(fraction_evaluate=0.0), endpoint=server.endpoint)
        train(own, server_class=cls, rounds=2)
        unwatch(own)
        assert len(server.of("init")) == 1
        assert list(rounds(server)) == [1, 2]
        assert [event["status"] for event in server.of("finished")] == ["completed"]


def test_wrapped_strategies_are_told_once_and_by_the_name_of_the_wrapper(server):
    wrapper = DifferentialPrivacyServerSideFixedClipping(strategy(), 0.1, 1.0, 3)
    train(watch(wrapper, endpoint=server.endpoint), rounds=2)
    (init,) = server.of("init")
    assert init["algorithm"] == "DifferentialPrivacyServerSideFixedClipping"
    assert init["config"]["wrapped_strategy"] == "FedAvg"
    assert len(server.of("client_update")) == 6


def test_the_inner_one_of_wrapped_strategies_may_be_watched(server):
    inner = watch(strategy(), endpoint=server.endpoint)
    train(DifferentialPrivacyServerSideFixedClipping(inner, 0.1, 1.0, 3), rounds=2)
    assert len(server.of("client_update")) == 6
    assert [event["status"] for event in server.of("finished")] == ["completed"]


def test_the_clients_own_words_arrive_through_a_grid(server):
    place = {"site": "cologne", "lat": 50.94, "lng": 6.96}
    train(watch(strategy(), endpoint=server.endpoint), LoopbackGrid(nodes([client_mod], place=place)), rounds=1)
    update = clients(server, "client_update", 1)[str(C)]
    assert (update["site"], update["lat"], update["lng"], update["partition_id"]) == ("cologne", 50.94, 6.96, 2)
    assert update["train_time_sec"] > 0
    assert update["ram_mb"] > 10
    metric = clients(server, "client_metric", 1)[str(C)]
    assert metric["evaluate_time_sec"] > 0


def test_initial_parameters_of_a_client_are_no_result(server):
    train(watch(in_order(FedAvg()), endpoint=server.endpoint), rounds=1)
    assert len(server.of("client_update")) == 3
    assert list(rounds(server)) == [1]
    assert [e["status"] for e in server.of("finished")] == ["completed"]


def test_a_run_of_the_callers_own_is_used_and_not_finished(server):
    with hivewatch_bridge.init(run_id="mine", endpoint=server.endpoint) as run:
        train(watch(strategy(), run=run), rounds=1)
        run.log_event("afterwards")
    assert {batch.run_id for batch in server.batches} == {"mine"}
    assert [event["event_type"] for event in server.events][-2:] == ["afterwards", "finished"]


def test_loops_that_call_the_strategy_themselves_end_with_unwatch(server):
    from flwr.server import SimpleClientManager

    own = watch(strategy(), endpoint=server.endpoint)
    own.configure_fit(1, initial_parameters(), _Fixed(SimpleClientManager()))
    own.aggregate_fit(1, [], [])
    assert server.of("finished") == []
    unwatch(own)
    assert [event["status"] for event in server.of("finished")] == ["completed"]
    assert list(rounds(server)) == [1]


class _Fixed:
    """A ClientManager without clients."""

    def __init__(self, inner):
        self._inner = inner

    def num_available(self):
        return 0

    def sample(self, num_clients, min_num_clients=None, criterion=None):
        return []


# Workflows, which send messages without a Server.


def run_workflow(watched, workflow, grid):
    from flwr.server import LegacyContext, ServerConfig

    random.seed(7)
    np.random.seed(7)
    try:
        from flwr.app import Context, RecordDict
    except ImportError:  # Flower up to 1.19
        from flwr.common import Context, RecordDict
    context = Context(run_id=grid.run.run_id, node_id=1, node_config={}, state=RecordDict(), run_config={})
    legacy = LegacyContext(context=context, config=ServerConfig(num_rounds=2), strategy=watched)
    workflow(grid, legacy)
    record = legacy.state.array_records["parameters"]
    return [array.data for array in record.values()], vars(legacy.history)


def test_the_default_workflow_is_watched(server):
    plain = run_workflow(strategy(), DefaultWorkflow(), LoopbackGrid(nodes()))
    faults = {("train", 2, A): SILENT}
    watched = run_workflow(watch(strategy(), endpoint=server.endpoint), DefaultWorkflow(), LoopbackGrid(nodes()))
    assert watched == plain
    assert list(rounds(server)) == [1, 2]
    assert len(server.of("client_update")) == 6
    (init,) = server.of("init")
    assert init["config"]["num_rounds"] == 2
    assert [e["status"] for e in server.of("finished")] == ["completed"]
    server.batches.clear()
    run_workflow(watch(strategy(), endpoint=server.endpoint), DefaultWorkflow(), LoopbackGrid(nodes(), faults=faults))
    assert [(e["round"], e["clients"][0]["client_id"]) for e in server.of("client_dropout")] == [(2, str(A))]


def test_secure_aggregation_tells_its_stages_apart(server):
    from flwr.client.mod import secaggplus_mod
    from flwr.server.workflow import SecAggPlusWorkflow

    workflow = DefaultWorkflow(fit_workflow=SecAggPlusWorkflow(num_shares=3, reconstruction_threshold=2))
    grid = LoopbackGrid(nodes([client_mod, secaggplus_mod]))
    run_workflow(watch(strategy(), endpoint=server.endpoint), workflow, grid)
    assert len(server.of("client_update")) == 6
    metrics = rounds(server)[2]["round_metrics"]
    assert (metrics["num_selected"], metrics["num_completed"], metrics["num_failures"]) == (3, 3, 0)
    stages = {name for e in server.of("client_metric") for name in e["clients"][0] if name.startswith("secagg_")}
    assert {"secagg_setup_bytes_sent", "secagg_share_keys_bytes_sent", "secagg_unmask_bytes_sent"} <= stages
    assert server.of("client_dropout") == []
    assert server.of("adapter_error") == []


def test_who_fails_in_a_stage_of_secure_aggregation_is_told_once(server):
    from flwr.client.mod import secaggplus_mod
    from flwr.server.workflow import SecAggPlusWorkflow

    calls = []

    def failing(message, context, call_next):
        calls.append(context.node_id)
        # In the stage after the first, when the others can still do without it.
        if context.node_id == A and calls.count(A) == 2:
            raise RuntimeError("gone")
        return call_next(message, context)

    workflow = DefaultWorkflow(fit_workflow=SecAggPlusWorkflow(num_shares=3, reconstruction_threshold=2))
    run_workflow(watch(strategy(), endpoint=server.endpoint), workflow, LoopbackGrid(nodes([failing, secaggplus_mod])))
    training = [e for e in server.of("client_dropout") if e["round"] == 1 and e["phase"] != "evaluate"]
    assert [e["phase"] for e in training if e["clients"][0]["client_id"] == str(A)] == ["secagg_share_keys"]
    assert "gone" in training[0]["reason"]
    metrics = rounds(server)[1]["round_metrics"]
    assert (metrics["num_selected"], metrics["num_completed"]) == (3, 2)


# `start_server`, over gRPC, with clients in processes of their own.


def test_start_server_is_watched(server):
    # Over gRPC it is the same training as in one process without being watched.
    _, tensors = train(strategy(), rounds=2)
    assert start_server(server.endpoint) == hashlib.sha256(b"".join(tensors)).hexdigest()
    assert [e["status"] for e in server.of("finished")] == ["completed"]
    assert list(rounds(server)) == [1, 2]
    assert len(server.of("client_update")) == 6
    update = server.of("client_update")[0]["clients"][0]
    assert update["num_samples"] in (40, 41, 42)
    assert update["bytes_sent"] > 40
    assert update["bytes_received"] > 40
    assert update["round_trip_sec"] > 0


def test_a_client_process_that_dies_is_told_with_its_id(server):
    start_server(server.endpoint, "client", "2")
    (lost,) = server.of("comm_failure")
    selected = rounds(server, "round_start")[2]["selected"]
    assert lost["round"] == 2
    assert lost["client_id"] in selected
    assert lost["reason"].startswith("GrpcBridgeClosed")
    assert {e["clients"][0]["client_id"] for e in server.of("client_update") if e["round"] == 2} == (
        set(selected) - {lost["client_id"]}
    )


def test_a_server_that_is_told_to_stop_says_so(server):
    start_server(server.endpoint, "server", "2")
    (finished,) = server.of("finished")
    assert (finished["status"], "SystemExit" in finished["reason"]) == ("aborted", True)
    assert list(rounds(server)) == [1]
    assert finished["metrics"]["round"] == 1


def start_server(endpoint, *dies):
    with socket.socket() as held:
        # Nobody else is given the port as long as this has it, and who asks for just this one may have it all the same.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        done = subprocess.run(
            [sys.executable, str(PROGRAM), str(held.getsockname()[1]), "2", *dies],
            env={**os.environ, "HIVEWATCH_ENDPOINT": endpoint},
            capture_output=True,
            text=True,
            timeout=120,
            # Spawned, not forked: gRPC, which runs in here, may end a forked process before it is another one.
            close_fds=False,
        )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# examples/flower-legacy.


def run_example(folder, **environment):
    return subprocess.run(
        [sys.executable, "run.py", "--rounds", "1"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(SOURCES), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        close_fds=False,
    )


def test_the_example_trains(server):
    done = run_example(EXAMPLE, HIVEWATCH_ENDPOINT=server.endpoint)
    assert done.returncode == 0, done.stderr
    assert [event["status"] for event in server.of("finished")] == ["completed"]
    assert {c["site"] for c in clients(server, "client_update", 1).values()} == {"cologne", "lyon", "porto"}


def test_the_example_does_not_wait_for_a_site_that_has_failed(server, tmp_path):
    shutil.copytree(EXAMPLE, tmp_path / "example")
    (tmp_path / "example/client.py").write_text("raise SystemExit(3)")
    done = run_example(tmp_path / "example", HIVEWATCH_ENDPOINT=server.endpoint)
    assert (done.returncode, "A site has failed." in done.stderr) == (1, True)


def test_what_is_seen_from_many_threads_is_counted_right(server):
    # More nodes than workers, so that the clients' threads meet in the adapter.
    many = {n + 100: pair for n, pair in enumerate(list(nodes().values()) * 20)}
    train(watch(strategy(), endpoint=server.endpoint), LoopbackGrid(many), rounds=2)
    for number in (1, 2):
        metrics = rounds(server)[number]["round_metrics"]
        assert (metrics["num_completed"], metrics["num_failures"]) == (60, 0)
        assert metrics["total_bytes_up"] == sum(
            c.get("bytes_sent", 0) + c.get("evaluate_bytes_sent", 0)
            for e in server.events
            if e.get("round") == number
            for c in e.get("clients", [])
        )


def test_the_history_is_the_same(server):
    assert numbers(train(watch(strategy(), endpoint=server.endpoint))) == numbers(train(strategy()))
