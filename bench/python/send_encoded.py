"""Sends batches that are encoded already, as fast as this language and its gRPC can, and waits for an ack of each.

Arguments: the metrics (of no use here), `host:port`, a file of batches, each behind its length, how many to send.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator

import grpc
from training import tell, wait_for_go

# As hivewatch_bridge has it.
WINDOW = 16


def read_batches(path: str) -> list[bytes]:
    """The batches of a file."""
    with open(path, "rb") as file:
        data = file.read()
    batches = []
    at = 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4], "little")
        batches.append(data[at + 4 : end])
        at = end
    return batches


def main(address: str, path: str, count: int) -> None:
    """Does what the arguments say."""
    batches = read_batches(path)
    window = threading.Semaphore(WINDOW)

    def outgoing() -> Iterator[bytes]:
        for i in range(count):
            window.acquire()
            yield batches[i % len(batches)]

    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        grpc.channel_ready_future(channel).result()
        publish = channel.stream_stream("/hivewatch.v1.Ingest/Publish", None, None)
        wait_for_go()
        began = time.perf_counter()
        acks = 0
        for _ in publish(outgoing()):
            acks += 1
            window.release()
        tell(acks=acks, seconds=time.perf_counter() - began)


if __name__ == "__main__":
    main(sys.argv[2], sys.argv[3], int(sys.argv[4]))
