"""Fixtures of all tests."""

import pytest
from recorder import Recorder

import hivewatch_bridge
from hivewatch_bridge import _default


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch, tmp_path):
    """Each test begins without a run, without settings of the machine, and with an empty folder for spools."""
    for name in ("ENDPOINT", "TOKEN", "DISABLED", "SPOOL_MB"):
        monkeypatch.delenv(f"HIVEWATCH_{name}", raising=False)
    for name in ("TRACEPARENT", "TRACESTATE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HIVEWATCH_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.setattr(_default, "_current", None)


@pytest.fixture
def server():
    """A recording server that is listening."""
    recorder = Recorder()
    yield recorder
    recorder.stop()


@pytest.fixture
def run(server):
    """A run whose events go to `server`."""
    run = hivewatch_bridge.init(run_id="run", endpoint=server.endpoint)
    yield run
    run.finish()
