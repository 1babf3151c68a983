"""Takes out of a text which machines and files it speaks of, where that can be told."""

from __future__ import annotations

import ipaddress
import re

_URL = re.compile(r"\b[a-z][a-z\d+.-]*://(?:[^\s/@]*@)?(?:\[[^\]\s]*\])?[^\s'\"<>()\[\]{},]*", re.IGNORECASE)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*")
_QUOTED_PATH = re.compile(r"(['\"])(?:~?/|[A-Za-z]:[\\/]|\\\\)[^'\"]*\1")
_PATH = re.compile(
    r"(?<!\w)(?:[A-Za-z]:[\\/]|\\\\)[^\s'\"<>|*?]+"  # Windows
    r"|(?<![\w.)\]/~])(?:~?(?:/[\w.@+~-]+){2,}|~/[\w.@+~-]+|/[\w-]+\.\w+)/?"
)
# "version 1.2.3.4" is no address.
_IPV4 = re.compile(r"(?P<version>\bv(?:ersions?)?[\s:=]*)?(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)", re.IGNORECASE)
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[\da-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[\da-f]{0,4})(?:%\w+)?(?![\w:])", re.IGNORECASE
)
_NAME = r"[a-z\d][\w-]{0,62}"
_HOST = re.compile(
    r"(?P<before>\bhost(?:name)?\s*[=:]\s*['\"]?|\b(?:resolution failed for|not resolve host:?|failed to resolve"
    rf"|connect to host)\s+['\"]?){_NAME}(?:\.{_NAME})*"
    # Names of the kinds that machines have. Modules and files have dots too, and devices a number after a colon.
    rf"|(?<![\w./-])(?:{_NAME}\.){{1,9}}(?:local|localdomain|lan|internal|intranet|corp|com|org|edu|gov|mil|eu)\b(?![\w-]|\.\w)"
    rf"|(?<![\w./-])(?:{_NAME}\.){{1,9}}(?!(?:py|pyx|c|cc|cpp|cu|h|hpp|rs|go|js|ts|so|ya?ml|json|toml)\b){_NAME}(?=:\d{{2,5}}\b)"
    rf"|(?<![\w./-])(?:localhost|(?=[a-z]+[\d-]){_NAME})(?=:\d{{4,5}}\b)",
    re.IGNORECASE,
)


def without_addresses(text: str) -> str:
    """The text with `[url]`, `[address]` (of a mailbox), `[path]`, `[ip]` and `[host]` in place of what they are."""
    text = _URL.sub("[url]", text)
    text = _MAIL.sub("[address]", text)
    text = _PATH.sub("[path]", _QUOTED_PATH.sub(r"\1[path]\1", text))
    # gRPC escapes the brackets around an address.
    text = _IPV6.sub(_without_ipv6, text.replace("%5B", "[").replace("%5D", "]"))
    text = _IPV4.sub(_without_ipv4, text)
    return _HOST.sub(lambda match: f"{match['before'] or ''}[host]", text)


def _without_ipv4(match: re.Match[str]) -> str:
    return match[0] if match["version"] or not _is_address(match[0]) else "[ip]"


def _without_ipv6(match: re.Match[str]) -> str:
    # Of what looks like one, such as a time of day, most is none.
    return "[ip]" if _is_address(match[0]) else match[0]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True
