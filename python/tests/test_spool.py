"""The spool on disk: what outlives a bridge that is away, and a process that is killed."""

import logging
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import recorder

import hivewatch_bridge as hivewatch
from hivewatch_bridge import _lifecycle, _run, _settings, _spool, _spool_lock, spool
from hivewatch_bridge._outbox import Sealed
from hivewatch_bridge._spool import adopt_spool, create_spool
from hivewatch_bridge._spool_about import About
from hivewatch_bridge._spool_folder import find_spools
from hivewatch_bridge._wire import Form, Payload

SOURCES = str(Path(__file__).parents[1] / "src")

# Logs numbered events, and says on stdout which of them are on disk. Ends when stdin does.
TRAINING = """
import sys
import hivewatch_bridge as h
run = h.init(run_id=sys.argv[1])
n = 0
for line in sys.stdin:
    for _ in range(int(line)):
        if n % 7 == 0:
            h.round_start(n)
        h.log_client_update(n, round=n)
        n += 1
    sender = run._sender
    sender.keep(60)
    print(n, flush=True)
"""

# Makes a spool, keeps a batch in it and deletes it, but dies before the step on files in it that is asked for.
SHORT_LIFE = """
import os, sys
from pathlib import Path
from hivewatch_bridge._spool import create_spool
from hivewatch_bridge._spool_about import About
parent, steps = Path(sys.argv[1]), int(sys.argv[2])
def count(event, arguments):
    global steps
    if event in ("os.mkdir", "open", "os.rename", "os.remove", "os.rmdir", "fcntl.flock"):
        if event == "fcntl.flock" or str(arguments[0]).startswith(str(parent)):
            steps -= 1
            if steps < 0:
                os._exit(9)
sys.addaudithook(count)
spool = create_spool(parent / "py-1-0", About("run", "py-1", os.environ["HIVEWATCH_ENDPOINT"]), 1, 0, 1_048_576)
spool.remove()
"""


def folder():
    return Path(os.environ["HIVEWATCH_SPOOL_DIR"])


def start(endpoint, run_id="run"):
    return _lifecycle.start_run(run_id=run_id, endpoint=endpoint)


def client_ids(server, run_id="run"):
    with server.changed:
        events = [event for batch in server.batches if batch.run_id == run_id for event in batch.events]
    return [event["clients"][0]["client_id"] for event in events if event["event_type"] == "client_update"]


def rounds(server, run_id="run"):
    with server.changed:
        events = [event for batch in server.batches if batch.run_id == run_id for event in batch.events]
    return [event["round"] for event in events if event["event_type"] == "round_start"]


def begin(program, endpoint, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": SOURCES, "HIVEWATCH_ENDPOINT": endpoint},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # Spawns even on Python 3.9, which would fork otherwise: gRPC, which serves here, may crash the child then.
        close_fds=False,
    )


def training(endpoint, run_id="run"):
    return begin(TRAINING, endpoint, run_id)


