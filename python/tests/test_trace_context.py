"""The trace that a program is in, as a run and its clients tell of it."""

import os
import subprocess
import sys
import types

import pytest

import hivewatch_bridge as hivewatch

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"


def told(server):
    """What the run's beginning says of a trace."""
    run = hivewatch.init(run_id="run", endpoint=server.endpoint)
    assert run.finish()
    (event,) = server.of("init")
    return {name: event[name] for name in ("traceparent", "tracestate") if name in event}


def import_opentelemetry(monkeypatch, get_current_span):
    """A stand-in for the API's module, which can be anything."""
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", types.SimpleNamespace(get_current_span=get_current_span))


def span(trace_id=0x0AF7651916CD43DD8448EB211C80319C, span_id=0x2A, flags=1, state="a=1", is_valid=True):
    context = types.SimpleNamespace(
        trace_id=trace_id,
        span_id=span_id,
        trace_flags=flags,
        trace_state=types.SimpleNamespace(to_header=lambda: state),
        is_valid=is_valid,
    )
    return types.SimpleNamespace(get_span_context=lambda: context)


def test_a_program_in_no_trace_tells_of_none(server):
    before = set(sys.modules)
    assert told(server) == {}
    assert "opentelemetry" not in set(sys.modules) - before


@pytest.mark.parametrize("parent", [PARENT, f"00-{TRACE}-{SPAN}-00", f"01-{TRACE}-{SPAN}-01"])
def test_the_environment_says_it(server, monkeypatch, parent):
    monkeypatch.setenv("TRACEPARENT", parent)
    monkeypatch.setenv("TRACESTATE", "vendor=1,other=2")
    assert told(server) == {"traceparent": parent, "tracestate": "vendor=1,other=2"}


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "x",
        PARENT.upper(),
        PARENT + "\n",
        PARENT + "-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-1",
        "00-" + "٣" * 32 + f"-{SPAN}-01",
    ],
)
def test_what_breaks_the_grammar_is_ignored(server, monkeypatch, parent):
    monkeypatch.setenv("TRACEPARENT", parent)
    monkeypatch.setenv("TRACESTATE", "a=1")
    assert told(server) == {}


@pytest.mark.parametrize("state", ["", "a=" + "1" * 600, "a=é"])
def test_a_trace_goes_without_a_bad_state(server, monkeypatch, state):
    monkeypatch.setenv("TRACEPARENT", PARENT)
    monkeypatch.setenv("TRACESTATE", state)
    assert told(server) == {"traceparent": PARENT}


def test_the_current_span_comes_before_the_environment(server, monkeypatch):
    monkeypatch.setenv("TRACEPARENT", PARENT)
    import_opentelemetry(monkeypatch, span)
    assert told(server) == {"traceparent": f"00-{TRACE}-000000000000002a-01", "tracestate": "a=1"}


PROGRAM_IN_A_TRACE = """
import sys
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
import hivewatch_bridge as hivewatch

tracer = TracerProvider().get_tracer("a program")
with tracer.start_as_current_span("training"):
    run = hivewatch.init(run_id="inside", endpoint=sys.argv[1])
    headers = {}
    TraceContextTextMapPropagator().inject(headers)
print(headers["traceparent"])
assert run.finish()
assert hivewatch.init(run_id="outside", endpoint=sys.argv[1]).finish()
"""


def test_the_span_that_is_current_in_opentelemetry_itself(server):
    command = [sys.executable, "-c", PROGRAM_IN_A_TRACE, server.endpoint]
    # In a process of its own, since what is imported stays.
    program = subprocess.run(command, env={**os.environ, "TRACEPARENT": PARENT}, capture_output=True, text=True)
    assert program.returncode == 0, program.stderr
    assert [event["traceparent"] for event in server.of("init")] == [program.stdout.strip(), PARENT]


@pytest.mark.parametrize(
    "get_current_span",
    [
        lambda: span(0, 0, is_valid=False),
        lambda: span(trace_id=1 << 200),
        lambda: span(trace_id="hello"),
        lambda: None,
        lambda: 1 / 0,
        None,
    ],
)
def test_without_a_usable_span_the_environment_counts(server, monkeypatch, get_current_span):
    monkeypatch.setenv("TRACEPARENT", PARENT)
    import_opentelemetry(monkeypatch, get_current_span)
    assert told(server) == {"traceparent": PARENT}


def test_a_client_has_a_trace_of_its_own(server, run):
    hivewatch.log_client_update("a", round=1, traceparent=PARENT)
    assert hivewatch.finish()
    assert server.of("client_update")[0]["clients"][0]["traceparent"] == PARENT
