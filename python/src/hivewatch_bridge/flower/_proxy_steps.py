"""What is seen of the clients of `start_server`, each of which the server speaks to through a ClientProxy."""

from __future__ import annotations

import functools
import time
from typing import Any, Callable

from .._adapter.guard import Guard
from .._adapter.hook import Hooks
from .._reasons import exception_reason
from ._client import Reply
from ._errors import is_communication_error
from ._messages import parameters_bytes, status_reason
from ._reporter import Reporter, Request
from ._round import EVALUATE, TRAIN

_Method = Callable[..., Any]
_METHODS = {TRAIN: "fit", EVALUATE: "evaluate"}


class ProxySteps:
    """The replacements of a ClientProxy's methods, which Flower calls from several threads at once.

    Each calls the original and returns what that returns.
    """

    def __init__(self, reporter: Callable[[], Reporter | None], guard: Guard) -> None:
        self._reporter = reporter
        self._guard = guard

    def hook(self, hooks: Hooks, proxy: object) -> None:
        """Replaces the methods that ask the client to train and to evaluate."""
        for phase, name in _METHODS.items():
            hooks.install(proxy, name, functools.partial(self._call, phase, proxy))

    def _call(self, phase: str, proxy: Any, original: _Method, *args: Any, **kwargs: Any) -> Any:
        key = object()
        self._guard(self._asked, key, phase, proxy, args, kwargs)
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            self._guard(self._failed, key, error)
            raise
        self._guard(self._answered, key, result)
        return result

    def _asked(self, key: object, phase: str, proxy: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        reporter = self._reporter()
        if reporter is not None:
            instruction = args[0] if args else kwargs.get("ins")
            size = parameters_bytes(getattr(instruction, "parameters", None))
            reporter.asked(key, Request(str(proxy.cid), phase, size, time.monotonic()))

    def _answered(self, key: object, result: Any) -> None:
        reporter = self._reporter()
        if reporter is None:
            return
        status = result.status
        # Code.OK; a client that can't do what it is asked answers too.
        if getattr(status.code, "value", status.code) != 0:
            reporter.failed(key, status_reason(status.code, status.message), is_communication=False)
            return
        loss = getattr(result, "loss", None)
        metrics = {**({} if loss is None else {"loss": loss}), **(result.metrics or {})}
        # Of an evaluation it is the metrics that came, whose size is not known.
        size = parameters_bytes(getattr(result, "parameters", None))
        reporter.answered(key, Reply({**metrics, "num_examples": result.num_examples}, size, {}))

    def _failed(self, key: object, error: BaseException) -> None:
        reporter = self._reporter()
        if reporter is not None:
            reporter.failed(key, exception_reason(error), is_communication_error(error))
