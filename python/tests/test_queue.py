"""Bounded memory: what goes first, and that the loss is told."""

import pytest
import recorder

from hivewatch_bridge import _queue
from hivewatch_bridge._pending import pending_row
from hivewatch_bridge._queue import EventQueue
from hivewatch_bridge._wire import Form


def take_all(queue):
    events = []
    while (segment := queue.take()) is not None:
        read = recorder.rows if segment.payload.form is Form.ROWS else recorder.columns
        events.extend(read(segment.payload.data))
    return events


def names(events):
    return [event["clients"][0]["client_id"] if "clients" in event else event["event_type"] for event in events]


def row(name, droppable=False):
    return pending_row(f'{{"event_type":"{name}"}}', droppable)


def client(name, event_type="client_update", size=0, **fields):
    return (event_type, size, 0.0, 0, name, fields)


def add(queue, event):
    """As a run does."""
    queue.add(event)
    if len(queue.pending) >= queue.max_pending:
        queue.encode_pending()


def test_events_come_out_in_their_order_whatever_their_form():
    queue = EventQueue()
    queue.add(row("init"))
    queue.add(client("a"))
    queue.add(client("b", "client_metric"))
    queue.encode_pending()
    queue.add(row("client_dropout", droppable=True))
    queue.add(row("round_end"))
    queue.add(client("c"))
    assert names(take_all(queue)) == ["init", "a", "b", "client_dropout", "round_end", "c"]
    assert len(queue) == 0


def test_batches_are_bounded_in_events_and_bytes():
    queue = EventQueue()
    for i in range(2500):
        queue.add(client(f"c{i}", x=1.0))
    for i in range(60):
        queue.add(client(f"c{i}", size=10_000, x="x" * 10_000))
    for i in range(20):
        queue.add(client(f"c{i}", **{f"x{i}-{n}": float(n) for n in range(100)}))
    counts, columns = [], []
    while (segment := queue.take()) is not None:
        counts.append(segment.count)
        columns.append(len(recorder.message(segment.payload.data)[3]))
        assert segment.size < 600_000
    assert max(counts) == 2000
    assert sum(counts) == 2580
    assert max(columns) < 1000


def test_when_it_is_full_the_oldest_telemetry_goes_and_never_the_run_itself():
    queue = EventQueue(max_bytes=20_000)
    add(queue, row("init"))
    for i in range(5000):
        if i % 500 == 0:
            add(queue, row(f"round_start-{i}"))
        add(queue, client(f"c{i}"))
        assert len(queue) < 20_000 / 10
    out = names(take_all(queue))
    lifecycle = [name for name in out if not name.startswith("c")]
    clients = [name for name in out if name.startswith("c")]
    assert lifecycle == ["events_dropped", "init", *(f"round_start-{i}" for i in range(0, 5000, 500))]
    assert clients == [f"c{i}" for i in range(5000 - len(clients), 5000)]
    assert clients
    assert queue.dropped == 5000 - len(clients)


def test_the_number_of_dropped_events_is_told():
    queue = EventQueue(max_bytes=1000)
    for i in range(200):
        add(queue, client(f"c{i}"))
    out = take_all(queue)
    assert out[0]["event_type"] == "events_dropped"
    assert out[0]["count"] == queue.dropped == 200 - (len(out) - 1)


def test_large_events_are_not_kept_as_they_are():
    queue = EventQueue(max_bytes=100_000)
    for i in range(100):
        queue.add(client(f"c{i}", size=10_000, blob="x" * 10_000))
        assert len(queue) <= 11
    assert len(queue) > 0


def test_telemetry_in_rows_goes_too():
    queue = EventQueue(max_bytes=1000)
    for _ in range(100):
        add(queue, row("client_dropout", droppable=True))
    add(queue, row("finished"))
    assert names(take_all(queue))[-1] == "finished"
    assert queue.dropped > 0


def test_an_interrupted_call_loses_nothing(monkeypatch):
    queue = EventQueue()
    for i in range(10):
        queue.add(client(f"c{i}"))

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(_queue, "encode", interrupted)
        with pytest.raises(KeyboardInterrupt):
            queue.encode_pending()
    assert names(take_all(queue)) == [f"c{i}" for i in range(10)]
