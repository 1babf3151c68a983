"""The messages of `proto/hivewatch/v1`: batches out, acks in."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from zlib import crc32

from ._protobuf import bytes_head, fixed32_field, read_fields, text_field, uint_field

PUBLISH = "/hivewatch.v1.Ingest/Publish"
PUBLISH_ONE = "/hivewatch.v1.Ingest/PublishOne"


class Form(enum.IntEnum):
    """How a payload holds its events: the number of the batch's field that it goes into."""

    ROWS = 7
    COLUMNS = 8


class Code(enum.Enum):
    """Why a batch was not stored; what a producer does about each is in `ack.proto`."""

    UNKNOWN = ""
    MALFORMED = "malformed"
    GAP = "gap"
    STALE_EPOCH = "stale_epoch"
    UNAVAILABLE = "unavailable"


_CODES = {code.value: code for code in Code}


@dataclass(frozen=True)
class Producer:
    """Who numbers the events."""

    run_id: str
    producer_id: str
    epoch: int


@dataclass
class Payload:
    """Events that are ready to be sent, without their place in the producer's sequence."""

    form: Form
    count: int
    data: bytes


@dataclass(frozen=True)
class Notice:
    """What the bridge has whoever runs the program know."""

    is_warning: bool
    text: str


@dataclass(frozen=True)
class Ack:
    """The bridge's answer to one batch."""

    batch: int
    """Which message of the stream it answers, from 0."""
    next_seq: int
    """All events with a lower number are on disk, or were refused for good."""
    code: Code | None
    """None if the batch was stored."""
    reason: str
    notices: tuple[Notice, ...] = ()


def encode_batch(producer: Producer, first_seq: int, payload: Payload | None) -> bytes:
    """A Batch; without a payload the one that asks for the high-water mark."""
    head = (
        text_field(1, producer.run_id)
        + text_field(2, producer.producer_id)
        + uint_field(3, producer.epoch)
        + uint_field(4, first_seq)
    )
    if payload is None:
        return head
    count, crc = uint_field(5, payload.count), fixed32_field(6, crc32(payload.data))
    # Joined, as the data would be copied twice otherwise.
    return b"".join((head, count, crc, bytes_head(payload.form, len(payload.data)), payload.data))


def decode_ack(data: bytes) -> Ack:
    """Reads an Ack.

    Raises:
        ValueError: it is none.
    """
    repeated = list(read_fields(data))
    fields = dict(repeated)
    refusal = fields.get(6)
    code, reason = (None, "") if refusal is None else _decode_refusal(_bytes(refusal))
    notices = tuple(_decode_notice(_bytes(value)) for number, value in repeated if number == 7)
    return Ack(_int(fields.get(1, 0)), _int(fields.get(5, 0)), code, reason, notices)


def _decode_notice(data: bytes) -> Notice:
    fields = dict(read_fields(data))
    # A level of a newer bridge is as bad as a warning.
    return Notice(_bytes(fields.get(1, b"")) != b"info", _bytes(fields.get(2, b"")).decode("utf-8", "replace"))


def _decode_refusal(data: bytes) -> tuple[Code, str]:
    fields = dict(read_fields(data))
    # A code of a newer bridge is a refusal all the same.
    code = _CODES.get(_bytes(fields.get(1, b"")).decode("utf-8", "replace"), Code.UNKNOWN)
    return code, _bytes(fields.get(2, b"")).decode("utf-8", "replace")


def _int(value: int | bytes) -> int:
    if isinstance(value, int):
        return value
    raise ValueError("the ack holds bytes where a number should be")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    raise ValueError("the ack holds a number where bytes should be")
