"""The APPFL adapter on APPFL itself, in its long form: it needs PyTorch (`npm test -- --only appfl`)."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("appfl", reason="APPFL is not installed")

from appfl_agents import ALGORITHMS, client_agent, server_agent, train_serially

from hivewatch_bridge.appfl import watch

PROGRAM = str(Path(__file__).with_name("appfl_grpc.py"))
# Only to end what hangs: APPFL waits for 10 s at its end.
GIVE_UP_SEC = 300


def updates(server):
    return [event["clients"][0] for event in server.of("client_update")]


@pytest.mark.parametrize("mode", ["step", "epoch"])
@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
def test_the_training_is_the_same(server, tmp_path, algorithm, mode):
    def train(watched):
        clients = [client_agent(number, tmp_path) for number in range(2)]
        return train_serially(watched(server_agent(algorithm, 2, 4, tmp_path, mode)), clients)

    plain = train(lambda agent: agent)
    assert train(lambda agent: watch(agent, endpoint=server.endpoint)) == plain
    assert [event["status"] for event in server.of("finished")] == ["completed"]
    assert server.of("adapter_error") == []
    for each in updates(server):
        assert each["local_loss"] > 0
        assert 0 <= each["local_accuracy"] <= 1
        assert each["num_samples"] == 64 + int(each["client_id"][-1])


class Deployment:
    """A server of APPFL's and its clients, each in a process of its own."""

    def __init__(self, folder, endpoint):
        self._folder = folder
        self._environment = {**os.environ, "HIVEWATCH_ENDPOINT": endpoint, "WANDB_MODE": "disabled"}
        self._processes = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = str(free.getsockname()[1])

    def serve(self, algorithm, epochs):
        return self._start("server", algorithm, "2", str(epochs), str(self._folder), self._port)

    def join(self, number, slowness=0):
        return self._start("client", str(number), str(self._folder), self._port, str(slowness))

    def stop(self):
        for process in self._processes:
            process.kill()
            process.wait()

    def _start(self, *arguments):
        with (self._folder / f"{len(self._processes)}.log").open("w") as log:
            command = [sys.executable, PROGRAM, *arguments]
            process = subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, stderr=log, text=True)
        self._processes.append(process)
        return process


@pytest.fixture
def deployment(tmp_path, server):
    deployed = Deployment(tmp_path, server.endpoint)
    yield deployed
    deployed.stop()


@pytest.mark.parametrize("algorithm", ["sync", "async"])
def test_a_run_over_grpc_is_told_as_appfl_counts_it(server, deployment, algorithm):
    serving = deployment.serve(algorithm, epochs=4)
    # One of them is slower, so that the other's models are fresher.
    clients = [deployment.join(0), deployment.join(1, slowness=1)]
    output, _ = serving.communicate(timeout=GIVE_UP_SEC)
    assert [client.wait(GIVE_UP_SEC) for client in clients] == [0, 0]
    known = json.loads(output.splitlines()[-1])
    assert known["is_finished"]

    (begun,) = server.of("init")
    assert begun["algorithm"] == {"sync": "FedAvg", "async": "FedAsync"}[algorithm]
    assert begun["config"]["framework_version"] == "1.12.0"
    assert begun["config"]["model_bytes"] == 24
    assert [event["status"] for event in server.of("finished")] == ["completed"]
    assert server.of("adapter_error") == []
    rounds = range(1, len(known["aggregations"]) + 1)
    assert [event["round"] for event in server.of("round_end")] == list(rounds)
    for number, aggregation in zip(rounds, known["aggregations"]):
        told = [each for each in updates(server) if each["round"] == number]
        assert sorted(each["client_id"] for each in told) == aggregation["clients"]
        for each in told:
            assert number - each["base_round"] == (aggregation["staleness"] or 0)
            assert each["bytes_sent"] > 24
            assert (each["city"], each["lat"]) == ("Cologne", 50.94)
            assert "model_url" not in each
    selected = [event.get("selected") for event in server.of("round_start")]
    assert list(map(sorted, selected[1:])) == ([["site-0", "site-1"]] * 3 if algorithm == "sync" else [])


def test_a_server_that_is_interrupted_says_so(server, deployment):
    serving = deployment.serve("async", epochs=1000)
    deployment.join(0), deployment.join(1)
    server.wait_for(lambda s: len(s.of("round_end")) >= 2, GIVE_UP_SEC)
    serving.send_signal(signal.SIGINT)
    server.wait_for(lambda s: s.of("finished"), GIVE_UP_SEC)
    (ended,) = server.of("finished")
    assert ended["status"] == "aborted"
    assert "of 1000 global epochs" in ended["reason"]
