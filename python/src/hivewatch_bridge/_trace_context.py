"""The trace that this program is in, as W3C Trace Context writes it."""

from __future__ import annotations

import os
import re
import sys
from typing import Any

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_MAX_TRACESTATE_LENGTH = 512


def trace_context() -> dict[str, str]:
    """The current span's, if the program has imported OpenTelemetry, else that of the environment.

    Returns:
        `traceparent`, and `tracestate` if there is one; nothing if the program is in no trace. What breaks the grammar
        is ignored.
    """
    return _checked(*_current_span()) or _checked(os.environ.get("TRACEPARENT"), os.environ.get("TRACESTATE"))


def _current_span() -> tuple[Any, Any]:
    # Never imported here: it is the program's to bring.
    trace = sys.modules.get("opentelemetry.trace")
    try:
        context = trace.get_current_span().get_span_context()  # type: ignore[union-attr]
        if not context.is_valid:
            return None, None
        parent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"
        return parent, context.trace_state.to_header()
    except Exception:  # not imported, only half imported, or another module of that name
        return None, None


def _checked(parent: Any, state: Any) -> dict[str, str]:
    if not isinstance(parent, str) or not _TRACEPARENT.fullmatch(parent):
        return {}
    is_state = isinstance(state, str) and 0 < len(state) <= _MAX_TRACESTATE_LENGTH and state.isascii()
    return {"traceparent": parent, **({"tracestate": state} if is_state else {})}