def log_and_keep(process, count):
    process.stdin.write(f"{count}\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def kill(process):
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def wait_until_gone(server):
    """Waits until no spool is left, which only happens after the server has told that it has everything."""
    for thread in threading.enumerate():
        if thread.name == "hivewatch-resume":
            thread.join(600)
    assert find_spools(folder()) == []


def resume(server):
    """What the next program on the machine does."""
    run = start(server.endpoint, "next")
    assert run.finish(timeout=60)
    wait_until_gone(server)


def rows(*names):
    data = b""
    for name in names:
        event = f'{{"event_type":"{name}"}}'.encode()
        data += b"\x0a" + bytes([len(event)]) + event
    return Payload(Form.ROWS, len(names), data)


def names_of(events):
    return [event["event_type"] for event in events]


def make_spool(batches=12, endpoint="127.0.0.1:1"):
    """A spool that a process left: batches of 3, every third of them of the run itself."""
    folder().mkdir(exist_ok=True)
    about = About("run", "py-1", endpoint)
    made = create_spool(folder() / "py-1-0", about, epoch=1, next_seq=0, limit_bytes=1_048_576)
    for i in range(batches):
        made.append(rows(*(f"e{n:04}" for n in range(3 * i, 3 * i + 3))), droppable=i % 3 != 0)
    made.close()
    return made.folder


def take_all(path):
    adopted = adopt_spool(path)
    places = []
    while (record := adopted.take()) is not None:
        places.append(record.place)
    unreadable = adopted.unreadable
    adopted.close()
    return places, unreadable


def send_by_hand(path, server):
    return spool.main(["--dir", str(path.parent), "send", "--endpoint", server.endpoint])


def test_without_need_there_is_nothing_on_disk(server, run):
    run.log_client_update("a")
    assert run.finish()
    assert not folder().exists()


def test_a_long_outage_goes_through_the_disk_and_arrives_in_order(server, caplog):
    server.stop()
    run = start(server.endpoint)
    for i in range(3):
        run.round_start(i)
        for n in range(700):
            run.log_client_update(f"c{i}-{n}")
        assert run._sender.keep(60) is not None
    run.log_client_update("new")
    with run._sender.changed:
        assert run._sender.changed.wait_for(lambda: run._sender._backlog.is_kept, 60)  # by itself, after a while
    (path,) = find_spools(folder())
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()} == {0o600}
    server.start()
    assert run.finish(timeout=60)
    assert client_ids(server) == [*(f"c{i}-{n}" for i in range(3) for n in range(700)), "new"]
    assert rounds(server) == [0, 1, 2]
    assert names_of(server.events)[0] == "init"
    assert names_of(server.events)[-1] == "finished"
    assert find_spools(folder()) == []
    assert [record.levelname for record in caplog.records].count("WARNING") == 1


def test_several_outages_use_several_spools(server):
    run = start(server.endpoint)
    for i in range(3):
        server.stop()
        for n in range(600):
            run.log_client_update(f"c{i}-{n}")
        assert run._sender.keep(60) is not None
        server.start()
        assert run._sender.drain(60)
        assert find_spools(folder()) == []
    assert run.finish(timeout=60)
    assert client_ids(server) == [f"c{i}-{n}" for i in range(3) for n in range(600)]


def test_a_lost_log_begins_a_new_epoch_on_disk_too(server):
    run = start(server.endpoint)
    run.log_client_update("a")
    assert run._sender.drain(60)
    server.stop()
    for n in range(2000):
        run.log_client_update(f"c{n}")
    assert run._sender.keep(60) is not None
    server.batches.clear()
    server.marks.clear()
    server.start()
    assert run.finish(timeout=60)
    assert client_ids(server) == [f"c{n}" for n in range(2000)]


def test_finish_says_where_the_rest_is(caplog, monkeypatch):
    monkeypatch.setattr(_run, "_KEEP_TIMEOUT_SEC", 60)
    run = start("127.0.0.1:1")
    run.log_client_update("a")
    assert run.finish(timeout=0.1) is False
    (path,) = find_spools(folder())
    assert [str(path) in record.getMessage() for record in caplog.records if "spool" in record.getMessage()] == [True]


def test_what_a_killed_process_left_is_sent_once_by_the_next(server):
    server.stop()
    process = training(server.endpoint)
    assert log_and_keep(process, 1800) == 1800
    kill(process)
    server.start()
    resume(server)
    assert client_ids(server) == [str(n) for n in range(1800)]
    assert rounds(server) == list(range(0, 1800, 7))
    assert (
        len([batch for batch in server.batches if batch.run_id == "run" and names_of(batch.events)[0] == "init"]) == 1
    )


def test_a_program_that_ends_without_finish_keeps_the_rest(server):
    server.stop()
    process = training(server.endpoint)
    process.communicate("5\n", timeout=60)
    server.start()
    resume(server)
    assert client_ids(server) == [str(n) for n in range(5)]


