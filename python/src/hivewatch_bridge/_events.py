"""The events that travel as JSON, from what the program gave. See `docs/events.md`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from . import _values as values
from ._fields import Check, row_fields
from ._log import WarnOnce
from ._time import iso_now
from ._trace_context import trace_context

Event = dict[str, Any]

_MAX_TYPE_LENGTH = 64
_MAX_SELECTED = 300_000
_MAX_NAMES = 10_000
_STATUSES = ("completed", "failed", "aborted", "lost")
_KNOWN_TYPES = frozenset(
    (
        "init",
        "server_metadata",
        "round_start",
        "client_update",
        "client_metric",
        "client_dropout",
        "comm_failure",
        "client_recovered",
        "round_end",
        "checkpoint",
        "evaluation",
        "finished",
    )
)

_ROUND_CHECKS: dict[str, Check] = dict.fromkeys(
    (
        "global_accuracy",
        "global_loss",
        "num_selected",
        "num_completed",
        "num_stragglers",
        "num_failures",
        "total_bytes_up",
        "total_bytes_down",
        "round_duration_sec",
        "gradient_norm_dispersion",
        "aggregation_time_sec",
    ),
    values.exact_number,
)
_PLACE_CHECKS: dict[str, Check] = {
    "lat": partial(values.degrees, limit=90),
    "lng": partial(values.degrees, limit=180),
}


def init(algorithm: str, config: Any, emitters: Sequence[Any], warn: WarnOnce) -> Event:
    """The run begins. `emitters` are those that it declares."""
    if config is not None and not isinstance(config, Mapping):
        warn("config", "config was dropped: it must be a dict.")
        config = None
    started = iso_now()
    return {
        "event_type": "init",
        "timestamp": started,
        "started_at": started,
        "algorithm": values.clean_text(str(algorithm)),
        "config": row_fields(_named(config or {}), warn),
        **({"emitters": list(emitters)} if emitters else {}),
        **trace_context(),
    }


def server_metadata(metadata: Mapping[str, Any], warn: WarnOnce) -> Event:
    """What and where the server is."""
    return _event("server_metadata", server=row_fields(metadata, warn, _PLACE_CHECKS))


def round_start(round: Any, selected: Iterable[Any] | None, warn: WarnOnce) -> Event:
    """A round begins, with the clients that were asked, if known."""
    event = _event("round_start", round=values.required("round", values.round_number, round))
    if selected is None:
        return event
    # More would not fit into an event, and there may be no end.
    ids = [values.required("selected", values.client_id, client) for client in islice(selected, _MAX_SELECTED)]
    return {**event, **row_fields({"selected": ids}, warn)}


def round_end(round: Any, metrics: Mapping[str, Any], warn: WarnOnce) -> Event:
    """A round is over. Its clients are left out: their updates are events of their own."""
    number = values.required("round", values.round_number, round)
    return _event("round_end", round=number, round_metrics=row_fields(metrics, warn, _ROUND_CHECKS), clients=[])


def client_dropout(round: Any, client: Any, details: Mapping[str, Any], warn: WarnOnce) -> Event:
    """A client left the round."""
    identity = values.required("client_id", values.client_id, client)
    return _event(
        "client_dropout",
        round=values.required("round", values.round_number, round),
        clients=[{"client_id": identity, "status": "dropped"}],
        **_details(details, warn),
    )


def about_client(event_type: str, round: Any, client: Any, details: Mapping[str, Any], warn: WarnOnce) -> Event:
    """`comm_failure` or `client_recovered`."""
    return _event(
        event_type,
        round=values.required("round", values.round_number, round),
        client_id=values.required("client_id", values.client_id, client),
        **_details(details, warn),
    )


def checkpoint(round: Any, path: Any, metadata: Mapping[str, Any], warn: WarnOnce) -> Event:
    """A model was saved."""
    number = values.required("round", values.round_number, round)
    place = values.clean_text(os.fsdecode(os.fspath(path)))
    return _event("checkpoint", round=number, path=place, metadata=row_fields(metadata, warn))


def evaluation(round: Any, source: str, metrics: Mapping[str, Any], warn: WarnOnce) -> Event:
    """A model was judged, outside of the clients' results."""
    return _event(
        "evaluation",
        round=values.required("round", values.round_number, round),
        source=values.required("source", values.text, source),
        metrics=row_fields(_named(metrics), warn),
    )


def finished(status: Any, reason: str | None, metrics: Mapping[str, Any] | None, warn: WarnOnce) -> Event:
    """The run is over."""
    if status not in _STATUSES:
        warn("status", "status must be one of %s, but it is %r.", ", ".join(_STATUSES), status)
        status = None
    fields = {"status": status, "reason": reason, "metrics": row_fields(_named(metrics or {}), warn) or None}
    return _event("finished", **row_fields(fields, warn, {"reason": _text}))


def custom(event_type: str, fields: Mapping[str, Any], warn: WarnOnce) -> Event:
    """An event of a type that only the application knows.

    Raises:
        Unusable: the type is no word, or one that has a function of its own.
    """
    name = values.required("event_type", values.text, event_type)
    if not 0 < len(name) <= _MAX_TYPE_LENGTH or name in _KNOWN_TYPES:
        raise values.Unusable(f"event_type must be a word of the application's own, but it is {name[:80]!r}")
    checks = {"round": values.round_number, "clients": _reserved, "round_metrics": _reserved}
    return _event(name, **_details(fields, warn, checks))


def _event(event_type: str, **fields: Any) -> Event:
    return {"event_type": event_type, "timestamp": iso_now(), **fields}


def _details(fields: Mapping[str, Any], warn: WarnOnce, checks: Mapping[str, Check] | None = None) -> Event:
    """Further fields of an event, without those that say what it is."""
    further = {name: value for name, value in fields.items() if name not in ("event_type", "run_id", "timestamp")}
    return row_fields(further, warn, {"reason": _text, **(checks or {})})


def _named(fields: Mapping[Any, Any]) -> dict[str, Any]:
    # No event has room for more, and there may be no end.
    return {str(name): value for name, value in islice(fields.items(), _MAX_NAMES)}


def _text(value: Any) -> str:
    return values.clean_text(str(value))


def _reserved(value: Any) -> Any:
    raise values.Unusable("a custom event can't have that field")
