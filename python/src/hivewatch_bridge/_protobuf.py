"""The few parts of the protobuf encoding that the wire needs.

Written by hand because sites pin protobuf at different major versions, and generated code runs under few of them.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

_VARINT = 0
_FIXED64 = 1
_LENGTH = 2
_FIXED32 = 5
_MAX_ASCII = 127
_SHORT = [bytes((value,)) for value in range(0x80)]


def varint(value: int) -> bytes:
    """A number of 0 to 2^64 - 1, seven bits a byte."""
    if value <= 0x7F:
        return _SHORT[value]
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def uint_field(number: int, value: int) -> bytes:
    """A field of type uint32 or uint64."""
    return varint(number << 3 | _VARINT) + varint(value)


def fixed32_field(number: int, value: int) -> bytes:
    """A field of type fixed32."""
    return varint(number << 3 | _FIXED32) + value.to_bytes(4, "little")


def bytes_field(number: int, value: bytes) -> bytes:
    """A field of type bytes, or an encoded message."""
    return bytes_head(number, len(value)) + value


def bytes_head(number: int, length: int) -> bytes:
    """What stands before so many bytes."""
    return varint(number << 3 | _LENGTH) + varint(length)


def text_field(number: int, value: str) -> bytes:
    """A field of type string."""
    return bytes_field(number, value.encode("utf-8"))


def texts_field(number: int, values: Sequence[str]) -> bytes:
    """A field of type repeated string."""
    key = number << 3 | _LENGTH
    lengths = set(map(len, values))
    # Key and length of a short text are a character each. Ids are mostly short, and written at once several times as
    # fast as one by one.
    if not lengths or key > _MAX_ASCII or max(lengths) > _MAX_ASCII or not "".join(values).isascii():
        return b"".join([text_field(number, value) for value in values])
    heads = _heads(key)
    if len(lengths) == 1:
        head = heads[lengths.pop()]
        return (head + head.join(values)).encode("ascii")
    return "".join([heads[len(value)] + value for value in values]).encode("ascii")


@lru_cache
def _heads(key: int) -> list[str]:
    return [chr(key) + chr(length) for length in range(_MAX_ASCII + 1)]


def packed(values: array[Any] | memoryview) -> memoryview:
    """The bytes of a packed field of repeated double (array type `d`) or fixed64 (array type `Q`), copied only where
    the machine has them the other way round."""
    if sys.byteorder == "big":
        swapped = array(memoryview(values).format, values)
        swapped.byteswap()
        values = swapped
    return memoryview(values).cast("B")


def read_fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of an encoded message, as number and value: an int for varints, else bytes.

    Raises:
        ValueError: it is no encoded message.
    """
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _read_varint(data, at)
            yield key >> 3, value
            continue
        if kind == _LENGTH:
            size, at = _read_varint(data, at)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"protobuf wire type {kind} is unknown")
        if at + size > len(data):
            raise ValueError("the protobuf message is cut off")
        yield key >> 3, data[at : at + size]
        at += size


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("the protobuf message is cut off")
