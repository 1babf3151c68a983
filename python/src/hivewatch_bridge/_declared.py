"""Emitters that the program declares and the bridge runs. Secrets stay here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from . import _values as values
from ._fields import checked
from ._log import WarnOnce
from ._secrets import is_secret_name

_MAX_OPTION = 65_536
_USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")
_QUERY = re.compile(r"[?#]\S*")


class Declared:
    """An emitter of the bridge, with the arguments that it is to have. They are its attributes, too."""

    # None: there is nothing to declare.
    _destination: ClassVar[str | None] = None
    _defaults: ClassVar[Mapping[str, Any]] = {}
    _meaningless: ClassVar[str] = ""

    def __init__(self, **arguments: Any) -> None:
        self._arguments = arguments
        vars(self).update(arguments)


def declaration(emitter: Declared, warn: WarnOnce) -> dict[str, Any] | None:
    """What the bridge is told of an emitter; None if there is nothing to tell. What can't travel is left out, with a
    warning."""
    kind = type(emitter).__name__
    given = {name: value for name, value in emitter._arguments.items() if not _is_default(emitter, name, value)}
    if emitter._destination is None:
        if given:
            warn(("meaningless", kind), "%s: %s: no meaning here, as %s.", kind, ", ".join(given), emitter._meaningless)
        return None
    if given.get("mode") == "disabled":
        return None

    def clean(name: str, value: Any) -> Any:
        return checked(f"{kind}.{name}", value, lambda each: _without_secrets(name, each, warn), warn)

    options = {name: clean(name, value) for name, value in given.items()}
    return {
        "name": emitter._destination,
        "options": {name: value for name, value in options.items() if value is not None},
    }


def _is_default(emitter: Declared, name: str, value: Any) -> bool:
    default = emitter._defaults.get(name)
    return value is None or (type(value) is type(default) and bool(value == default))


def _without_secrets(name: str, value: Any, warn: WarnOnce) -> Any:
    plain = _cleaned(name, values.plain(value, _MAX_OPTION), warn)
    values.to_json(plain, _MAX_OPTION)
    return plain


def _cleaned(name: str, value: Any, warn: WarnOnce) -> Any:
    if isinstance(value, dict):
        return {key: _cleaned(key, inner, warn) for key, inner in value.items() if not _is_secret(key, inner, warn)}
    if isinstance(value, list):
        return [_cleaned(name, inner, warn) for inner in value]
    if isinstance(value, str) and "://" in value:
        # Where a user, a password or a token may stand.
        cleaned = _QUERY.sub("", _USERINFO.sub("", value))
        if cleaned != value:
            _warn_of_secret(name, warn)
        # One that breaks the rules of addresses, or text with somebody's address in it.
        return None if "@" in cleaned else cleaned
    return value


def _is_secret(name: str, value: Any, warn: WarnOnce) -> bool:
    # Of "max_token": 512 and the like nobody can be robbed.
    if value is None or isinstance(value, (bool, int, float)) or not is_secret_name(name):
        return False
    _warn_of_secret(name, warn)
    return True


def _warn_of_secret(name: str, warn: WarnOnce) -> None:
    warn(
        ("secret", name),
        "What may be a secret in %s is not sent: credentials belong into the environment of the bridge.",
        name[:80],
    )
