"""The encoding, against bytes that were worked out by hand and against the tests' own decoder."""

import math
import struct
from array import array
from zlib import crc32

import pytest
import recorder

from hivewatch_bridge._fields import Json
from hivewatch_bridge._log import WarnOnce
from hivewatch_bridge._pending import encode
from hivewatch_bridge._protobuf import packed, read_fields, texts_field, varint
from hivewatch_bridge._segments import encode_rows
from hivewatch_bridge._wire import Code, Form, Payload, Producer, decode_ack, encode_batch


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (0, "00"),
        (1, "01"),
        (127, "7f"),
        (128, "8001"),
        (300, "ac02"),
        (2**64 - 1, "ffffffffffffffffff01"),
    ],
)
def test_varint(value, encoded):
    assert varint(value).hex() == encoded


def test_doubles_are_packed_little_endian():
    assert packed(array("d", [1.0, -2.5])).hex() == "000000000000f03f" + "00000000000004c0"


def test_batch_of_rows_byte_by_byte():
    data = bytes.fromhex("0a027b7d")  # field 1, two bytes: {}
    batch = encode_batch(Producer("r", "p", 1), 300, Payload(Form.ROWS, 1, data))
    crc = struct.pack("<I", crc32(data)).hex()
    assert batch.hex() == "0a0172" + "120170" + "1801" + "20ac02" + "2801" + "35" + crc + "3a04" + data.hex()


def test_question_for_the_high_water_mark_has_no_payload():
    batch = recorder.decode(encode_batch(Producer("r", "p", 2), 0, None))
    assert (batch.run_id, batch.producer, batch.count, batch.events) == ("r", ("p", 2), 0, [])


def encoded(event_type, *events):
    """The payload of events of clients, given as microsecond, id and fields."""
    pending = [(event_type, 0, 0.0, us * 1000, client, fields) for us, client, fields in events]
    (segment,) = encode(pending, WarnOnce())
    return segment.payload


def test_columns_byte_by_byte():
    assert encoded("client_update", (1, "a", {"x": 1.0}), (2, "b", {})).data.hex() == (
        "0a0d" + b"client_update".hex()
        + "1210" + "0100000000000000" + "0200000000000000"
        + "1a11" + "0a09" + b"client_id".hex() + "220161" + "220162"
        + "1a10" + "0a0178" + "120101" + "1a08" + "000000000000f03f"
    )  # fmt: skip


def test_columns_hold_numbers_texts_and_json_with_gaps():
    events = []
    for i in range(20):
        fields = {"round": i}
        if i % 3 == 0:
            fields["x"] = i / 7
        if i % 9 == 8:
            fields["tags"] = Json('["a",1]')
        events.append((i, f"c{i}", fields))
    events = recorder.columns(encoded("client_metric", *events).data)
    assert [event["timestamp_us"] for event in events] == list(range(20))
    assert [event["clients"][0].get("x") for event in events] == [i / 7 if i % 3 == 0 else None for i in range(20)]
    assert [i for i, event in enumerate(events) if "tags" in event["clients"][0]] == [8, 17]
    assert events[8]["clients"][0]["tags"] == ["a", 1]


def test_values_of_several_kinds_are_a_column_of_json():
    values = [1, "one", math.nan, Json("[1]"), None, "ü😀", True, 2.5]
    events = [(i, f"c{i}", {"x": value}) for i, value in enumerate(values)]
    clients = [event["clients"][0] for event in recorder.columns(encoded("client_update", *events).data)]
    assert [client.get("x") for client in clients] == [1, "one", "NaN", [1], None, "ü😀", True, 2.5]


@pytest.mark.parametrize("text", ["", "a", "x" * 127, "x" * 128, "ü", "\x00"])
def test_texts_of_one_length_and_of_several(text):
    for texts in ([text], [text, text], [text, "other", text]):
        assert [value.decode() for value in recorder.message(texts_field(4, texts)).get(4, [])] == texts


def test_rows():
    data = encode_rows(['{"event_type":"init"}', '{"event_type":"\\u00fc"}']).data
    assert recorder.rows(data) == [{"event_type": "init"}, {"event_type": "ü"}]


def test_ack():
    ack = decode_ack(recorder.ack(3, 700))
    assert (ack.batch, ack.next_seq, ack.code, ack.reason) == (3, 700, None, "")


@pytest.mark.parametrize("code", ["malformed", "gap", "stale_epoch", "unavailable"])
def test_refusal(code):
    ack = decode_ack(recorder.ack(1, 2, code, "größer"))
    assert (ack.batch, ack.next_seq, ack.code, ack.reason) == (1, 2, Code(code), "größer")


def test_refusal_byte_by_byte():
    ack = decode_ack(bytes.fromhex("0801" + "2802" + "3208" + "0a03" + b"gap".hex() + "120178"))
    assert (ack.batch, ack.next_seq, ack.code, ack.reason) == (1, 2, Code.GAP, "x")


def test_refusal_of_a_newer_bridge_is_still_a_refusal():
    assert decode_ack(recorder.ack(0, 0, "out_of_paper", "new")).code is Code.UNKNOWN


def test_unknown_fields_are_skipped():
    unknown = bytes.fromhex("a001" + "05") + bytes.fromhex("a501" + "01020304") + bytes.fromhex("a901" + "00" * 8)
    assert decode_ack(unknown + recorder.ack(3, 4)).next_seq == 4


@pytest.mark.parametrize("data", ["08", "0a05ff", "0b", "ffffffffffffffffffffffff", "35010203", "0a0105", "2a0105"])
def test_what_is_no_ack_is_an_error_or_has_no_meaning(data):
    try:
        decode_ack(bytes.fromhex(data))
    except ValueError:
        return
    assert all(number not in (1, 5, 6) for number, _ in read_fields(bytes.fromhex(data)))
