"""Reasons of failures, short and without what doesn't belong into a record."""

from __future__ import annotations

import re

from ._addresses import without_addresses

_MAX_LENGTH = 300
_MAX_LINE = 1000
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
# Of a text that has no end: what is said first.
_MAX_READ = 1000
# What stands before the lines of an ExceptionGroup, and between its parts.
_GROUP = re.compile(r"^ *(?:\| ?|\+[-+]+(?: [\d.]+ -+)?$)")
_TRACEBACK = "Traceback (most recent call last)"


def short_reason(text: str) -> str:
    """A reason on one line of up to 300 characters: of a traceback what was said before it and the exception; without
    terminal codes, addresses and paths."""
    text = _ANSI.sub("", text)
    if _TRACEBACK in text:
        text = _without_frames(text)
    text = without_addresses(" ".join(_CONTROL.sub(" ", text[:_MAX_READ]).split()))
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
    intro = text.partition(_TRACEBACK)[0].strip().splitlines()[:1]
    # Where one exception led to another, the last one.
    lines = text.rpartition(_TRACEBACK)[2].splitlines()[1:]
    lines = [_GROUP.sub("", line) for line in lines]
    # What an exception says may have several lines; frames are indented.
    first = next((n for n, line in enumerate(lines) if line[:1].strip()), len(lines))
    return "\n".join([*intro, *lines[first:]])
