"""The client against a recording gRPC server."""

import logging
import math
import random
import threading
import warnings
from array import array

import hostile
import pytest
import recorder
from recorder import Recorder

import hivewatch_bridge as hivewatch
from hivewatch_bridge import _lifecycle, _run, _sender
from hivewatch_bridge._queue import EventQueue


def start(endpoint, **kwargs):
    return _lifecycle.start_run(run_id="run", endpoint=endpoint, **kwargs)


def clients(server, event_type="client_update"):
    return [event["clients"][0] for event in server.of(event_type)]


def test_a_whole_run_in_its_order(server, run):
    hivewatch.set_server_metadata(lat=41.7, city="Lemont")
    hivewatch.round_start(1, selected=["a", 2])
    hivewatch.log_client_update("a", round=1, local_accuracy=0.5, num_samples=10, site="x", tags=["t"])
    hivewatch.log_client_metric("a", round=1, evaluate_loss=0.1)
    hivewatch.log_dropout(1, 2, "power cut")
    hivewatch.log_comm_failure(1, "b", "timeout", phase="train")
    hivewatch.log_client_recovered(1, "b")
    hivewatch.log_round(1, global_accuracy=0.6, num_selected=3, algorithm_metadata={"mu": 0.1}, custom=5)
    hivewatch.log_checkpoint(1, "model.npz", size=3)
    hivewatch.log_evaluation(1, "central", {"accuracy": 0.7})
    hivewatch.log_event("note", round=1, text="hello")
    assert hivewatch.finish()
    events = server.events
    assert [event["event_type"] for event in events] == [
        "init",
        "server_metadata",
        "round_start",
        "client_update",
        "client_metric",
        "client_dropout",
        "comm_failure",
        "client_recovered",
        "round_end",
        "checkpoint",
        "evaluation",
        "note",
        "finished",
    ]
    assert {batch.run_id for batch in server.batches} == {"run"}
    assert events[1]["server"] == {"lat": 41.7, "city": "Lemont"}
    assert events[2]["selected"] == ["a", "2"]
    expected = {"client_id": "a", "round": 1, "local_accuracy": 0.5, "num_samples": 10, "site": "x", "tags": ["t"]}
    assert events[3]["clients"] == [expected]
    assert events[5]["clients"] == [{"client_id": "2", "status": "dropped"}]
    assert events[5]["reason"] == "power cut"
    assert (events[6]["client_id"], events[6]["reason"], events[6]["phase"]) == ("b", "timeout", "train")
    metrics = {"global_accuracy": 0.6, "num_selected": 3, "algorithm_metadata": {"mu": 0.1}, "custom": 5}
    assert events[8]["round_metrics"] == metrics
    assert events[8]["clients"] == []
    assert (events[9]["path"], events[9]["metadata"]) == ("model.npz", {"size": 3})
    assert (events[10]["source"], events[10]["metrics"]) == ("central", {"accuracy": 0.7})
    assert events[12]["status"] == "completed"


def test_init_says_once_where_events_go(server, caplog):
    caplog.set_level(logging.INFO)
    hivewatch.init(run_id="run-7", algorithm="FedProx", config={"lr": 0.1, "odd": object()}, endpoint=server.endpoint)
    assert hivewatch.finish()
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "INFO"]
    assert "run-7" in line
    assert server.endpoint in line
    (event,) = server.of("init")
    assert (event["algorithm"], event["config"]) == ("FedProx", {"lr": 0.1})
    assert event["started_at"] == event["timestamp"]


@pytest.mark.parametrize(
    "call",
    [
        lambda: hivewatch.round_start(1),
        lambda: hivewatch.log_client_update("a"),
        lambda: hivewatch.log_round(1),
        lambda: hivewatch.log_dropout(1, "a"),
        lambda: hivewatch.log_comm_failure(1, "a"),
        lambda: hivewatch.log_checkpoint(1, "x"),
        lambda: hivewatch.set_server_metadata(city="x"),
        lambda: hivewatch.finish(),
    ],
)
def test_before_init_every_call_is_an_error(call):
    with pytest.raises(RuntimeError, match="init"):
        call()


