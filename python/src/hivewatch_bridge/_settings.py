"""Where events go, from arguments and the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_ENDPOINT = "127.0.0.1:7071"

_ENDPOINT = re.compile(r"(?P<host>[^\s/:\[\]]+|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{1,5})")


@dataclass(frozen=True)
class Settings:
    """How to reach the bridge."""

    endpoint: str
    """`host:port` of the bridge's gRPC listener."""
    token: str | None = field(repr=False)
    """Bearer token, if the bridge asks for one."""

    @property
    def is_loopback(self) -> bool:
        """Whether the endpoint is this machine."""
        host = self.endpoint.rpartition(":")[0]
        return host in ("localhost", "[::1]") or host.startswith("127.")


def read_settings(endpoint: str | None, token: str | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Takes what is given, then `HIVEWATCH_ENDPOINT` and `HIVEWATCH_TOKEN`, then the defaults.

    Raises:
        ValueError: the endpoint is not `host:port`.
    """
    chosen = endpoint or environ.get("HIVEWATCH_ENDPOINT") or DEFAULT_ENDPOINT
    match = _ENDPOINT.fullmatch(chosen)
    if match is None or not 0 < int(match["port"]) < 65536:
        raise ValueError(f"endpoint must be host:port, like {DEFAULT_ENDPOINT}, but it is {chosen!r}")
    return Settings(chosen, token or environ.get("HIVEWATCH_TOKEN") or None)


def is_disabled(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether `HIVEWATCH_DISABLED` says that every call shall do nothing."""
    return environ.get("HIVEWATCH_DISABLED", "").strip().lower() in ("1", "true", "yes", "on")
