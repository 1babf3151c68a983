"""What becomes of the values that a program logs."""

import enum
import math
import struct

import pytest
import recorder

from hivewatch_bridge import _values as values
from hivewatch_bridge._columns import encode_column
from hivewatch_bridge._fields import Json, freeze, row_fields
from hivewatch_bridge._log import WarnOnce
from hivewatch_bridge._reasons import exception_reason, short_reason


def client_fields(given, warn=None):
    """What arrives of the fields of one client."""
    warn = warn or WarnOnce()
    fields = dict(given)
    freeze(fields, warn)
    encoded = [encode_column(name, [value], warn) for name, value in fields.items()]
    arrived = {}
    for column in (recorder.message(b"".join(column)) for column in encoded if column is not None):
        ((kind, (value,)),) = [(kind, value) for kind, value in column.items() if kind not in (1, 2)]
        name = column[1][0].decode()
        assert name not in arrived
        arrived[name] = struct.unpack("<d", value)[0] if kind == 3 else (str if kind == 4 else Json)(value.decode())
    return arrived


class Scalar:
    """As numpy and torch have them, without either."""

    def __init__(self, value):
        self._value = value

    def item(self):
        return self._value


class Several:
    def item(self):
        raise ValueError("only one element tensors can be converted to Python scalars")


class Color(str, enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 7


class HasFloat:
    def __float__(self):
        return 1.5


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (1, 1.0),
        (0.25, 0.25),
        (2**70, 2.0**70),
        (Scalar(3), 3.0),
        (Scalar(Scalar(0.5)), 0.5),
        (HasFloat(), 1.5),
        (Color.RED, "red"),
        (Level.HIGH, 7.0),
        ("text", "text"),
        ("", ""),
        (True, Json("true")),
        ([1, None, "ü"], Json('[1,null,"\\u00fc"]')),
        ((1, Scalar(2)), Json("[1,2]")),
        ({"a": math.nan, 1: [math.inf, -math.inf]}, Json('{"a":"NaN","1":["Infinity","-Infinity"]}')),
        ("unpaired \ud800", "unpaired ?"),
    ],
)
def test_client_field(given, expected):
    fields = client_fields({"x": given})
    assert fields == {"x": expected}
    assert type(fields["x"]) is type(expected)


@pytest.mark.parametrize("given", [math.nan, math.inf, -math.inf, Scalar(math.nan)])
def test_non_finite_numbers_survive(given):
    (value,) = client_fields({"local_loss": given}).values()
    assert type(value) is float
    assert not math.isfinite(value)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("x", object()),
        ("x", Several()),
        ("x", 10**400),
        ("x", "a" * 100_000),
        ("local_loss", "0.5"),
        ("local_loss", True),
        ("num_samples", [1]),
        ("city", 5),
        ("lat", 91),
        ("lat", math.nan),
        ("lng", -180.5),
        ("round", -1),
        ("round", 1.5),
        ("round", "one"),
        ("round", math.inf),
        ("", 1.0),
        ("__proto__", 1.0),
    ],
)
def test_unusable_fields_are_dropped_by_themselves_with_one_warning(name, given, caplog):
    warn = WarnOnce()
    for _ in range(3):
        assert client_fields({"before": 1.0, name: given, "after": 2.0}, warn) == {"before": 1.0, "after": 2.0}
    assert len(caplog.records) == 1
    assert caplog.records[0].levelname == "WARNING"
    assert (name or "A field") in caplog.records[0].getMessage()


def test_none_means_missing_and_is_no_reason_to_warn(caplog):
    assert client_fields({"local_loss": None, "x": None}) == {}
    assert row_fields({"x": None}, WarnOnce()) == {}
    assert not caplog.records


def test_a_list_that_holds_itself_is_dropped():
    endless = []
    endless.append(endless)
    assert client_fields({"x": endless}) == {}


def test_what_holds_something_many_times_is_bounded():
    large = "x" * 10_000
    for _ in range(6):
        large = [large] * 100
    assert client_fields({"x": large, "y": {"a": large}, "ok": 1}) == {"ok": 1}
    assert row_fields({"x": large, "ok": 1}, WarnOnce()) == {"ok": 1}


def test_a_client_is_bounded_in_bytes(caplog):
    fields = client_fields({f"x{i}": "ü" * 60_000 for i in range(100)})
    assert sum(len(text.encode()) for text in fields.values()) <= 2_097_152
    assert len(fields) == 17
    assert len(caplog.records) == 1


def test_fields_are_bounded_in_number(caplog):
    assert len(client_fields({f"x{i}": 1.0 for i in range(5000)})) == 400
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("given", "expected"), [(7, "7"), (2**64 - 1, "18446744073709551615"), (b"a", "a"), ("é", "é")]
)
def test_client_id(given, expected):
    assert values.client_id(given) == expected


