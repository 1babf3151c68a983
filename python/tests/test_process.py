"""What happens when processes end, fork, or have no bridge: in processes of their own."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import recorder

from hivewatch_bridge import _lifecycle
from hivewatch_bridge._spool import adopt_spool
from hivewatch_bridge._spool_folder import find_spools

SOURCES = str(Path(__file__).parents[1] / "src")

# So that what has no time at the end of a program on a busy machine isn't taken for what is lost.
PATIENT = "from hivewatch_bridge import _lifecycle; _lifecycle._EXIT_FLUSH_SEC = 60\n"


def python(program, endpoint, *arguments, **environ):
    """Runs a program to its end, and returns it."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": SOURCES, "HIVEWATCH_ENDPOINT": endpoint, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        # As in test_spool.py: spawns on Python 3.9, too.
        close_fds=False,
    )


def test_what_was_logged_before_the_end_of_a_program_is_sent(server):
    done = python(
        PATIENT + "import hivewatch_bridge as h; h.init(run_id='short'); h.log_client_update('a', round=1)",
        server.endpoint,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [event["event_type"] for event in server.events] == ["init", "client_update"]


def test_it_is_sent_also_if_the_program_fails(server):
    done = python(
        PATIENT + "import hivewatch_bridge as h\nh.init()\nfor i in range(2000): h.log_client_update(i)\n1/0",
        server.endpoint,
    )
    assert done.returncode == 1
    assert len(server.of("client_update")) == 2000


def test_without_a_bridge_a_program_ends_by_itself():
    done = python(
        """
import hivewatch_bridge as h
from hivewatch_bridge import _run
_run._KEEP_TIMEOUT_SEC = 60
run = h.init()
h.log_client_update('a')
with run._sender.changed:
    run._sender.changed.wait_for(lambda: run._sender._is_down, 60)
print(h.finish(timeout=0.2))
""",
        "127.0.0.1:1",
    )
    assert (done.returncode, done.stdout) == (0, "False\n")
    no_bridge, kept = done.stderr.splitlines()
    assert "127.0.0.1:1" in no_bridge
    assert os.environ["HIVEWATCH_SPOOL_DIR"] in kept


@pytest.fixture(params=["dead", "hung"])
def useless_endpoint(request):
    """Of a bridge that isn't there, or that takes connections and never says anything."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "hung":
            listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_a_program_that_forgets_to_finish_ends_without_a_bridge_too(useless_endpoint):
    program = """
import hivewatch_bridge as h
h.init()
for i in range(3000): h.log_client_update(f'c{i}', round=1, local_loss=0.5)
h.log_client_updates(2, [f'd{i}' for i in range(3000)], {'local_loss': [0.5] * 3000})
"""
    done = python(program, useless_endpoint)
    assert (done.returncode, done.stdout) == (0, "")
    (folder,) = find_spools(Path(os.environ["HIVEWATCH_SPOOL_DIR"]))
    assert spooled_clients(folder) == [*(f"c{i}" for i in range(3000)), *(f"d{i}" for i in range(3000))]


def spooled_clients(folder):
    """The clients whose updates are in a spool."""
    spool, clients = adopt_spool(folder), []
    while (record := spool.take()) is not None:
        if record.payload.form == 8:
            clients += [event["clients"][0]["client_id"] for event in recorder.columns(record.payload.data)]
    return clients


@pytest.mark.parametrize("runs", [1, 2, 7])
def test_at_its_end_a_program_waits_three_seconds_at_most_however_many_runs_it_has(monkeypatch, runs):
    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

        def wait(self, timeout):
            assert timeout >= 0
            self.now += timeout

    class Hanging:
        def _flush_at_exit(self, timeout):
            clock.wait(timeout)

        def _keep_rest(self, timeout):
            clock.wait(timeout)
            kept.append(self)

    clock, kept = Clock(), []
    monkeypatch.setattr(_lifecycle, "time", clock)
    monkeypatch.setattr(_lifecycle, "_runs", [Hanging() for _ in range(runs)])
    _lifecycle._flush_at_exit()
    assert clock.now <= 1003
    assert len(kept) == runs


def test_nothing_is_printed_but_what_logging_prints(useless_endpoint):
    program = """
import logging
import hivewatch_bridge as h, hostile
logger = logging.getLogger("hivewatch_bridge")
logger.addHandler(logging.NullHandler())
logger.propagate = False
h.init()
for value in hostile.SMALL:
    h.log_client_update(value, x=value, local_loss=value)
    h.log_client_updates(value, [value], {"x": [value]})
    h.log_dropout(1, "a", value)
h.finish(timeout=1.5)
h.log_client_update("after")
h.init()
h.log_client_update("another")
"""
    tests = str(Path(__file__).parent)
    done = python(program, useless_endpoint, PYTHONPATH=os.pathsep.join((SOURCES, tests)))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork")
def test_a_forked_child_is_silent_and_ends(server):
    program = """
import os, warnings
import hivewatch_bridge as h
warnings.simplefilter("ignore", DeprecationWarning)  # Python says that a process with threads should not fork
h.init(run_id="forked")
h.log_client_update("parent", round=1)
child = os.fork()
if child == 0:
    h.log_client_update("child", round=1)
    h.log_client_updates(1, ["child"], {"x": [1.0]})
    h.round_start(2)
    assert h.finish()
    raise SystemExit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
h.log_client_update("parent again", round=2)
assert h.finish()
"""
    done = python(program, server.endpoint)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr == ""
    assert [e["clients"][0]["client_id"] for e in server.of("client_update")] == ["parent", "parent again"]
    assert len(server.of("finished")) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork")
@pytest.mark.parametrize("is_finished", [False, True])
def test_a_run_that_is_begun_in_a_forked_child_does_nothing_and_says_so_once(server, is_finished):
    program = """
import os, sys, warnings
import hivewatch_bridge as h
warnings.simplefilter("ignore", DeprecationWarning)
h.init(run_id="parent")
if sys.argv[1] == "True":
    assert h.finish()
child = os.fork()
if child == 0:
    for run_id in ("child", "another"):
        with h.init(run_id=run_id) as run:
            assert run.run_id == run_id
            h.log_client_update("child", round=1)
            assert h.finish()
    raise SystemExit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert h.finish()
"""
    done = python(program, server.endpoint, str(is_finished))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    (warning,) = done.stderr.splitlines()
    assert "does nothing in this process" in warning
    assert {batch.run_id for batch in server.batches} == {"parent"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork")
def test_a_child_that_was_forked_before_anything_was_reported_reports(server):
    program = """
import os
import hivewatch_bridge as h
child = os.fork()
if child == 0:
    h.init(run_id="child")
    assert h.finish()
    raise SystemExit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""
    done = python(program, server.endpoint)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert {batch.run_id for batch in server.batches} == {"child"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork")
def test_children_that_are_forked_while_it_connects_live():
    program = """
import logging, os, warnings
import hivewatch_bridge as h
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore", DeprecationWarning)
run = h.init()
h.log_client_update("parent")
run._sender.keep(60)
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    os.close(writing)
    h.log_client_update("child")
    # Until the parent closes its end.
    os.read(reading, 1)
    os._exit(0)
h.finish(timeout=1)
os.close(writing)
print(os.waitpid(child, 0)[1])
"""
    for _ in range(5):
        done = python(program, "127.0.0.1:1")
        assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


def test_importing_needs_no_framework_and_no_protobuf():
    program = """
import sys
import hivewatch_bridge, hivewatch_bridge.flower
assert not {"flwr", "google.protobuf", "numpy", "torch"} & set(sys.modules), "imported"
"""
    done = python(program, "127.0.0.1:1")
    assert (done.returncode, done.stderr) == (0, "")
