"""Methods replaced on single objects or on classes, and put back."""

from __future__ import annotations

import copyreg
import functools
import threading
from collections.abc import Iterator
from typing import Any, Callable

Around = Callable[..., Any]


class Hook:
    """Stands in for a method of one object, and calls `around(original, *args, **kwargs)`.

    Where something else holds it, a deep copy or pickle of that gets the method of the object's own copy.
    """

    def __init__(self, target: object, name: str, around: Around, owner: object) -> None:
        self.owner = owner
        self._target = target
        self._name = name
        self._around = around
        self._original = getattr(target, name)
        self.before = vars(target).get(name)
        """What of the same name the object itself had, if anything."""
        functools.update_wrapper(self, self._original)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._around(self._original, *args, **kwargs)

    def is_of(self, target: object, name: str) -> bool:
        """Whether it stands in for this method of this object, and isn't just kept there."""
        return self._target is target and self._name == name

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._target, self._name)


class Hooks:
    """A set of hooks that is undone as a whole.

    A copy or pickle of an object with hooks has none, so that nobody else's training is watched by accident.

    Args:
        owner: whose they are, for :func:`owner_of_hooks`.
    """

    def __init__(self, owner: object = None) -> None:
        self._owner = owner
        self._undo: list[Callable[[], None]] = []

    def install(self, target: Any, name: str, around: Around) -> None:
        """Replaces a method of an object, if the object has it."""
        if not callable(getattr(target, name, None)):
            return
        if "__getstate__" not in vars(target):
            # `copy` and `pickle` ask for it. They would take the hooks along, and with them the object that these call.
            self._replace(target, "__getstate__", functools.partial(_state_without_hooks, target))
        self._replace(target, name, Hook(target, name, around, self._owner))

    def install_on_class(self, cls: type, name: str, around: Around) -> None:
        """Replaces a method that a class itself defines; `around(original, self, *args, **kwargs)`."""
        original = vars(cls)[name]

        @functools.wraps(original)
        def hook(*args: Any, **kwargs: Any) -> Any:
            return around(original, *args, **kwargs)

        self._replace(cls, name, hook)

    def remove(self) -> None:
        """Puts every method back, the last first."""
        while self._undo:
            self._undo.pop()()

    def _replace(self, target: Any, name: str, value: Any) -> None:
        before = vars(target).get(name)
        setattr(target, name, value)
        self._undo.append(functools.partial(_restore, target, name, value, before))


class SharedHooks:
    """Hooks on a framework's classes, which are there as long as anything is watched that needs them.

    Args:
        install: installs them.
    """

    def __init__(self, install: Callable[[Hooks], None]) -> None:
        self._install = install
        self._hooks = Hooks()
        self._users = 0
        self._lock = threading.Lock()

    def acquire(self) -> None:
        """Something is watched."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._install(self._hooks)

    def release(self) -> None:
        """It is no longer watched."""
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._hooks.remove()


def owner_of_hooks(target: object) -> object:
    """Whose hooks an object has, or None."""
    fields = getattr(target, "__dict__", {}).items()
    hooks = (value for name, value in fields if isinstance(value, Hook) and value.is_of(target, name))
    return next((hook.owner for hook in hooks), None)


def _state_without_hooks(target: Any) -> Any:
    cls = type(target)
    # Python has had one for every class since 3.11.
    state = cls.__getstate__(target) if hasattr(cls, "__getstate__") else _default_state(target)
    fields, *rest = state if isinstance(state, tuple) else (state,)
    if not isinstance(fields, dict):
        return state
    own = dict(_own(target, fields))
    return (own, *rest) if rest else own


def _own(target: object, fields: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        if isinstance(value, Hook) and value.is_of(target, name):
            if value.before is not None:
                yield name, value.before
        elif name != "__getstate__":
            yield name, value


def _default_state(target: Any) -> Any:
    names = copyreg._slotnames(type(target))  # type: ignore[attr-defined]
    slots = {name: getattr(target, name) for name in names if hasattr(target, name)}
    return (vars(target), slots) if slots else vars(target)


def _restore(target: Any, name: str, hook: Any, before: Any) -> None:
    # Somebody who replaced the method after us keeps theirs.
    if vars(target).get(name) is not hook:
        return
    if before is None:
        delattr(target, name)
    else:
        setattr(target, name, before)
