"""Methods replaced on single objects, and put back."""

from __future__ import annotations

import functools
from typing import Any, Callable


class Hook:
    """Stands in for a method of one object, and calls `around(original, *args, **kwargs)`.

    A copy or pickle of the object gets its own method again, so that nobody else's training is watched by accident.
    """

    def __init__(self, target: object, name: str, around: Callable[..., Any]) -> None:
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
    """A set of hooks that is undone as a whole."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def install(self, target: Any, name: str, around: Callable[..., Any]) -> None:
        """Replaces a method, if the object has it."""
        if not callable(getattr(target, name, None)):
            return
        before = vars(target).get(name)
        hook = Hook(target, name, around)
        setattr(target, name, hook)
        self._undo.append(functools.partial(_restore, target, name, hook, before))

    def remove(self) -> None:
        """Puts every method back, the last first."""
        while self._undo:
            self._undo.pop()()


def _restore(target: Any, name: str, hook: Hook, before: Any) -> None:
    # Somebody who replaced the method after us keeps theirs.
    if vars(target).get(name) is not hook:
        return
    if before is None:
        delattr(target, name)
    else:
        setattr(target, name, before)
