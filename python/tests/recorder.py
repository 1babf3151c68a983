"""A gRPC server that takes what the client sends, as the bridge does, and can be told to misbehave.

It decodes with its own few lines, so that a mistake in the client's encoding is not made twice. The real bridge is
tested together with this client in the repository's `tests/`.
"""

import json
import os
import struct
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from zlib import crc32

import grpc

# A run that a test leaves behind goes on to look for the server that it had: no other may have its port. Nor may
# another process be given the port of one that is stopped for a while, so each process has an address of its own (but
# on macOS, which has one alone).
_taken = set()
_OWN = [127, *(2**16 + os.getpid()).to_bytes(3, "big")]
_HOST = "127.0.0.1" if sys.platform == "darwin" else ".".join(map(str, _OWN))

MALFORMED, GAP, STALE_EPOCH, UNAVAILABLE = "malformed", "gap", "stale_epoch", "unavailable"


def varint(data, at):
    """The varint at a place, and the place after it."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def message(data):
    """The fields of a protobuf message: lists of values by number."""
    fields, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 5:
            value, at = data[at : at + 4], at + 4
        else:
            assert key & 7 == 2, f"wire type {key & 7}"
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
            assert len(value) == size
        fields.setdefault(key >> 3, []).append(value)
    return fields


def rows(payload):
    """The events of a Rows."""
    return [json.loads(text) for text in message(payload).get(1, [])]


def columns(payload):
    """The events of a Columns."""
    fields = message(payload)
    event_type = fields[1][0].decode()
    times = struct.unpack(f"<{len(fields[2][0]) // 8}Q", fields[2][0])
    clients = [{} for _ in times]
    for encoded in fields.get(3, []):
        column = message(encoded)
        name = column[1][0].decode()
        present = column.get(2, [b""])[0]
        numbers = [n for packed in column.get(3, []) for n in struct.unpack(f"<{len(packed) // 8}d", packed)]
        texts = [text.decode() for text in column.get(4, [])]
        values = iter(numbers + texts + [json.loads(text) for text in column.get(5, [])])
        having = [i for i in range(len(times)) if not present or present[i >> 3] >> (i & 7) & 1]
        for i in having:
            assert name not in clients[i]
            clients[i][name] = next(values)
        assert next(values, None) is None
    return [
        {"event_type": event_type, "timestamp_us": time, "round": client.get("round"), "clients": [client]}
        for time, client in zip(times, clients)
    ]


@dataclass
class Batch:
    """A decoded batch."""

    run_id: str
    producer: tuple
    first_seq: int
    count: int
    events: list


def decode(data):
    """Decodes a batch and checks its CRC and count."""
    fields = message(data)
    producer = (fields[2][0].decode(), fields[3][0])
    batch = Batch(fields[1][0].decode(), producer, fields.get(4, [0])[0], fields.get(5, [0])[0], [])
    if batch.count:
        payload, read = (fields[7][0], rows) if 7 in fields else (fields[8][0], columns)
        assert struct.pack("<I", crc32(payload)) == fields[6][0]
        batch.events = read(payload)
        assert len(batch.events) == batch.count
    return batch


def _varint_out(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def _bytes_out(number, value):
    return _varint_out(number << 3 | 2) + _varint_out(len(value)) + value


def ack(index, next_seq, code=None, reason="", notices=()):
    """An encoded Ack."""
    out = b"\x08" + _varint_out(index) + b"\x12\x03run" + b"\x28" + _varint_out(next_seq)
    if code is not None:
        out += _bytes_out(6, _bytes_out(1, code.encode()) + _bytes_out(2, reason.encode()))
    for level, text in notices:
        out += _bytes_out(7, _bytes_out(1, level.encode()) + _bytes_out(2, text.encode()))
    return out


@dataclass
class Recorder:
    """The server. `rule(batch)` may return a refusal as (code, reason, whether the mark moves on), or raise. `notices`
    go with every answer, as (level, text)."""

    rule: object = None
    notices: tuple = ()
    port: int = 0
    batches: list = field(default_factory=list)
    metadata: list = field(default_factory=list)
    marks: dict = field(default_factory=dict)
    streams: int = 0

    def __post_init__(self):
        self.changed = threading.Condition()
        self.start()

    def start(self):
        """Listens, on the same port as before if it was stopped."""
        server, port = self._listen()
        while self.port == 0 and port in _taken:
            # Bound until there is another one.
            reused, (server, port) = server, self._listen()
            reused.stop(None)
        self._server, self.port = server, port
        _taken.add(port)
        self._server.start()

    def _listen(self):
        server = grpc.server(ThreadPoolExecutor(16))
        handlers = {
            "Publish": grpc.stream_stream_rpc_method_handler(self._publish),
            "PublishOne": grpc.unary_unary_rpc_method_handler(lambda data, _: self._answer(0, data)),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("hivewatch.v1.Ingest", handlers),))
        port = server.add_insecure_port(f"{_HOST}:{self.port}")
        assert port
        return server, port

    def stop(self):
        """Closes every connection. What was stored stays."""
        self._server.stop(None).wait()

    @property
    def endpoint(self):
        """host:port."""
        return f"{_HOST}:{self.port}"

    @property
    def events(self):
        """All events that were stored, in order."""
        with self.changed:
            return [event for batch in self.batches for event in batch.events]

    def of(self, event_type):
        """The stored events of one type."""
        return [event for event in self.events if event["event_type"] == event_type]

    def wait_for(self, condition, timeout=60):
        """Waits until `condition(self)`; the timeout only keeps a failing test from hanging."""
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self), timeout), f"stored: {self.events}"

    def _publish(self, requests, context):
        with self.changed:
            self.streams += 1
            self.metadata.append(dict(context.invocation_metadata()))
        for index, data in enumerate(requests):
            yield self._answer(index, data)

    def _answer(self, index, data):
        batch = decode(data)
        with self.changed:
            mark = self.marks.setdefault(batch.producer, 0)
            refusal = self.rule(batch) if self.rule else None
            if refusal is not None:
                code, reason, passed = refusal
                if passed:
                    self.marks[batch.producer] = batch.first_seq + batch.count
                self.changed.notify_all()
                return ack(index, self.marks[batch.producer], code, reason)
            if batch.count and batch.first_seq > mark:
                return ack(index, mark, GAP, "events are missing")
            if batch.count and batch.first_seq == mark:
                self.batches.append(batch)
                self.marks[batch.producer] = mark + batch.count
            self.changed.notify_all()
            return ack(index, self.marks[batch.producer], notices=self.notices)
