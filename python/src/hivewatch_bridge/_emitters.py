"""Sorts what a program gives as `emitters`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ._declared import Declared, declaration
from ._hooks import HOOKS
from ._log import WarnOnce

_MAX_EMITTERS = 100


@dataclass
class Emitters:
    """The emitters of one run."""

    given: list[object] = field(default_factory=list)
    declared: list[dict[str, Any]] = field(default_factory=list)
    """What the bridge is told."""
    hooked: list[object] = field(default_factory=list)
    """Those whose hooks are called here."""


def sort_emitters(given: Iterable[object] | None, warn: WarnOnce) -> Emitters:
    """Tells those that the bridge is to run from those whose hooks are called here. What is neither is left out, with
    a warning."""
    sorted_ = Emitters()
    if given is None:
        return sorted_
    try:
        sorted_.given = list(islice(given, _MAX_EMITTERS))
    except Exception:
        warn("emitters", "emitters was dropped: it must be a list of emitters.")
        return sorted_
    names = set()
    for emitter in sorted_.given:
        hooks = any(callable(_member(emitter, hook)) for hook in HOOKS)
        if hooks:
            sorted_.hooked.append(emitter)
        if isinstance(emitter, Declared):
            told = declaration(emitter, warn)
            if told is None:
                continue
            if told["name"] in names:
                warn(("twice", told["name"]), "There is more than one emitter for %s: the first counts.", told["name"])
                continue
            names.add(told["name"])
            sorted_.declared.append(told)
        elif not hooks:
            warn(
                ("no emitter", type(emitter)),
                "%s was dropped from emitters: it has none of the hooks %s.",
                type(emitter).__name__,
                ", ".join(HOOKS),
            )
    return sorted_


def _member(emitter: object, name: str) -> Any:
    try:
        return getattr(emitter, name, None)
    except Exception:
        return None
