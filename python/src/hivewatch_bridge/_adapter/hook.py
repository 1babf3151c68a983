"""Methods replaced on single objects or on classes, and put back."""

from __future__ import annotations

import functools
from typing import Any, Callable

Around = Callable[..., Any]


class Hook:
    """Stands in for a method of one object, and calls `around(original, *args, **kwargs)`.

    A deep copy or pickle of the object gets its own method again, so that nobody else's training is watched by
    accident.
    """

    def __init__(self, target: object, name: str, around: Around, owner: object) -> None:
        self.owner = owner
        self._target = target
        self._name = name
        self._around = around
        self._original = getattr(target, name)
        functools.update_wrapper(self, self._original)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._around(self._original, *args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._target, self._name)


class Hooks:
    """A set of hooks that is undone as a whole.

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
        before = vars(target).get(name)
        hook = Hook(target, name, around, self._owner)
        setattr(target, name, hook)
        self._undo.append(functools.partial(_restore, target, name, hook, before))

    def install_on_class(self, cls: type, name: str, around: Around) -> None:
        """Replaces a method that a class itself defines; `around(original, self, *args, **kwargs)`."""
        original = vars(cls)[name]

        @functools.wraps(original)
        def hook(*args: Any, **kwargs: Any) -> Any:
            return around(original, *args, **kwargs)

        setattr(cls, name, hook)
        self._undo.append(functools.partial(_restore, cls, name, hook, original))

    def remove(self) -> None:
        """Puts every method back, the last first."""
        while self._undo:
            self._undo.pop()()


def owner_of_hooks(target: object) -> object:
    """Whose hooks an object has, or None."""
    hooks = (value for value in getattr(target, "__dict__", {}).values() if isinstance(value, Hook))
    return next((hook.owner for hook in hooks), None)


def _restore(target: Any, name: str, hook: Any, before: Any) -> None:
    # Somebody who replaced the method after us keeps theirs.
    if vars(target).get(name) is not hook:
        return
    if before is None:
        delattr(target, name)
    else:
        setattr(target, name, before)