@pytest.mark.parametrize("megabytes", ["256", "0.1"])
def test_kills_at_random_moments_cost_nothing_that_was_on_disk_and_repeat_nothing(server, monkeypatch, megabytes):
    monkeypatch.setenv("HIVEWATCH_SPOOL_MB", megabytes)
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    promised = {}
    stop_after = None

    def break_off(batch):
        nonlocal stop_after
        if batch.count and stop_after is not None:
            stop_after -= 1
            if stop_after < 0:
                raise RuntimeError("the bridge was killed")

    server.rule = break_off
    for index in range(12):
        # The bridge dies in the middle of what it is sent, and the training some time afterwards.
        stop_after = chance.randrange(6)
        run_id = f"run-{index}"
        process = training(server.endpoint, run_id)
        for _ in range(chance.randrange(1, 4)):
            promised[run_id] = log_and_keep(process, chance.randrange(1, 2500))
        if chance.random() < 0.5:
            process.stdin.write(f"{chance.randrange(5000)}\n")
            process.stdin.flush()
            stop_after = chance.choice([None, 3])
            threading.Event().wait(chance.random() / 20)  # any moment is fine
        kill(process)
    stop_after = None
    resume(server)
    for run_id, count in promised.items():
        sent = client_ids(server, run_id)
        told = [event for batch in server.batches if batch.run_id == run_id for event in batch.events]
        # One that was killed while it wrote has left a piece that can't be read, without a count.
        dropped = sum(event.get("count", 0) for event in told if event["event_type"] == "events_dropped")
        assert len(set(sent)) == len(sent)
        assert sent == sorted(sent, key=int)
        assert len(sent) + dropped >= count
        assert dropped > 0 or sent == [str(n) for n in range(len(sent))]
        assert rounds(server, run_id)[: -(-count // 7)] == list(range(0, count, 7))


def test_resumers_are_killed_too(server):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    server.stop()
    process = training(server.endpoint)
    for _ in range(30):
        log_and_keep(process, 200)
    kill(process)
    server.start()
    for _ in range(8):
        mark = sum(batch.count for batch in server.batches) + chance.randrange(1, 500)
        reached = threading.Event()
        go_on = threading.Event()

        def hold(batch, mark=mark, reached=reached, go_on=go_on):
            if sum(b.count for b in server.batches) >= mark:
                reached.set()
                raise RuntimeError("no more now")

        server.rule = hold
        resumer = training(server.endpoint, "other")
        assert reached.wait(60)
        kill(resumer)
    server.rule = None
    resume(server)
    assert client_ids(server) == [str(n) for n in range(6000)]


def test_a_bridge_that_restarts_while_a_spool_is_sent(server):
    path = make_spool(batches=600)
    served = []

    def break_now_and_then(batch):
        served.append(batch)
        if len(served) % 60 == 0:
            raise RuntimeError("the connection is cut")

    server.rule = break_now_and_then
    assert send_by_hand(path, server) == 0
    assert names_of(server.events) == [f"e{n:04}" for n in range(1800)]


def test_a_spool_that_was_confirmed_but_not_deleted_is_not_sent_again(server):
    path = make_spool()
    copy = path.with_name("py-1-1")
    shutil.copytree(path, copy)
    assert send_by_hand(path, server) == 0
    assert names_of(server.events) == [f"e{n:04}" for n in range(36)]
    assert find_spools(folder()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="its locks are other calls")
def test_whenever_a_process_dies_no_folder_stays(server):
    folder().mkdir()
    exits, left = [], 0
    while not exits or exits[-1] == 9:
        ended = begin(SHORT_LIFE, server.endpoint, str(folder()), str(len(exits)))
        ended.communicate()
        exits.append(ended.returncode)
        left += len(list(folder().iterdir()))
        resume(server)
        assert list(folder().iterdir()) == []
    assert exits[-1] == 0
    assert len(exits) > 10
    assert left > 7


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no file that is open")
def test_a_lock_that_was_tidied_away_before_it_was_taken_is_made_again(monkeypatch):
    flock, tidied = _spool_lock.fcntl.flock, []

    def tidy_first(handle, how):
        if not tidied:
            (path,) = folder().iterdir()
            (path / "lock").unlink()
            tidied.append(path)
        flock(handle, how)

    monkeypatch.setattr(_spool_lock.fcntl, "flock", tidy_first)
    path = make_spool()
    assert tidied == [path]
    # Whoever finds it can take it: nothing in it would be sent otherwise.
    adopt_spool(path).close()


def test_a_spool_whose_folder_is_gone_is_deleted_all_the_same(monkeypatch):
    path = make_spool()
    unlock = _spool.unlock

    def tidy_first(handle):
        unlock(handle)
        path.rmdir()

    spool = adopt_spool(path)
    monkeypatch.setattr(_spool, "unlock", tidy_first)
    spool.remove()
    assert find_spools(folder()) == []


def test_what_looks_like_a_spool_and_holds_something_else_stays(server):
    (folder() / "py-mine").mkdir(parents=True)
    (folder() / "py-mine" / "notes.txt").write_text("mine")
    resume(server)
    assert (folder() / "py-mine" / "notes.txt").read_text() == "mine"


def test_a_spool_for_another_bridge_stays(server):
    path = make_spool()
    run = start(server.endpoint, "next")
    assert run.finish()
    for thread in threading.enumerate():
        if thread.name == "hivewatch-resume":
            thread.join()
    assert find_spools(folder()) == [path]
    assert {batch.run_id for batch in server.batches} == {"next"}


@pytest.mark.parametrize("kind", ["telemetry", "lifecycle"])
def test_cut_off_anywhere_it_keeps_every_whole_batch(kind):
    path = make_spool(batches=9)
    (file,) = path.glob(f"{kind}-*")
    whole = file.read_bytes()
    all_places, _ = take_all(path)
    assert all_places == [3 * i for i in range(9)]
    mine = [place for place in all_places if (place // 3 % 3 == 0) == (kind == "lifecycle")]
    frame = len(whole) // len(mine)
    for size in range(len(whole) - 2 * frame - 2, len(whole)):
        file.write_bytes(whole[:size])
        places, unreadable = take_all(path)
        survivors = [place for place in mine if (mine.index(place) + 1) * frame <= size]
        assert places == sorted(survivors + [place for place in all_places if place not in mine]), size
        assert unreadable == size - len(survivors) * frame


@pytest.mark.parametrize("kind", ["telemetry", "lifecycle"])
def test_a_flipped_byte_costs_its_batch_and_no_other(kind):
    path = make_spool(batches=9)
    (file,) = path.glob(f"{kind}-*")
    whole = bytearray(file.read_bytes())
    all_places, _ = take_all(path)
    mine = [place for place in all_places if (place // 3 % 3 == 0) == (kind == "lifecycle")]
    frame = len(whole) // len(mine)
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 0x41
        file.write_bytes(damaged)
        places, unreadable = take_all(path)
        assert places == [place for place in all_places if place != mine[at // frame]], at
        assert unreadable == frame


def test_a_damaged_spool_sends_the_rest_and_warns(server, caplog):
    path = make_spool(batches=9)
    (file,) = path.glob("telemetry-*")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert send_by_hand(path, server) == 0
    assert len(server.events) == 25
    (loss,) = server.of("events_dropped")
    assert loss["unreadable_bytes"] > 0
    assert sum("damaged" in record.getMessage() for record in caplog.records) == 1


def test_damage_in_what_the_bridge_has_repeats_nothing(server):
    path = make_spool(batches=9)
    copy = path.with_name("copy")
    shutil.copytree(path, copy)
    answered = []

    def stop_after_six(batch):
        answered.append(batch)
        if len(answered) > 7:
            raise RuntimeError("away")

    server.rule = stop_after_six
    assert (
        spool.main(["--dir", str(folder()), "send", "--endpoint", server.endpoint, "--timeout", "0.5", path.name]) == 1
    )
    server.wait_for(lambda s: len(s.events) == 18)
    (file,) = copy.glob("telemetry-*")
    data = bytearray(file.read_bytes())
    data[20] ^= 1
    file.write_bytes(data)
    server.rule = None
    assert spool.main(["--dir", str(folder()), "send", "--endpoint", server.endpoint, "copy"]) == 0
    assert names_of(server.events) == [f"e{n:04}" for n in range(27)]


@pytest.mark.parametrize("at", range(0, 128, 3))
def test_either_slot_of_the_anchor_may_be_damaged(server, at):
    path = make_spool()
    adopted = adopt_spool(path)
    adopted.begin_epoch(1)
    adopted.close()
    data = bytearray((path / "anchor").read_bytes())
    data[at] ^= 0xFF
    (path / "anchor").write_bytes(data)
    assert send_by_hand(path, server) == 0
    assert len(server.events) == 36


@pytest.mark.parametrize("file", ["anchor", "run.json"])
def test_without_what_matters_it_is_left_and_a_warning_says_so(server, caplog, file):
    path = make_spool(endpoint=server.endpoint)
    (path / file).write_bytes(b"{}" * 64)
    run = start(server.endpoint, "next")
    assert run.finish()
    for thread in threading.enumerate():
        if thread.name == "hivewatch-resume":
            thread.join()
    assert [str(path) in record.getMessage() for record in caplog.records] == [True]
    assert find_spools(folder()) == [path]
    assert {batch.run_id for batch in server.batches} == {"next"}


def test_a_full_spool_drops_the_oldest_telemetry_and_nothing_else():
    folder().mkdir()
    full = create_spool(
        folder() / "py-1-0", About("run", "py-1", "127.0.0.1:1"), epoch=1, next_seq=0, limit_bytes=64_000
    )
    sent = Sealed(0, rows("sent"))
    full.append_sent(sent)
    written = []
    for i in range(200):
        full.append(Payload(Form.COLUMNS, 2, bytes(1000)), droppable=True)
        written.append(full._next_place - 2)
        full.append(rows(f"round{i:04}"), droppable=False)
    dropped = full.dropped
    on_disk = sum(file.stat().st_size for file in full.folder.iterdir())
    assert on_disk < 80_000
    full.close()
    adopted = adopt_spool(full.folder)
    records = []
    while (record := adopted.take()) is not None:
        records.append(record)
    lifecycle = [record for record in records if record.payload.form is Form.ROWS]
    telemetry = [record for record in records if record.payload.form is Form.COLUMNS]
    losses = [event for record in lifecycle for event in recorder.rows(record.payload.data)]
    losses = [event["count"] for event in losses if event["event_type"] == "events_dropped"]
    assert len(lifecycle) - len(losses) == 201
    assert sum(losses) == dropped
    # The first file was at the head of the queue, so it was as good as on its way.
    kept = [record.place for record in telemetry][4:]
    assert len(kept) > 5
    assert kept == written[-len(kept) :]
    assert dropped == 400 - 2 * len(telemetry)
    adopted.close()


def test_a_loss_is_an_event_and_one_warning(server, monkeypatch, caplog):
    monkeypatch.setenv("HIVEWATCH_SPOOL_MB", "0.1")
    server.stop()
    run = start(server.endpoint)
    for i in range(40):
        run.round_start(i)
        for n in range(100):
            run.log_client_update(f"c{i}-{n}", round=i, note="x" * 100)
        run._sender.keep(60)
    server.start()
    assert run.finish(timeout=60) is False
    kept = client_ids(server)
    dropped = sum(event["count"] for event in server.of("events_dropped"))
    assert 0 < dropped == 4000 - len(kept)
    assert rounds(server) == list(range(40))
    assert kept[-100:] == [f"c39-{n}" for n in range(100)]
    assert sum("is full" in record.getMessage() for record in caplog.records) == 1
    expected = 0
    for batch in server.batches:
        assert batch.first_seq == expected
        expected += batch.count


def test_a_loss_counts_also_if_the_disk_then_takes_nothing(server, monkeypatch):
    monkeypatch.setenv("HIVEWATCH_SPOOL_MB", "0.1")
    real, failures = os.write, []

    def write(handle, data):
        if failures == ["next"]:
            failures[:] = ["done"]
            raise OSError(28, "No space left on device")
        if not failures and b"events_dropped" in bytes(data):
            failures.append("next")
        return real(handle, data)

    server.stop()
    run = start(server.endpoint)
    monkeypatch.setattr(os, "write", write)
    logged = 0
    while failures != ["done"]:
        for _ in range(100):
            run.log_client_update(f"c{logged}", note="x" * 100)
            logged += 1
        run._sender.keep(60)
    server.start()
    assert run.finish(timeout=60) is False
    dropped = sum(event["count"] for event in server.of("events_dropped"))
    assert 0 < dropped == logged - len(client_ids(server))


def test_a_folder_that_can_not_be_used_costs_nothing_but_the_spool(server, monkeypatch, caplog, tmp_path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("HIVEWATCH_SPOOL_DIR", str(tmp_path / "file" / "spool"))
    server.stop()
    run = start(server.endpoint)
    for n in range(1200):
        run.log_client_update(f"c{n}")
    assert run._sender.keep(60) is None
    server.start()
    assert run.finish(timeout=60)
    assert client_ids(server) == [f"c{n}" for n in range(1200)]
    (warning,) = [record for record in caplog.records if "HIVEWATCH_SPOOL_DIR" in record.getMessage()]
    assert warning.levelno == logging.WARNING


def test_a_disk_that_becomes_full_costs_nothing_but_the_spool(server, monkeypatch, caplog):
    real = os.write
    left = 30_000

    def write(handle, data):
        nonlocal left
        if left <= 0:
            raise OSError(28, "No space left on device")
        written = real(handle, bytes(data)[:left])
        left -= written
        return written

    server.stop()
    run = start(server.endpoint)
    monkeypatch.setattr(os, "write", write)
    for i in range(6):
        run.round_start(i)
        for n in range(500):
            run.log_client_update(f"c{i}-{n}", text="x" * 10)
        run._sender.keep(60)
    monkeypatch.setattr(os, "write", real)
    server.start()
    assert run.finish(timeout=60)
    assert client_ids(server) == [f"c{i}-{n}" for i in range(6) for n in range(500)]
    assert rounds(server) == list(range(6))
    assert sum("No space" in record.getMessage() for record in caplog.records) == 1
    assert find_spools(folder()) == []


def test_two_programs_do_not_send_the_same_spool_at_once(server):
    path = make_spool(batches=300)
    meanwhile = threading.Event()

    def slow(batch):
        if batch.count and not meanwhile.is_set():
            meanwhile.set()
            # While the first is busy, the second finds it in use.
            assert send_by_hand(path, server) == 1

    server.rule = slow
    assert send_by_hand(path, server) == 0
    assert meanwhile.is_set()
    assert names_of(server.events) == [f"e{n:04}" for n in range(900)]


def test_many_processes_resume_at_once(server):
    server.stop()
    for index in range(3):
        process = training(server.endpoint, f"run-{index}")
        log_and_keep(process, 1000)
        kill(process)
    assert len(find_spools(folder())) == 3
    server.start()
    resumers = [training(server.endpoint, f"other-{index}") for index in range(4)]
    server.wait_for(lambda s: sum(batch.count for batch in s.batches if batch.run_id[:3] == "run") == 3 * 1144)
    for resumer in resumers:
        resumer.communicate("1\n", timeout=60)
    resume(server)
    for index in range(3):
        assert client_ids(server, f"run-{index}") == [str(n) for n in range(1000)]


def test_a_spool_that_is_being_written_is_nobody_elses(server):
    server.stop()
    run = start(server.endpoint)
    run.log_client_update("mine")
    path = run._sender.keep(60)
    assert path is not None
    with pytest.raises(_spool_lock.InUse):
        adopt_spool(path)
    assert spool.main(["--dir", str(folder()), "discard", path.name]) == 1
    server.start()
    other = start(server.endpoint, "other")
    assert other.finish(timeout=60)
    assert run.finish(timeout=60)
    assert client_ids(server) == ["mine"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork")
def test_a_forked_child_neither_writes_nor_locks(server):
    server.stop()
    program = """
import os, sys, warnings
import hivewatch_bridge as h
warnings.simplefilter("ignore", DeprecationWarning)
run = h.init(run_id="run")
h.log_client_update("parent", round=1)
assert run._sender.keep(60) is not None
if os.fork() == 0:
    h.log_client_update("child", round=1)
    print("forked", flush=True)
    sys.stdin.read()
    os._exit(0)
sys.stdout.flush()
os.kill(os.getpid(), 9)
"""
    process = begin(program, server.endpoint)
    assert process.stdout.readline() == "forked\n"
    assert process.wait(60) == -signal.SIGKILL
    # The child lives, and the spool is free.
    server.start()
    resume(server)
    assert client_ids(server) == ["parent"]
    process.communicate()


def test_disabled_means_that_nothing_is_read_or_written(server, monkeypatch):
    path = make_spool()
    monkeypatch.setenv("HIVEWATCH_DISABLED", "1")
    run = hivewatch.init(endpoint=server.endpoint)
    run.log_client_update("a")
    assert run.finish()
    assert find_spools(folder()) == [path]
    assert server.streams == 0


def test_without_a_spool_nothing_is_written(server, monkeypatch):
    monkeypatch.setenv("HIVEWATCH_SPOOL_MB", "0")
    server.stop()
    run = start(server.endpoint)
    run.log_client_update("a")
    assert run.finish(timeout=0.1) is False
    assert not folder().exists()
    server.start()
    assert run.finish(timeout=60)


def test_the_command_lists_sends_and_discards(server, capsys):
    path = make_spool()
    other = path.with_name("py-2-0")
    shutil.copytree(path, other)
    assert spool.main(["list"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "left" in first and "run run, for 127.0.0.1:1" in first
    assert spool.main(["discard", "py-2-0"]) == 0
    assert spool.main(["send", "--timeout", "0.2"]) == 1
    assert "127.0.0.1:1" in capsys.readouterr().err
    assert spool.main(["send", "--endpoint", "nonsense"]) == 1


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HIVEWATCH_SPOOL_DIR": "/x/y"}, "/x/y"),
        ({"XDG_STATE_HOME": "/state"}, "/state/hivewatch/spool"),
        ({"XDG_STATE_HOME": "relative"}, "~/.local/state/hivewatch/spool"),
        ({}, "~/.local/state/hivewatch/spool"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows has other folders")
def test_where_it_is(environ, expected, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    found = _settings.read_spool_settings(environ)
    assert found.parent == Path(expected.replace("~", str(tmp_path)))
    assert found.limit_bytes == 256 * 1_048_576


@pytest.mark.parametrize(("given", "megabytes"), [("0", 0), ("1.5", 1.5), ("-1", 256), ("much", 256), ("nan", 256)])
def test_how_large_it_may_be(given, megabytes):
    assert _settings.read_spool_settings({"HIVEWATCH_SPOOL_MB": given}).limit_bytes == megabytes * 1_048_576


def test_a_spool_of_which_nothing_can_be_read_is_reported_and_goes(server):
    path = make_spool(batches=1)
    (file,) = path.glob("lifecycle-*")
    file.write_bytes(b"x" * 500)
    assert send_by_hand(path, server) == 0
    (loss,) = server.events
    assert (loss["event_type"], loss["unreadable_bytes"]) == ("events_dropped", 500)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="this system has no user ids")
def test_what_another_user_put_there_is_not_sent(server, monkeypatch):
    path = make_spool(endpoint=server.endpoint)
    monkeypatch.setattr(os, "getuid", lambda: path.stat().st_uid + 1)
    run = start(server.endpoint, "next")
    assert run.finish()
    for thread in threading.enumerate():
        if thread.name == "hivewatch-resume":
            thread.join()
    assert find_spools(folder()) == [path]
    assert {batch.run_id for batch in server.batches} == {"next"}


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="this system has no user ids")
def test_a_folder_in_a_public_place_must_be_ours(server, monkeypatch, tmp_path, caplog):
    tmp_path.chmod(0o1777)
    folder().mkdir()
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    server.stop()
    run = start(server.endpoint)
    run.log_client_update("a")
    assert run._sender.keep(60) is None
    assert any("another user" in record.getMessage() for record in caplog.records)
    server.start()
    assert run.finish(timeout=60)


@pytest.mark.skipif(os.name == "nt", reason="Windows always has locks")
def test_without_locks_there_is_no_spool_and_nothing_is_left(server, monkeypatch, caplog):
    def no_locks(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(_spool_lock.fcntl, "flock", no_locks)
    server.stop()
    run = start(server.endpoint)
    run.log_client_update("a")
    assert run._sender.keep(60) is None
    assert list(folder().iterdir()) == []
    server.start()
    assert run.finish(timeout=60)