def test_arguments_go_before_the_environment(server, monkeypatch):
    monkeypatch.setenv("HIVEWATCH_ENDPOINT", "127.0.0.1:1")
    monkeypatch.setenv("HIVEWATCH_TOKEN", "from-outside")
    hivewatch.init(endpoint=server.endpoint, token="given")
    assert hivewatch.finish()
    assert server.metadata[0]["authorization"] == "Bearer given"


def test_the_environment_is_used(server, monkeypatch):
    monkeypatch.setenv("HIVEWATCH_ENDPOINT", server.endpoint)
    monkeypatch.setenv("HIVEWATCH_TOKEN", "secret")
    hivewatch.init()
    assert hivewatch.finish()
    assert server.metadata[0]["authorization"] == "Bearer secret"


def test_disabled_means_that_nothing_happens(server, monkeypatch):
    monkeypatch.setenv("HIVEWATCH_DISABLED", "1")
    hivewatch.log_client_update("before init")
    run = hivewatch.init(endpoint=server.endpoint)
    hivewatch.round_start(1)
    hivewatch.log_client_update("a", round=1)
    assert hivewatch.finish()
    assert run.run_id
    assert (server.streams, server.events) == (0, [])


@pytest.mark.parametrize(
    "run_id", ["", "../x", "a/b", "a\\b", ".hidden", "-x", "a.", "a ", "a:b", "a\n", "x" * 129, "\ud800"]
)
def test_run_ids_that_no_bridge_takes_are_refused_at_once(run_id):
    with pytest.raises(ValueError, match="run_id"):
        hivewatch.init(run_id=run_id)


@pytest.mark.parametrize("run_id", ["a b", "größe 7", "x" * 128, "10388190150487002303"])
def test_other_run_ids_are_taken(server, run_id):
    run = hivewatch.init(run_id=run_id, endpoint=server.endpoint)
    assert hivewatch.finish()
    assert {batch.run_id for batch in server.batches} == {run_id} == {run.run_id}


@pytest.mark.parametrize("endpoint", ["localhost", "http://localhost:7071", "host:0", "host:99999", "a b:1"])
def test_malformed_endpoints_are_refused_at_once(endpoint):
    with pytest.raises(ValueError, match="endpoint"):
        hivewatch.init(endpoint=endpoint)


def test_a_seeded_random_neither_repeats_ids_nor_moves(server):
    ids = []
    for _ in range(2):
        random.seed(42)
        run = hivewatch.init(endpoint=server.endpoint)
        ids.append(run.run_id)
        hivewatch.log_client_update("a", round=1)
        assert hivewatch.finish()
        after = random.random()
        random.seed(42)
        assert random.random() == after
    assert ids[0] != ids[1]
    producers = {batch.producer for batch in server.batches}
    assert len(producers) == 2


def test_bad_values_cost_themselves_only(server, run, caplog):
    run.log_client_update("a", round=1, local_loss=math.nan, bad=object(), local_accuracy="high", lat=400, x=1)
    run.log_client_update(None, round=1)
    run.log_client_update("b", round="one", local_loss=math.inf)
    run.log_dropout("one", "a")
    run.log_round(-1)
    run.log_checkpoint(1, object())
    run.log_event("init")
    run.log_evaluation(1, "central", None)
    run.set_server_metadata(lat="north", city="x")
    assert run.finish(status="exploded")
    first, second = clients(server)
    assert math.isnan(first.pop("local_loss"))
    assert first == {"client_id": "a", "round": 1, "x": 1}
    assert second == {"client_id": "b", "local_loss": math.inf}
    assert [event["event_type"] for event in server.events if "clients" not in event] == [
        "init",
        "server_metadata",
        "finished",
    ]
    assert "status" not in server.of("finished")[0]
    assert all(record.levelname == "WARNING" for record in caplog.records)


