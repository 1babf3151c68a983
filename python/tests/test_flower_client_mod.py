"""The mod for ClientApps: what it adds to a reply, and what it leaves alone."""

import os
import sys
import time
import types

import pytest

pytest.importorskip("flwr", reason="Flower is not installed")

from loopback_grid import Context, Error, Message, RecordDict, become_a_server_app

from hivewatch_bridge._log import WarnOnce
from hivewatch_bridge.flower import _client_mod, client_mod

try:
    from flwr.app import ConfigRecord, MetricRecord
except ImportError:  # Flower up to 1.19
    from flwr.common import ConfigRecord, MetricRecord


def call(node_config, work=lambda content: None, message_type="train"):
    """What the mod makes of a reply. `work(content)` adds to it."""
    become_a_server_app(7)
    message = Message(RecordDict(), dst_node_id=5, message_type=message_type)
    context = Context(run_id=7, node_id=5, node_config=node_config, state=RecordDict(), run_config={})

    def app(message, context):
        content = RecordDict({"metrics": MetricRecord({"num-examples": 3})})
        work(content)
        return Message(content, reply_to=message)

    reply = client_mod(message, context, app)
    assert dict(reply.content["metrics"]) == {"num-examples": 3}
    return dict(reply.content["hivewatch"])


def busy(_content):
    # The processor's time is that of all threads, so that it can pass in less than as much by the clock.
    clock, processor = time.perf_counter() + 0.1, time.process_time() + 0.1
    while time.perf_counter() < clock or time.process_time() < processor:
        pass


def test_training_is_measured():
    record = call({}, busy)
    assert record["train_time_sec"] >= 0.1
    assert 10 < record["cpu_pct"] <= 100 * (os.cpu_count() or 1)
    assert 10 < record["ram_mb"] < 100_000
    assert set(record) == {"train_time_sec", "cpu_pct", "ram_mb"}


def test_the_trace_of_a_training_is_told(monkeypatch):
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    monkeypatch.setenv("TRACEPARENT", parent)
    assert call({})["traceparent"] == parent
    assert "traceparent" not in call({}, message_type="evaluate")
    monkeypatch.setenv("TRACEPARENT", "nonsense")
    assert "traceparent" not in call({})


def test_other_work_is_not_called_training():
    assert "train_time_sec" not in call({}, message_type="evaluate")
    assert call({}, message_type="evaluate")["time_sec"] >= 0


def test_a_share_of_no_time_is_not_made_up(monkeypatch):
    monkeypatch.setattr(time, "perf_counter", lambda: 1.0)
    assert "cpu_pct" not in call({})


def test_the_place_is_what_the_operator_says():
    config = {"site": "lyon", "city": "Lyon", "country": "FR", "lat": 45, "lng": 4.84, "partition-id": 1, "secret": "s"}
    record = call(config)
    assert {k: record[k] for k in ("site", "city", "country", "lat", "lng", "partition_id")} == {
        "site": "lyon",
        "city": "Lyon",
        "country": "FR",
        "lat": 45.0,
        "lng": 4.84,
        "partition_id": 1,
    }
    assert "secret" not in record


def test_what_is_no_place_is_left_out():
    assert not {"site", "lat", "lng", "partition_id"} & set(call({"site": "", "lat": "north", "lng": True}))


def test_what_the_app_says_itself_takes_precedence():
    def own(content):
        content["hivewatch"] = ConfigRecord({"site": "mine", "train_time_sec": 1.5, "more": "x"})

    record = call({"site": "theirs", "lat": 1.0}, own)
    assert (record["site"], record["train_time_sec"], record["more"], record["lat"]) == ("mine", 1.5, "x", 1.0)


def test_an_error_passes_unchanged():
    become_a_server_app(7)
    message = Message(RecordDict(), dst_node_id=5, message_type="train")
    error = Message(Error(code=2, reason="boom"), reply_to=message)
    context = Context(run_id=7, node_id=5, node_config={}, state=RecordDict(), run_config={})
    assert client_mod(message, context, lambda *_: error) is error
    with pytest.raises(ValueError, match="boom"):
        client_mod(message, context, lambda *_: (_ for _ in ()).throw(ValueError("boom")))


# There is no GPU here: a stand-in for NVIDIA's module shows that its answers are read right.


def nvml(monkeypatch, processes):
    module = types.ModuleType("pynvml")
    module.nvmlInit = module.nvmlShutdown = lambda: None
    module.nvmlDeviceGetCount = lambda: len(processes)
    module.nvmlDeviceGetHandleByIndex = lambda index: index
    module.nvmlDeviceGetComputeRunningProcesses = lambda index: [
        types.SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in processes[index]
    ]
    module.nvmlDeviceGetUtilizationRates = lambda index: types.SimpleNamespace(gpu=10 * (index + 1))
    monkeypatch.setitem(sys.modules, "pynvml", module)
    return module


def test_the_gpu_that_the_process_is_on_is_told(monkeypatch):
    nvml(monkeypatch, [[(1, 5_000_000)], [(1, 7_000_000), (os.getpid(), 2_000_000)], []])
    record = call({})
    assert (record["gpu_util_pct"], record["gpu_vram_mb"]) == (20.0, 2.0)


def test_no_gpu_is_told_of_a_process_that_is_on_none(monkeypatch):
    nvml(monkeypatch, [[(1, 5_000_000)]])
    assert not {"gpu_util_pct", "gpu_vram_mb"} & set(call({}))


@pytest.mark.parametrize("name", ["nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetUtilizationRates", "nvmlShutdown"])
def test_a_gpu_that_cannot_be_asked_costs_nothing_else(monkeypatch, name):
    module = nvml(monkeypatch, [[(os.getpid(), 1)]])

    def broken(*_):
        raise RuntimeError("no driver")

    setattr(module, name, broken)
    record = call({})
    assert record["train_time_sec"] >= 0
    assert "adapter_error" not in record
    assert ("gpu_util_pct" in record) == (name == "nvmlShutdown")


def test_a_fault_of_the_mod_is_told_to_the_server_and_costs_nothing_else(monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("a fault of the mod")

    monkeypatch.setattr(_client_mod, "place_of", broken)
    record = call({"site": "lyon"})
    assert record["adapter_error"].endswith("broken: RuntimeError: a fault of the mod")
    assert record["train_time_sec"] >= 0
    assert not [each for each in caplog.records if each.name == "hivewatch_bridge" and each.levelno >= 30]


def test_a_record_that_cannot_be_added_costs_no_result(monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("no records today")

    monkeypatch.setattr(_client_mod, "_config_record", broken)
    monkeypatch.setattr(_client_mod, "_warn", WarnOnce())
    for _ in range(2):
        with pytest.raises(KeyError):
            call({})
    assert caplog.text.count("HiveWatch learns nothing of this client.") == 1
