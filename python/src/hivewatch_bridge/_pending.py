"""What was just logged, as the program gave it.

To log is to append to a deque, which needs no lock and is all that the training waits for. The sender's thread makes
batches of it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, repeat, starmap
from typing import Any, Union

from . import _values as values
from ._columns import MAX_COLUMNS, encode_column, encode_columns, encode_ids
from ._log import WarnOnce
from ._reasons import exception_reason
from ._segments import MAX_BYTES, MAX_EVENTS, Segment, encode_rows
from ._wire import Payload

_LIGHT_ROW = 1024


# A plain tuple, as nothing else is made as fast:
# 0. the type of an event about a client; of another event, whether it may be dropped
# 1. its bytes if they are many, or 0
# 2. when it was logged, by the monotonic clock
# 3. when it was logged, in nanoseconds since 1970
# 4. the client's id; or the event as JSON
# 5. what the client reported
Pending = tuple[Union[str, bool], int, float, int, str, "dict[str, Any]"]


def pending_row(event: str, droppable: bool) -> Pending:
    """An event as JSON."""
    size = len(event) if len(event) > _LIGHT_ROW else 0
    return droppable, size, time.monotonic(), 0, event, {}


def take_neighbours(pending: deque[Pending]) -> list[Pending]:
    """Removes the oldest events, as many as go into one batch."""
    first, size, count = pending[0][0], 0, 0
    # By index: others append meanwhile.
    for index in range(min(len(pending), MAX_EVENTS)):
        kind, event_size, *_ = pending[index]
        size += event_size
        if kind != first or (size > MAX_BYTES and count):
            break
        count += 1
    taken: list[Pending] = []
    # In one step, between which and the next no signal can come.
    taken.extend(starmap(pending.popleft, repeat((), count)))
    return taken


def encode(neighbours: Sequence[Pending], warn: WarnOnce) -> list[Segment]:
    """Makes batches of events, mostly a single one. An event that can't be encoded is left out, with a warning."""
    kind, _, since, *_ = neighbours[0]
    if isinstance(kind, bool):
        return [Segment(encode_rows([event for _, _, _, _, event, _ in neighbours]), kind, since)]
    return [Segment(payload, True, since) for payload in _encode_clients(kind, neighbours, warn)]


def _encode_clients(event_type: str, events: Sequence[Pending], warn: WarnOnce) -> Iterator[Payload]:
    try:
        payload = _client_columns(event_type, events, warn)
    except Exception as error:
        if len(events) == 1:
            ignored(f"log_{event_type}", error, warn)
            return
        payload = None
    if payload is not None:
        yield payload
        return
    middle = len(events) // 2
    yield from _encode_clients(event_type, events[:middle], warn)
    yield from _encode_clients(event_type, events[middle:], warn)


def ignored(call: str, error: Exception, warn: WarnOnce) -> None:
    """Says that a call is without effect."""
    reason = exception_reason(error) if not isinstance(error, values.Unusable) else str(error)
    warn((call, reason), "%s was ignored: %s", call, reason)


def _client_columns(event_type: str, events: Sequence[Pending], warn: WarnOnce) -> Payload | None:
    """A payload of all events; None if they must be split."""
    ids = [client_id for _, _, _, _, client_id, _ in events]
    if not values.are_ids_fine(ids):
        # One by one, each as it is in the end.
        if len(events) > 1:
            return None
        ids = [values.required("client_id", values.client_id, ids[0])]
    clients = [fields for _, _, _, _, _, fields in events]
    names = dict.fromkeys(chain.from_iterable(clients))
    if not "".join(names).isascii():
        clients = [{values.clean_text(name): value for name, value in client.items()} for client in clients]
        names = dict.fromkeys(chain.from_iterable(clients))
    if len(names) > MAX_COLUMNS and len(events) > 1:
        return None
    columns = [encode_column(name, [client.get(name) for client in clients], warn) for name in names]
    known = [encode_ids(ids), *(column for column in columns if column is not None)]
    return encode_columns(event_type, [time_ns // 1000 for _, _, _, time_ns, _, _ in events], known)