def test_no_argument_ends_a_training(server, run):
    for value in hostile.VALUES:
        hivewatch.log_client_update(value, round=1)
        hivewatch.log_client_update(client_id=value)
        hivewatch.log_client_updates(value, ["a"], {"x": [1.0]})
        hivewatch.log_client_updates(1, ["a"], value)
        hivewatch.log_client_updates(1, ["a"], {"x": value, "y": [value]})
        hivewatch.log_client_updates(1, [value, "last"], {"x": [1.0, 2.0]})
        hivewatch.log_checkpoint(1, value)
        hivewatch.log_evaluation(value, value, value)
        hivewatch.log_event(value)
        hivewatch.round_start(value, selected=[value])
        hivewatch.log_round(value, global_loss=value)
        hivewatch.log_dropout(value, value, value)
        hivewatch.log_client_updates(1, value, {"x": [1.0]})
        hivewatch.round_start(1, selected=value)
    for fields in hostile.fields():
        hivewatch.log_client_update("a", **fields)
        hivewatch.log_client_metric("a", **fields)
        hivewatch.log_comm_failure(
            1, "a", **{name: fields[name] for name in fields if name not in ("round", "client_id")}
        )
        hivewatch.log_event("mine", **fields)
        hivewatch.log_round(1, **fields)
        hivewatch.set_server_metadata(**fields)
        hivewatch.log_client_updates(1, ["a"], {name: [value] for name, value in fields.items()})
    # Too few, too many and doubled ones.
    hivewatch.log_client_update()
    hivewatch.log_client_update("a", "b")
    hivewatch.log_client_update("a", **{"client_id": "b", "x": 1.0})
    hivewatch.log_client_updates()
    hivewatch.log_dropout()
    hivewatch.log_round(1, 2, 3)
    hivewatch.log_client_update("the last one", round=7, local_loss=0.5)
    hivewatch.finish(timeout="long", status=hostile.Raising(), reason=hostile.Raising())
    assert hivewatch.finish(timeout=60)
    assert clients(server)[-1] == {"client_id": "the last one", "round": 7, "local_loss": 0.5}
    assert {"client_id": "a", "x": 1.0} in clients(server)


def test_what_is_logged_does_not_change_any_more(server, run):
    numbers, names, deep, blob = [1, 2], {"a": 1}, {"list": [1]}, bytearray(b"12345678")
    column, texts, ids = array("d", [1, 2]), ["one", "two"], ["a", "b"]
    with run._sender.changed:  # The sender's thread can't look at it yet.
        run.log_client_update("a", numbers=numbers, names=names, deep=deep)
    run.log_client_updates(1, ids, {"column": column, "texts": texts, "blob": memoryview(blob)[:2]})
    numbers.append(3)
    names["b"] = 2
    deep["list"][0] = 9
    column[0], texts[0], ids[0], blob[0] = 9, "nine", "nobody", 0
    assert run.finish()
    first, *others = clients(server)
    assert first == {"client_id": "a", "numbers": [1, 2], "names": {"a": 1}, "deep": {"list": [1]}}
    assert others == [
        {"client_id": "a", "round": 1, "column": 1, "texts": "one", "blob": 49},
        {"client_id": "b", "round": 1, "column": 2, "texts": "two", "blob": 50},
    ]


def test_field_names_may_be_those_of_arguments(server, run):
    run.log_client_update("a", **{"self": 1.0, "event_type": "x", "run_id": "y"})
    assert run.finish()
    assert clients(server) == [{"client_id": "a", "self": 1.0, "event_type": "x", "run_id": "y"}]


