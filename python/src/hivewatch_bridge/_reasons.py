"""Reasons of failures, short and without what doesn't belong into a record."""

from __future__ import annotations

import re

_MAX_LENGTH = 300
_MAX_LINE = 1000
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_TRACEBACK = "Traceback (most recent call last)"


def short_reason(text: str) -> str:
    """A reason on one line of up to 300 characters: of a traceback what was said before it and its last line; without
    terminal codes and IP addresses."""
    text = _ANSI.sub("", text)
    if _TRACEBACK in text:
        text = _without_frames(text)
    text = " ".join(_CONTROL.sub(" ", text).split())
    text = _IPV4.sub("[ip]", text)
    return text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 3] + "..."


def one_line(text: str) -> str:
    """What somebody else says, on one line of up to 1000 characters, without terminal codes."""
    return " ".join(_CONTROL.sub(" ", _ANSI.sub("", text)).split())[:_MAX_LINE]


def exception_reason(error: BaseException) -> str:
    """The type of an exception and what it says, as :func:`short_reason`."""
    try:
        said = str(error)
    except Exception:
        said = ""
    return short_reason(f"{type(error).__name__}: {said}" if said else type(error).__name__)


def _without_frames(text: str) -> str:
    before, _, frames = text.partition(_TRACEBACK)
    lines = [line.strip() for line in frames.splitlines() if line.strip()]
    intro = before.strip().splitlines()[:1]
    return " ".join([*intro, *lines[-1:]])
