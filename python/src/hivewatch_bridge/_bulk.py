"""The results of many clients at once, from columns that the program has already."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import islice
from typing import Any, Union

from . import _values as values
from ._columns import Values, encode_column, encode_columns, encode_ids, encode_numbers
from ._fields import CLIENT_CHECKS, MAX_CLIENT_BYTES, MAX_FIELDS, checked, warn_of_field
from ._log import WarnOnce
from ._segments import MAX_BYTES, MAX_EVENTS
from ._wire import Payload

# Numbers in memory, which are copied as they are, or any values.
_Column = Union[memoryview, Sequence[Any]]

_NUMBER_FORMATS = frozenset("bBhHiIlLqQfd")


def encode_updates(event_type: str, round: Any, client_ids: Any, metrics: Any, warn: WarnOnce) -> Iterator[Payload]:
    """Events about clients, one each, in batches. What is of no use is missing, with a warning.

    Raises:
        Unusable: it is not about any clients.
    """
    now_us = time.time_ns() // 1000
    ids = _as_ids(client_ids)
    columns = _as_columns(metrics, len(ids), warn)
    number = checked("round", round, CLIENT_CHECKS["round"], warn)
    rows = max(1, min(MAX_EVENTS, MAX_BYTES // (8 * len(columns) + 32)))

    def encode(start: int, end: int) -> Iterator[Payload]:
        part = {name: _part(column, start, end) for name, column in columns.items()}
        payload = _encode_part(event_type, now_us, number, ids[start:end], part, warn)
        if payload is None:
            return
        if len(payload.data) <= MAX_BYTES or end - start == 1:
            yield payload
        else:
            middle = (start + end) // 2
            yield from encode(start, middle)
            yield from encode(middle, end)

    for start in range(0, len(ids), rows):
        yield from encode(start, min(start + rows, len(ids)))


def _encode_part(
    event_type: str, now_us: int, round: float | None, ids: Sequence[Any], part: dict[str, Values], warn: WarnOnce
) -> Payload | None:
    if not values.are_ids_fine(ids):
        usable = [checked("client_id", client, values.client_id, warn) for client in ids]
        rows = [row for row, client in enumerate(usable) if client is not None]
        ids = [usable[row] for row in rows]
        part = {name: [column[row] for row in rows] for name, column in part.items()}
        if not ids:
            return None
    encoded = [encode_ids(ids)]
    if round is not None:
        encoded.append(encode_numbers("round", array("d", [round]) * len(ids)))
    size = 0
    for name, values_ in part.items():
        column = encode_column(name, values_, warn)
        if column is None:
            continue
        size += len(column[0]) + len(column[1])
        if len(ids) == 1 and size > MAX_CLIENT_BYTES:
            warn("large", "A client reported more than %d bytes; the rest was dropped.", MAX_CLIENT_BYTES)
            break
        encoded.append(column)
    return encode_columns(event_type, array("Q", [now_us]) * len(ids), encoded)


def _as_ids(client_ids: Any) -> Sequence[Any]:
    if isinstance(client_ids, (str, bytes)):
        raise values.Unusable("client_ids must be a sequence of ids")
    ids = _as_list(client_ids)
    # What is no list may have no end.
    return ids if isinstance(ids, (list, tuple)) else list(islice(ids, len(client_ids)))


def _as_columns(metrics: Any, count: int, warn: WarnOnce) -> dict[str, _Column]:
    if not isinstance(metrics, Mapping):
        raise values.Unusable("metrics must be a dict of sequences")
    columns: dict[str, _Column] = {}
    for index, (name, given) in enumerate(metrics.items()):
        if index == MAX_FIELDS:
            warn("too many fields", "A client reported more than %d fields; the rest was dropped.", MAX_FIELDS)
            break
        if not isinstance(name, str):
            warn_of_field("A metric", "its name must be text", warn)
        elif name == "round":
            warn_of_field(name, "all updates of a call are of one round", warn)
        elif (column := checked(name, given, lambda given: _as_column(given, count), warn)) is not None:
            columns[values.clean_text(name)] = column
    return columns


def _as_column(given: Any, count: int) -> _Column:
    if isinstance(given, (str, bytes, Mapping, Set)) or getattr(given, "ndim", 1) != 1:
        raise values.Unusable(f"it must be a sequence of {count} values")
    column: _Column | None = _as_view(given)
    if column is None:
        listed = _as_list(given)
        # What is no list may be endless.
        column = listed if isinstance(listed, (list, tuple)) else list(islice(listed, count + 1))
    if len(column) != count:
        raise values.Unusable(f"it must have {count} values, one for each client, but it has {len(column)}")
    return column


def _as_view(given: Any) -> memoryview | None:
    """Numbers as they are in memory; None if it is no plain array of them."""
    # A masked array of numpy shows what is masked in its buffer.
    if getattr(given, "mask", None) is not None:
        return None
    try:
        view = memoryview(given)
    except TypeError:
        return None
    return view if view.ndim == 1 and view.format in _NUMBER_FORMATS else None


def _as_list(given: Any) -> Any:
    # Of numpy, pandas and torch: their own values would be taken one by one.
    tolist = getattr(given, "tolist", None)
    return tolist() if callable(tolist) else given


def _part(column: _Column, start: int, end: int) -> Values:
    part = column[start:end]
    if isinstance(part, memoryview) and not (part.format == "d" and part.c_contiguous):
        return array("d", part)
    return part
