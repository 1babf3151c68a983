"""Arguments that nobody should pass, and that must not end a training."""

import itertools
from collections.abc import Mapping


class BadError(Exception):
    def __str__(self):
        raise BadError


def _raise(*_, **__):
    raise BadError


class Raising:
    """Whatever is asked of it, it raises."""

    item = tolist = property(_raise)
    __str__ = __repr__ = __float__ = __int__ = __index__ = __bool__ = __len__ = __iter__ = _raise
    __eq__ = __hash__ = __getattr__ = _raise


class RaisingFloat(float):
    __float__ = __str__ = __repr__ = __eq__ = _raise
    __hash__ = None


class RaisingInt(int):
    __int__ = __float__ = __index__ = __str__ = __repr__ = __eq__ = __lt__ = __le__ = _raise
    __hash__ = None


class RaisingText(str):
    __slots__ = ()
    __str__ = __repr__ = __len__ = __eq__ = __iter__ = isascii = encode = _raise
    __hash__ = None


class Endless(Mapping):
    def __getitem__(self, key):
        return key

    def __len__(self):
        return 1

    def __iter__(self):
        return itertools.count()


class Item:
    """As a scalar of numpy, which gives itself for ever."""

    def item(self):
        return self


def _recursive():
    inner = []
    inner.append(inner)
    wide = []
    wide.extend([wide] * 1000)
    around = {}
    around["self"] = around
    return [inner, wide, around]


SMALL = [
    *(Raising(), RaisingFloat(1), RaisingInt(1), RaisingText("x"), Item()),
    *(10**400, -(10**5000), float("nan"), float("-inf"), 1j, "\ud800", "x" * 3_000_000, b"\xff" * 3_000_000),
    *(object(), type, len, lambda: None, itertools.count(), iter(()), {1, 2}, {(1, 2): {3}}, [[[]]] * 9, range(3)),
    *(None, True, "", "NaN", 0, -1, (), {}, {None: None}, [None], memoryview(b"abc"), bytearray(8), BadError()),
]
VALUES = [Endless(), *_recursive(), *SMALL]
NAMES = [
    "",
    "__proto__",
    "client_id",
    "round",
    "event_type",
    "run_id",
    "timestamp",
    "self",
    "\ud800",
    "x" * 100_000,
    "\n",
]


def fields():
    """Fields of all names and of all values."""
    yield from ({name: value} for name in NAMES for value in (1.0, "text", None, [1]))
    yield from ({name: value} for name in ("x", "round", "local_loss", "lat", "city", "reason") for value in SMALL)
