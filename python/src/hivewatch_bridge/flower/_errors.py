"""Which exceptions say that a message was lost, and not that something is wrong with it."""

from __future__ import annotations

import grpc

# What Flower speaks HTTP with, which not every version of it needs.
_HTTP = ("httpx", "httpcore")


def is_communication_error(error: BaseException) -> bool:
    """Whether it was the network, or who is behind it, that failed. requests' exceptions are OSErrors too."""
    cls = type(error)
    # By its name: Flower does not publish where the class is.
    is_named = cls.__name__ == "GrpcBridgeClosed" or cls.__module__.partition(".")[0] in _HTTP
    return is_named or isinstance(error, (grpc.RpcError, OSError, TimeoutError))
