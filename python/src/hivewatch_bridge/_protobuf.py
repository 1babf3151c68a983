"""The few parts of the protobuf encoding that the wire needs.

Written by hand because sites pin protobuf at different major versions, and generated code runs under few of them.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator
from typing import Any

_VARINT = 0
_FIXED64 = 1
_LENGTH = 2
_FIXED32 = 5


def varint(value: int) -> bytes:
    """A number of 0 to 2^64 - 1, seven bits a byte."""
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
    return varint(number << 3 | _LENGTH) + varint(len(value)) + value


def text_field(number: int, value: str) -> bytes:
    """A field of type string."""
    return bytes_field(number, value.encode("utf-8"))


def texts_field(number: int, values: Iterable[str]) -> bytes:
    """A field of type repeated string."""
    return b"".join(text_field(number, value) for value in values)


def packed_field(number: int, values: array[Any]) -> bytes:
    """A packed field of repeated double (array type `d`) or fixed64 (array type `Q`)."""
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return bytes_field(number, values.tobytes())


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
