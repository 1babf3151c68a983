"""Many clients at once, given as columns."""

import math
from array import array

import pytest
import recorder

from hivewatch_bridge._bulk import encode_updates
from hivewatch_bridge._log import WarnOnce


def updates(round, ids, metrics):
    """The clients of the events, and the payloads that they came in."""
    payloads = list(encode_updates("client_update", round, ids, metrics, WarnOnce()))
    events = [event for payload in payloads for event in recorder.columns(payload.data)]
    assert len({event["timestamp_us"] for event in events}) <= 1
    assert [payload.count for payload in payloads] == [len(recorder.columns(payload.data)) for payload in payloads]
    return [event["clients"][0] for event in events], payloads


class Tensor:
    """As torch has them: without a buffer that Python knows."""

    ndim = 1

    def __init__(self, values):
        self._values = values

    def tolist(self):
        return self._values


@pytest.mark.parametrize(
    "column",
    [
        [1, 2, 3],
        (1.0, 2.0, 3.0),
        range(1, 4),
        iter([1, 2, 3]),
        *(array(code, [1, 2, 3]) for code in "bBhHiIlLqQfd"),
        memoryview(array("d", [1, 9, 2, 9, 3]))[::2],
        memoryview(array("f", [3, 2, 1]))[::-1],
        Tensor([1.0, 2.0, 3.0]),
    ],
)
def test_columns_of_any_kind(column):
    clients, _ = updates(4, ["a", "b", "c"], {"x": column})
    assert clients == [{"client_id": name, "round": 4, "x": x} for name, x in (("a", 1), ("b", 2), ("c", 3))]


def test_values_of_any_kind_and_missing_ones():
    column = [None, math.nan, 1, "text", True, [1, {"a": None}], -math.inf, "ü"]
    clients, _ = updates(0, range(8), {"x": column, "local_loss": [None] * 7 + [0.5], "none": [None] * 8})
    assert [client.get("x") for client in clients] == [
        None, "NaN", 1, "text", True, [1, {"a": None}], "-Infinity", "ü",
    ]  # fmt: skip
    assert [client.get("local_loss") for client in clients] == [None] * 7 + [0.5]
    assert [client["client_id"] for client in clients] == list("01234567")
    assert all("none" not in client for client in clients)


def test_nan_is_a_result_and_none_is_missing():
    clients, _ = updates(0, ["a", "b", "c"], {"x": [math.nan, None, math.inf]})
    assert math.isnan(clients[0]["x"])
    assert "x" not in clients[1]
    assert clients[2]["x"] == math.inf


def test_many_clients_are_several_batches():
    ids = [f"c{i}" for i in range(5001)]
    clients, payloads = updates(1, ids, {"x": array("d", range(5001)), "text": [f"t{i}" for i in range(5001)]})
    assert clients == [{"client_id": f"c{i}", "round": 1, "x": i, "text": f"t{i}"} for i in range(5001)]
    assert max(payload.count for payload in payloads) <= 2000


@pytest.mark.parametrize(("width", "length"), [(400, 8), (3, 20_000)])
def test_batches_are_bounded_in_bytes(width, length):
    columns = {f"x{i}": ["x" * length] * 100 for i in range(width)}
    clients, payloads = updates(1, [f"c{i}" for i in range(100)], columns)
    assert [client["client_id"] for client in clients] == [f"c{i}" for i in range(100)]
    assert all(len(payload.data) < 600_000 or payload.count == 1 for payload in payloads)
    assert all(len(payload.data) < 2_200_000 for payload in payloads)


def test_one_client_is_bounded_in_bytes():
    clients, payloads = updates(1, ["a", "b"], {f"x{i}": ["x" * 60_000] * 2 for i in range(60)})
    assert [len(client) for client in clients] == [2 + 34, 2 + 34]
    assert all(len(payload.data) < 2_200_000 for payload in payloads)


@pytest.mark.parametrize(
    "column",
    [
        [1.0],
        [1.0, 2.0, 3.0],
        array("d", [1]),
        "ab",
        b"ab",
        {"a": 1, "b": 2},
        {1, 2},
        5,
        None,
        memoryview(b"abcd").cast("B", (2, 2)),
    ],
)
def test_a_column_that_does_not_fit_is_dropped_with_one_warning(column, caplog):
    warn = WarnOnce()
    for _ in range(2):
        (payload,) = encode_updates("client_update", 1, ["a", "b"], {"bad": column, "good": [1.0, 2.0]}, warn)
        clients = [event["clients"][0] for event in recorder.columns(payload.data)]
        assert clients == [{"client_id": "a", "round": 1, "good": 1}, {"client_id": "b", "round": 1, "good": 2}]
    assert [("bad" in record.getMessage()) for record in caplog.records] == [True] * (column is not None)


def test_what_a_single_update_would_drop_is_dropped_here_too(caplog):
    metrics = {
        "local_loss": [1.0, "high", None],
        "lat": array("d", [10, 200, math.nan]),
        "city": ["Köln", 5, None],
        "client_id": ["x", "y", "z"],
        "round": [5, 6, 7],
        "": [1, 2, 3],
        7: [1, 2, 3],
        "ok": [10**400, 1, object()],
    }
    clients, _ = updates("one", ["a", "b", "c"], metrics)
    assert clients == [
        {"client_id": "a", "local_loss": 1, "lat": 10, "city": "Köln"},
        {"client_id": "b", "ok": 1},
        {"client_id": "c"},
    ]
    assert all(record.levelname == "WARNING" for record in caplog.records)


def test_a_client_without_an_id_is_left_out():
    clients, _ = updates(1, ["a", None, "", 7, "x" * 300], {"x": array("d", range(5)), "y": [1, None, 3, 4, 5]})
    assert clients == [{"client_id": "a", "round": 1, "x": 0, "y": 1}, {"client_id": "7", "round": 1, "x": 3, "y": 4}]
    assert updates(1, [None, None], {"x": [1, 2]}) == ([], [])
    assert updates(1, [], {}) == ([], [])


def test_arrays_of_numpy():
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    table = numpy.array([[1, 2], [3, 4], [5, 6]], dtype="float64")
    masked = numpy.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False])
    metrics = {
        "d": table[:, 0],
        "e": numpy.array([1, 2, 3], dtype="float16"),
        "f": numpy.array([0.5, 1.5, 2.5], dtype="float32"),
        "big": numpy.array([1, 2, 3], dtype=">f8"),
        "i": numpy.array([1, 2, 3], dtype="int64"),
        "u": numpy.array([1, 2, 3], dtype="uint8"),
        "flag": numpy.array([True, False, True]),
        "text": numpy.array(["a", "b", "c"]),
        "object": numpy.array([1.0, None, "x"], dtype=object),
        "masked": masked,
        "scalars": [numpy.float32(0.5), numpy.int64(7), None],
        "table": table,
    }
    clients, _ = updates(numpy.int64(1), numpy.array([10388190150487002303, 2, 3], dtype="uint64"), metrics)
    assert [client["client_id"] for client in clients] == ["10388190150487002303", "2", "3"]

    def column(name):
        return [client.get(name) for client in clients]

    assert column("d") == [1, 3, 5]
    assert column("e") == column("big") == column("i") == column("u") == [1, 2, 3]
    assert column("f") == [0.5, 1.5, 2.5]
    assert column("flag") == [True, False, True]
    assert column("text") == ["a", "b", "c"]
    assert column("object") == [1, None, "x"]
    assert column("masked") == [1, None, 3]
    assert column("scalars") == [0.5, 7, None]
    assert column("table") == [None] * 3
