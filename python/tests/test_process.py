"""What happens when processes end, fork, or have no bridge: in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCES = str(Path(__file__).parents[1] / "src")


def python(program, endpoint, **environ):
    """Runs a program to its end, and returns it."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": SOURCES, "HIVEWATCH_ENDPOINT": endpoint, **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_what_was_logged_before_the_end_of_a_program_is_sent(server):
    done = python(
        "import hivewatch_bridge as h; h.init(run_id='short'); h.log_client_update('a', round=1)", server.endpoint
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [event["event_type"] for event in server.events] == ["init", "client_update"]


def test_it_is_sent_also_if_the_program_fails(server):
    done = python(
        "import hivewatch_bridge as h\nh.init()\nfor i in range(2000): h.log_client_update(i)\n1/0", server.endpoint
    )
    assert done.returncode == 1
    assert len(server.of("client_update")) == 2000


def test_without_a_bridge_a_program_ends_by_itself():
    done = python(
        "import hivewatch_bridge as h\nh.init()\nh.log_client_update('a')\nprint(h.finish(timeout=0.2))", "127.0.0.1:1"
    )
    assert (done.returncode, done.stdout) == (0, "False\n")
    no_bridge, kept = done.stderr.splitlines()
    assert "127.0.0.1:1" in no_bridge
    assert os.environ["HIVEWATCH_SPOOL_DIR"] in kept


def test_a_program_that_forgets_to_finish_ends_without_a_bridge_too():
    done = python("import hivewatch_bridge as h\nh.init()\nh.log_client_update('a')", "127.0.0.1:1")
    assert done.returncode == 0


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
    h.round_start(2)
    assert h.finish()
    raise SystemExit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
h.log_client_update("parent again", round=2)
assert h.finish()
"""
    done = python(program, server.endpoint)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    # gRPC itself may say on stderr that it was forked while busy.
    assert "hivewatch" not in done.stderr.lower()
    assert [e["clients"][0]["client_id"] for e in server.of("client_update")] == ["parent", "parent again"]
    assert len(server.of("finished")) == 1


def test_importing_needs_no_framework_and_no_protobuf():
    program = """
import sys
import hivewatch_bridge, hivewatch_bridge.flower
assert not {"flwr", "google.protobuf", "numpy", "torch"} & set(sys.modules), "imported"
"""
    done = python(program, "127.0.0.1:1")
    assert (done.returncode, done.stderr) == (0, "")
