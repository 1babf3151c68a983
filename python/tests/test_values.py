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


def test_reasons_are_short_and_on_one_line():
    assert short_reason("a\nb\tc\x00d") == "a b c d"
    assert len(short_reason("x" * 5000)) == 300


def test_reason_of_an_exception_that_can_not_be_shown():
    class Odd(Exception):
        def __str__(self):
            raise RuntimeError

    assert exception_reason(Odd()) == "Odd"
    assert exception_reason(KeyError("k")) == "KeyError: 'k'"
