"""Bounded memory: what goes first, and that the loss is told."""

import recorder

from hivewatch_bridge._queue import EventQueue
from hivewatch_bridge._segments import Rows


def take_all(queue):
    events = []
    while (segment := queue.take()) is not None:
        read = recorder.rows if isinstance(segment, Rows) else recorder.columns
        events.extend(read(segment.payload().data))
    return events


def names(events):
    return [event["clients"][0]["client_id"] if "clients" in event else event["event_type"] for event in events]


def row(name):
    return f'{{"event_type":"{name}"}}'


def test_events_come_out_in_their_order_whatever_their_form():
    queue = EventQueue()
    queue.add_row(row("init"), droppable=False)
    queue.add_client("client_update", 1, {"client_id": "a"})
    queue.add_client("client_metric", 2, {"client_id": "b"})
    queue.add_row(row("client_dropout"), droppable=True)
    queue.add_row(row("round_end"), droppable=False)
    queue.add_client("client_update", 3, {"client_id": "c"})
    assert names(take_all(queue)) == ["init", "a", "b", "client_dropout", "round_end", "c"]
    assert len(queue) == 0


def test_a_field_of_another_kind_begins_another_batch():
    queue = EventQueue()
    queue.add_client("client_update", 1, {"client_id": "a", "x": 1.0})
    queue.add_client("client_update", 2, {"client_id": "b", "x": "one"})
    assert [event["clients"][0]["x"] for event in take_all(queue)] == [1.0, "one"]


def test_when_it_is_full_the_oldest_telemetry_goes_and_never_the_run_itself():
    queue = EventQueue(max_events=1000)
    queue.add_row(row("init"), droppable=False)
    for i in range(5000):
        if i % 500 == 0:
            queue.add_row(row(f"round_start-{i}"), droppable=False)
        queue.add_client("client_update", i, {"client_id": f"c{i}"})
        assert len(queue) <= 1001
    out = names(take_all(queue))
    lifecycle = [name for name in out if not name.startswith("c")]
    clients = [name for name in out if name.startswith("c")]
    assert lifecycle == ["events_dropped", "init", *(f"round_start-{i}" for i in range(0, 5000, 500))]
    assert clients == [f"c{i}" for i in range(5000 - len(clients), 5000)]
    assert queue.dropped == 5000 - len(clients)


def test_the_number_of_dropped_events_is_told():
    queue = EventQueue(max_events=10)
    for i in range(25):
        queue.add_client("client_update", i, {"client_id": f"c{i}"})
    out = take_all(queue)
    assert out[0]["event_type"] == "events_dropped"
    assert out[0]["count"] == queue.dropped == 25 - (len(out) - 1)


def test_it_is_bounded_in_bytes_too():
    queue = EventQueue(max_bytes=100_000)
    for i in range(100):
        queue.add_client("client_update", i, {"client_id": f"c{i}", "blob": "x" * 10_000})
    assert 0 < len(queue) <= 11


def test_telemetry_in_rows_goes_too():
    queue = EventQueue(max_events=10)
    for _ in range(30):
        queue.add_row(row("client_dropout"), droppable=True)
    queue.add_row(row("finished"), droppable=False)
    assert names(take_all(queue))[-1] == "finished"
    assert queue.dropped > 0