@pytest.mark.parametrize("given", [None, "", "a" * 257, "😀" * 129])
def test_no_client_id(given):
    with pytest.raises(values.Unusable):
        values.client_id(given)


def test_reason_of_a_traceback_is_what_was_said_before_and_its_last_line():
    text = (
        "\x1b[31mray::Actor.run() (ip=10.1.2.3)\x1b[0m\nTraceback (most recent call last):\n  File x\nValueError: bad"
    )
    assert short_reason(text) == "ray::Actor.run() (ip=[ip]) ValueError: bad"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("no route to 10.0.0.7.", "no route to [ip]."),
        ("no route to 10.0.0.7:8080", "no route to [ip]:8080"),
        ("ipv4:10.0.0.7:8080: refused", "ipv4:[ip]:8080: refused"),
        ("connect to fe80::1%eth0 failed", "connect to [ip] failed"),
        ("ipv6:[2001:db8::7]:50051", "ipv6:[[ip]]:50051"),
        ("ipv6:%5B::1%5D:50051", "ipv6:[[ip]]:50051"),
        ("::ffff:10.0.0.7 is gone", "[ip] is gone"),
        ("GET https://anna:secret@db.example/x?token=t failed", "GET [url] failed"),
        ("at http://[::1]:8080/v1 (refused)", "at [url] (refused)"),
        ("mail to anna@clinic.example", "mail to [address]"),
        ("No such file or directory: '/data/Anna B/scan.csv'", "No such file or directory: '[path]'"),
        ("can't open /data/anna/scan.csv: it is gone", "can't open [path]: it is gone"),
        ("can't open ~/scan or /scan.csv", "can't open [path] or [path]"),
        (r"can't open C:\Users\anna\scan.csv", "can't open [path]"),
        (r"can't open '\\server\share\a b'", "can't open '[path]'"),
        ("HTTPSConnectionPool(host='node-3.clinic', port=443)", "HTTPSConnectionPool(host='[host]', port=443)"),
        ("DNS resolution failed for node:8080", "DNS resolution failed for [host]:8080"),
        ("no answer of gpu-7.clinic.internal", "no answer of [host]"),
        ("no answer of gpu-7:8080 and localhost:7071", "no answer of [host]:8080 and [host]:7071"),
        ("no answer of db.clinic.example:5432", "no answer of [host]:5432"),
    ],
)
def test_reasons_say_nothing_of_machines_and_files(said, kept):
    assert short_reason(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        *("needs version 1.2.3.4, but v1.2.3.3 is there", "at 12:34:56", "std::bad_alloc", "c10::Error", "1.2.3"),
        *("torch.nn.Linear and pandas.io.json", "out of memory on cuda:10", "model.py:120", "and/or", "train/loss"),
        *("256.1.2.300", "epoch:1000", "1:2:3", "a.b:c", "self.net is None", "3/4 of 10/20/30"),
    ],
)
def test_what_only_looks_like_an_address_stays(said):
    assert short_reason(said) == said


def test_of_a_traceback_the_whole_exception_stays():
    text = """it failed
Traceback (most recent call last):
  File "/data/anna/a.py", line 1, in f
    g()
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/data/anna/a.py", line 2, in f
    g()
    ~^^
RuntimeError: CUDA error: an illegal memory access
Compile with TORCH_USE_CUDA_DSA
  to see more
"""
    assert short_reason(text) == (
        "it failed RuntimeError: CUDA error: an illegal memory access Compile with TORCH_USE_CUDA_DSA to see more"
    )
    group = """  + Exception Group Traceback (most recent call last):
  |   File "a.py", line 1, in <module>
  | ExceptionGroup: two (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +------------------------------------
"""
    assert short_reason(group) == "+ Exception Group ExceptionGroup: two (2 sub-exceptions) ValueError: 1"
    assert short_reason("Traceback (most recent call last):") == ""


@pytest.mark.parametrize("piece", ["a.", "1:", "x", "@", "a-", "1.1.", "a1-", "host="])
def test_reasons_of_no_end_are_cut(piece):
    assert len(short_reason(piece * 1_000_000)) == 300


def test_reasons_are_short_and_on_one_line():
    assert short_reason("a\nb\tc\x00d") == "a b c d"
    assert len(short_reason("x" * 5000)) == 300


def test_reason_of_an_exception_that_can_not_be_shown():
    class Odd(Exception):
        def __str__(self):
            raise RuntimeError

    assert exception_reason(Odd()) == "Odd"
    assert exception_reason(KeyError("k")) == "KeyError: 'k'"