def test_the_former_name_of_the_dispersion_is_taken_and_deprecated(server, run):
    with pytest.warns(DeprecationWarning, match="gradient_norm_dispersion"):
        run.log_round(1, gradient_divergence=0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.log_round(2, gradient_divergence=0.4)
        run.log_round(3, gradient_divergence=0.5, gradient_norm_dispersion=0.6)
    assert run.finish()
    dispersions = [event["round_metrics"]["gradient_norm_dispersion"] for event in server.of("round_end")]
    assert dispersions == [0.3, 0.4, 0.6]


def test_the_context_manager_finishes(server):
    with start(server.endpoint) as run:
        run.round_start(1)
    (event,) = server.of("finished")
    assert event["status"] == "completed"


@pytest.mark.parametrize(("error", "status"), [(ValueError("boom"), "failed"), (KeyboardInterrupt(), "aborted")])
def test_the_context_manager_says_how_it_ended(server, error, status):
    with pytest.raises(type(error)), start(server.endpoint):
        raise error
    (event,) = server.of("finished")
    assert event["status"] == status
    assert type(error).__name__ in event["reason"]


def test_after_finish_calls_are_ignored_and_finish_can_be_repeated(server, run, caplog):
    assert run.finish()
    run.log_client_update("late")
    run.log_client_update("later")
    assert run.finish("failed")
    assert clients(server) == []
    assert len(server.of("finished")) == 1
    assert len(caplog.records) == 1


def test_two_runs_at_once_do_not_mix(server):
    first = _lifecycle.start_run(run_id="first", endpoint=server.endpoint)
    second = _lifecycle.start_run(run_id="second", endpoint=server.endpoint)
    for i in range(100):
        (first if i % 2 else second).log_client_update(f"c{i}")
    assert first.finish()
    assert second.finish()
    for batch in server.batches:
        for event in batch.events:
            for client in event.get("clients", []):
                assert int(client["client_id"][1:]) % 2 == (batch.run_id == "first")


def test_threads_may_log_at_the_same_time(server, run):
    def work(name):
        for i in range(500):
            run.log_client_update(f"{name}-{i}", round=i, local_loss=i / 3)
            if i % 50 == 0:
                run.log_dropout(i, name)

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run.finish()
    updates = clients(server)
    assert len(updates) == 4000
    assert {(c["client_id"], c["local_loss"]) for c in updates} == {
        (f"t{n}-{i}", i / 3) for n in range(8) for i in range(500)
    }
    assert len(server.of("client_dropout")) == 80


def test_threads_may_log_columns_and_single_events_at_the_same_time(server, run):
    def columns(name):
        for i in range(20):
            ids = [f"{name}-{i}-{n}" for n in range(300)]
            run.log_client_updates(i, ids, {"x": array("d", range(300)), "name": [name] * 300})

    def single(name):
        for i in range(20):
            for n in range(300):
                run.log_client_update(f"{name}-{i}-{n}", round=i, x=float(n), name=name)
            run.log_dropout(i, name)

    work = [threading.Thread(target=(columns, single)[n % 2], args=(f"t{n}",)) for n in range(4)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert run.finish()
    arrived = clients(server)
    assert sorted(client["client_id"] for client in arrived) == sorted(
        f"t{t}-{i}-{n}" for t in range(4) for i in range(20) for n in range(300)
    )
    for client in arrived:
        name, i, n = client["client_id"].split("-")
        assert client == {"client_id": f"{name}-{i}-{n}", "round": int(i), "x": int(n), "name": name}
    for t in range(4):
        # Each thread's own in their order.
        own = [client["client_id"] for client in arrived if client["name"] == f"t{t}"]
        assert own == [f"t{t}-{i}-{n}" for i in range(20) for n in range(300)]


def test_sequence_numbers_have_no_gap(server, run):
    for i in range(3000):
        run.log_client_update(f"c{i}", round=i)
    assert run.finish()
    expected = 0
    for batch in server.batches:
        assert batch.first_seq == expected
        expected += batch.count
    assert len({batch.producer for batch in server.batches}) == 1


def test_a_lone_event_leaves_without_being_asked_for(server, run):
    run.log_client_update("a")
    server.wait_for(lambda s: any(event["event_type"] == "client_update" for b in s.batches for event in b.events))


def test_a_server_that_comes_late_gets_everything(caplog):
    server = Recorder()
    server.stop()
    with start(server.endpoint) as run:
        for i in range(1200):
            run.log_client_update(f"c{i}")
        assert not run._sender.drain(0.5)
        server.start()
        assert run.finish(timeout=60)
    assert [client["client_id"] for client in clients(server)] == [f"c{i}" for i in range(1200)]
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1
    server.stop()


def test_finish_without_a_server_says_that_it_is_not_durable():
    server = Recorder()
    server.stop()
    run = start(server.endpoint)
    run.log_client_update("a")
    assert run.finish(timeout=0.3) is False
    server.start()
    assert run.finish(timeout=60)
    server.stop()


def test_after_a_restart_it_goes_on_where_the_server_is(server, run):
    run.log_client_update("a")
    server.wait_for(lambda s: s.batches and s.batches[-1].events[-1]["event_type"] == "client_update")
    for i in range(3):
        server.stop()
        for n in range(700):
            run.log_client_update(f"c{i}-{n}")
        server.start()
        server.wait_for(lambda s, i=i: any(f"c{i}-" in str(batch.events) for batch in s.batches))
    assert run.finish(timeout=60)
    assert [c["client_id"] for c in clients(server)] == ["a", *(f"c{i}-{n}" for i in range(3) for n in range(700))]


def test_what_was_stored_but_not_confirmed_is_not_stored_twice(server):
    class LostAck(Exception):
        pass

    failures = iter([True, True])

    def store_and_break(batch):
        if batch.count and next(failures, False):
            server.batches.append(batch)
            server.marks[batch.producer] = batch.first_seq + batch.count
            raise LostAck
        return

    server.rule = store_and_break
    with start(server.endpoint) as run:
        for i in range(1500):
            run.log_client_update(f"c{i}")
        assert run.finish(timeout=60)
    assert [client["client_id"] for client in clients(server)] == [f"c{i}" for i in range(1500)]
    assert server.streams >= 3


@pytest.mark.parametrize("is_stored", [False, True])
def test_an_answer_that_never_comes_is_waited_for_for_a_while_and_then_asked_for_anew(server, monkeypatch, is_stored):
    monkeypatch.setattr(_sender, "_ACK_TIMEOUT_SEC", 0.5)
    is_hung = False

    def hang_once(batch):
        nonlocal is_hung
        if not batch.count or is_hung:
            return
        is_hung = True
        if is_stored:
            server.batches.append(batch)
            server.marks[batch.producer] = batch.first_seq + batch.count
        # For as long as the stream lives.
        assert server.changed.wait_for(lambda: server.streams > 1, 60)
        raise TimeoutError

    server.rule = hang_once
    with start(server.endpoint) as run:
        for i in range(1500):
            run.log_client_update(f"c{i}")
        assert run.finish(timeout=60)
    assert is_hung
    assert [client["client_id"] for client in clients(server)] == [f"c{i}" for i in range(1500)]


def test_a_malformed_batch_is_passed_over_with_a_warning(server, caplog):
    def refuse_bad(batch):
        if any(event["event_type"] == "bad" for event in batch.events):
            return recorder.MALFORMED, "event 0: bad is bad", True
        return None

    server.rule = refuse_bad
    run = start(server.endpoint)
    run.log_client_update("a")
    run.log_event("bad")
    run.log_client_update("b")
    assert run.finish() is False
    assert [client["client_id"] for client in clients(server)] == ["a", "b"]
    assert server.streams == 1
    (warning,) = caplog.records
    assert "bad is bad" in warning.getMessage()


def test_a_batch_that_the_server_can_not_even_count_is_passed_over(server):
    def refuse_bad(batch):
        if any(event["event_type"] == "bad" for event in batch.events):
            return recorder.MALFORMED, "unreadable", False
        return None

    server.rule = refuse_bad
    run = start(server.endpoint)
    run.log_event("bad")
    run.log_client_update("b")
    assert run.finish(timeout=60) is False
    assert [client["client_id"] for client in clients(server)] == ["b"]
    assert len(server.of("finished")) == 1


def test_a_server_that_lost_its_log_gets_the_rest_in_a_new_epoch(server, run, caplog):
    run.log_client_update("a")
    assert run._sender.drain(60)
    server.stop()
    with server.changed:
        server.batches.clear()
        server.marks.clear()
    run.log_client_update("b")
    server.start()
    assert run.finish(timeout=60)
    assert [client["client_id"] for client in clients(server)] == ["b"]
    assert [(batch.producer[1], batch.first_seq) for batch in server.batches][0] == (2, 0)


def test_unavailable_means_later(server, caplog):
    refusals = iter([True, True, True])
    server.rule = lambda batch: (
        (recorder.UNAVAILABLE, "disk full", False) if batch.count and next(refusals, False) else None
    )
    with start(server.endpoint) as run:
        run.log_client_update("a")
        assert run.finish(timeout=60)
    assert [event["event_type"] for event in server.events] == ["init", "client_update", "finished"]
    assert ["disk full" in record.getMessage() for record in caplog.records] == [True]


def test_a_stale_epoch_ends_the_reporting(server, caplog):
    server.rule = lambda batch: (recorder.STALE_EPOCH, "a newer one is there", False)
    run = start(server.endpoint)
    run.log_client_update("a")
    assert run.finish(timeout=60) is False
    run.log_client_update("b")
    assert server.events == []
    assert [record.levelname for record in caplog.records if "newer" in record.getMessage()] == ["ERROR"]


def test_a_refused_token_is_named(server, caplog):
    import grpc

    class Guarded(Recorder):
        def _publish(self, requests, context):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")

    guarded = Guarded()
    run = start(guarded.endpoint, token="wrong-secret")
    with run._sender.changed:
        assert run._sender.changed.wait_for(lambda: run._sender._is_down, 60)
    assert run.finish(timeout=0) is False
    guarded.stop()
    (warning,) = [record.getMessage() for record in caplog.records if "takes no events" in record.getMessage()]
    assert "HIVEWATCH_TOKEN" in warning
    assert "wrong-secret" not in caplog.text
    # So that the run ends.
    opened = Recorder(port=guarded.port)
    assert run.finish(timeout=60)
    opened.stop()


def test_memory_is_bounded_and_the_loss_is_told(server, monkeypatch, caplog):
    monkeypatch.setattr(_lifecycle, "EventQueue", lambda: EventQueue(max_bytes=20_000))
    monkeypatch.setenv("HIVEWATCH_SPOOL_MB", "0")
    server.stop()
    run = start(server.endpoint)
    run.round_start(1)
    for i in range(20_000):
        run.log_client_update(f"c{i}")
    run.log_round(1)
    server.start()
    assert run.finish(timeout=60) is False
    kept = [client["client_id"] for client in clients(server)]
    assert kept == [f"c{i}" for i in range(20_000 - len(kept), 20_000)]
    assert sum(event["count"] for event in server.of("events_dropped")) == 20_000 - len(kept)
    for name in ("init", "round_start", "round_end", "finished"):
        assert len(server.of(name)) == 1
    assert len([record for record in caplog.records if "full" in record.getMessage()]) == 1


def test_more_columns_than_memory_holds_arrive_whole(server, monkeypatch):
    monkeypatch.setattr(_lifecycle, "EventQueue", lambda: EventQueue(max_bytes=200_000))
    monkeypatch.setattr(_run, "_MAX_WAIT_SEC", 60)
    monkeypatch.setattr(_run, "_MAX_STALL_SEC", 60)
    ids = [f"c{i}" for i in range(30_000)]
    with start(server.endpoint) as run:
        run.log_client_updates(1, ids, {"x": array("d", range(30_000))})
        assert run.finish(timeout=60)
    assert clients(server) == [{"client_id": f"c{i}", "round": 1, "x": i} for i in range(30_000)]


def test_columns_without_a_server_cost_bounded_memory_and_the_loss_is_told(server, monkeypatch, caplog):
    monkeypatch.setattr(_lifecycle, "EventQueue", lambda: EventQueue(max_bytes=200_000))
    monkeypatch.setattr(_run, "_MAX_WAIT_SEC", 0.1)
    monkeypatch.setenv("HIVEWATCH_SPOOL_MB", "0")
    server.stop()
    run = start(server.endpoint)
    for round in range(3):
        run.round_start(round)
        run.log_client_updates(round, [f"c{i}" for i in range(10_000)], {"x": [0.5] * 10_000})
        assert len(run._sender.queue) < 15_000
    server.start()
    assert run.finish(timeout=60) is False
    kept = [(client["round"], client["client_id"]) for client in clients(server)]
    logged = [(round, f"c{i}") for round in range(3) for i in range(10_000)]
    assert kept == logged[len(logged) - len(kept) :]
    assert kept
    assert sum(event["count"] for event in server.of("events_dropped")) == len(logged) - len(kept)
    assert len(server.of("round_start")) == 3
    assert len([record for record in caplog.records if "full" in record.getMessage()]) == 1


def test_numpy_scalars(server, run):
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    run.log_client_update(
        numpy.int64(7),
        round=numpy.int32(1),
        local_loss=numpy.float32(0.5),
        ok=numpy.bool_(True),
        one=numpy.array([2.5]),
    )
    run.log_client_update("b", several=numpy.zeros(3))
    assert run.finish()
    assert clients(server) == [
        {"client_id": "7", "round": 1, "local_loss": 0.5, "ok": True, "one": 2.5},
        {"client_id": "b"},
    ]
