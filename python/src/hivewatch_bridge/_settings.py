"""Where events go, from arguments and the environment."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ._log import logger

DEFAULT_ENDPOINT = "127.0.0.1:7071"
DEFAULT_SPOOL_MB = 256

_MAX_SPOOL_MB = 2**40
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


@dataclass(frozen=True)
class SpoolSettings:
    """What may be kept on disk."""

    parent: Path
    """The folder of all spools."""
    limit_bytes: int
    """How large the spool of one run may become. 0: there is none."""


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


def read_spool_settings(environ: Mapping[str, str] = os.environ) -> SpoolSettings:
    """Takes `HIVEWATCH_SPOOL_DIR` and `HIVEWATCH_SPOOL_MB` (mebibytes), or the defaults."""
    given = environ.get("HIVEWATCH_SPOOL_MB", "").strip()
    megabytes = float(DEFAULT_SPOOL_MB)
    if given:
        try:
            megabytes = float(given)
            if not 0 <= megabytes < _MAX_SPOOL_MB:
                raise ValueError
        except ValueError:
            megabytes = DEFAULT_SPOOL_MB
            logger.warning("HIVEWATCH_SPOOL_MB must be a number from 0, but it is %r: %d is used.", given, megabytes)
    chosen = environ.get("HIVEWATCH_SPOOL_DIR")
    return SpoolSettings(Path(chosen) if chosen else _default_spool_folder(environ), int(megabytes * 1_048_576))


def _default_spool_folder(environ: Mapping[str, str]) -> Path:
    state = environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_STATE_HOME", "")
    if os.path.isabs(state):
        return Path(state, "hivewatch", "spool")
    home = os.path.expanduser("~")
    if os.path.isabs(home) and os.access(home, os.W_OK):
        return Path(home, "AppData/Local" if os.name == "nt" else ".local/state", "hivewatch", "spool")
    # As for system users, and in containers that run under a number. Others can make folders there too: one that is
    # somebody else's is not used.
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir(), f"hivewatch-spool-{user}")


def is_disabled(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether `HIVEWATCH_DISABLED` says that every call shall do nothing."""
    return environ.get("HIVEWATCH_DISABLED", "").strip().lower() in ("1", "true", "yes", "on")
