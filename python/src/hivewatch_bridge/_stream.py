"""One connection to the bridge: batches go out, acks come back."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from queue import SimpleQueue
from typing import Union

import grpc

from ._settings import Settings
from ._wire import PUBLISH, PUBLISH_ONE, Ack, decode_ack

_UNARY_TIMEOUT_SEC = 3.0


class Stream:
    """A call of `Ingest.Publish`. Whoever waits for it waits on `changed`, which also guards `acks` and `failure`.

    Raises:
        RuntimeError: the interpreter is shutting down and starts no thread any more.
    """

    def __init__(self, settings: Settings, changed: threading.Condition) -> None:
        self.acks: deque[Ack] = deque()
        self.failure: str | None = None
        """Why the call ended; None while it goes on."""
        self._changed = changed
        self._outbox: SimpleQueue[bytes | None] = SimpleQueue()
        self._channel = _open_channel(settings)
        answers: SimpleQueue[Iterable[bytes]] = SimpleQueue()
        threading.Thread(target=self._read, args=(answers,), name="hivewatch-acks", daemon=True).start()
        # Right behind our own thread: a call for which gRPC gets no thread, because the interpreter began to shut down
        # in between, can never be ended again. Without serializers gRPC passes bytes through.
        publish = self._channel.stream_stream(PUBLISH, None, None)
        answers.put(publish(iter(self._outbox.get, None), metadata=_metadata(settings)))

    def send(self, batch: bytes) -> None:
        """Sends a batch; its ack will follow."""
        self._outbox.put(batch)

    def close(self) -> None:
        """Ends the call, and drops what it hasn't sent."""
        self._outbox.put(None)
        self._channel.close()

    def _read(self, answers: SimpleQueue[Iterable[bytes]]) -> None:
        failure = "the bridge closed the stream"
        try:
            for message in answers.get():
                with self._changed:
                    self.acks.append(decode_ack(message))
                    self._changed.notify_all()
        except Exception as error:
            failure = describe_failure(error)
        with self._changed:
            self.failure = failure
            self._changed.notify_all()


class OneByOne:
    """The same with `Ingest.PublishOne`, which needs no thread: for what is left when the interpreter shuts down."""

    def __init__(self, settings: Settings) -> None:
        self.acks: deque[Ack] = deque()
        self.failure: str | None = None
        self._channel = _open_channel(settings)
        self._metadata = _metadata(settings)
        self._sent = 0

    def send(self, batch: bytes) -> None:
        """Sends a batch and waits for its ack."""
        publish_one = self._channel.unary_unary(PUBLISH_ONE, None, None)
        try:
            ack = decode_ack(publish_one(batch, metadata=self._metadata, timeout=_UNARY_TIMEOUT_SEC))
            self.acks.append(replace(ack, batch=self._sent))
            self._sent += 1
        except Exception as error:
            self.failure = describe_failure(error)

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()


Link = Union[Stream, OneByOne]


def open_link(settings: Settings, changed: threading.Condition) -> Link:
    """Connects in the background, or one by one if no thread can be started any more."""
    try:
        return Stream(settings, changed)
    except RuntimeError:
        return OneByOne(settings)


def describe_failure(error: Exception) -> str:
    """A failed call on one line, without what was sent."""
    if not isinstance(error, grpc.RpcError) or not isinstance(error, grpc.Call):
        return f"{type(error).__name__}: {error}"
    code = error.code().name
    hint = "; check the token (HIVEWATCH_TOKEN)" if code in ("UNAUTHENTICATED", "PERMISSION_DENIED") else ""
    return f"{code}: {error.details()}{hint}"


def _open_channel(settings: Settings) -> grpc.Channel:
    options = [
        # Retrying is up to the sender, who knows what was stored. A subchannel that is shared with the connection
        # before would wait for gRPC's own back-off.
        ("grpc.enable_retries", 0),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if settings.is_loopback:
        options.append(("grpc.enable_http_proxy", 0))
    return grpc.insecure_channel(settings.endpoint, options=options)


def _metadata(settings: Settings) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {settings.token}"),) if settings.token else ()
