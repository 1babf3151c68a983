"""Follows the training of one server agent."""

from __future__ import annotations

import atexit
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Callable

from .._adapter.ending import end_run
from .._adapter.guard import Guard
from .._adapter.hook import Hooks, SharedHooks, owner_of_hooks
from .._lifecycle import start_run
from .._run import Run
from .._secrets import without_secrets
from ._config import algorithm_of, describe_run
from ._reporter import Barrier, Reporter
from ._update import is_last_piece


@dataclass
class Options:
    """As of :func:`hivewatch_bridge.appfl.watch`."""

    run: Run | None
    config: Mapping[str, Any]
    endpoint: str | None
    token: str | None


class Watcher:
    """Watches a server agent, and its aggregator: only there is known which round a client's model is part of.

    What is replaced is called from a thread for each client, `aggregate` under the scheduler's lock, so that the
    scheduler must not be asked anything there.
    """

    def __init__(self, agent: Any, options: Options) -> None:
        self._agent = agent
        self._options = options
        self.guard = Guard("appfl")
        self._hooks = Hooks(owner=self)
        self._scheduler: Any = getattr(agent, "scheduler", None)
        self._aggregator = getattr(self._scheduler, "aggregator", None) or getattr(agent, "aggregator", None)
        self._reporter: Reporter | None = None
        self._ending = threading.Lock()

    def install(self) -> None:
        """Begins the run, and replaces the methods."""
        run = self._options.run or self._start_run()
        self.guard.report_to(run)
        self._reporter = Reporter(run, self.guard(self._barrier))
        communicators.acquire()
        self._hooks.install(self._agent, "get_parameters", self._get_parameters)
        self._hooks.install(self._agent, "global_update", self._global_update)
        self._hooks.install(self._agent, "set_sample_size", self._set_sample_size)
        self._hooks.install(self._agent, "server_validate", self._server_validate)
        self._hooks.install(self._agent, "server_terminated", self._server_terminated)
        self._hooks.install(self._aggregator, "aggregate", self._aggregate)
        atexit.register(self.end)

    def remove(self) -> None:
        """Puts everything back, and ends the run."""
        self._hooks.remove()
        self.end()

    def _start_run(self) -> Run:
        return start_run(
            algorithm=algorithm_of(self._aggregator),
            config={**(self.guard(describe_run, self._agent) or {}), **without_secrets(self._options.config)},
            endpoint=self._options.endpoint,
            token=self._options.token,
        )

    def _barrier(self) -> Barrier | None:
        if not any(cls.__name__ == "SyncScheduler" for cls in type(self._scheduler).__mro__):
            return None
        configs = getattr(getattr(self._agent, "server_agent_config", None), "server_configs", None)
        return Barrier(getattr(self._agent, "num_clients", None), getattr(configs, "num_global_epochs", None))

    def _get_parameters(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if self._reporter is not None and not isinstance(result, Future):
            self.guard(self._reporter.handed_out)
        return result

    def _global_update(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        reporter = self._reporter
        if reporter is None:
            return original(*args, **kwargs)
        client = self.guard(self._arrived, reporter, args, kwargs)
        try:
            result = original(*args, **kwargs)
        except Exception as error:
            if client is not None:
                self.guard(reporter.failed, client, error)
            raise
        if client is not None and not isinstance(result, Future):
            self.guard(self._answered, reporter, client)
        return result

    def _arrived(self, reporter: Reporter, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        named = {**dict(zip(("client_id", "local_model", "blocking"), args)), **kwargs}
        client, model = str(named.pop("client_id")), named.pop("local_model")
        named.pop("blocking", None)
        reporter.arrived(client, model, named)
        return client

    def _answered(self, reporter: Reporter, client: str) -> None:
        reporter.answered(client)
        if reporter.is_waiting(client) and self._agent.training_finished():
            reporter.discarded(client)

    def _aggregate(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        reporter = self._reporter
        if reporter is None:
            return original(*args, **kwargs)
        self.guard(self._aggregating, reporter, args, kwargs)
        step, began = self._step(), time.monotonic()
        result = original(*args, **kwargs)
        self.guard(self._aggregated, reporter, step, time.monotonic() - began, kwargs)
        return result

    def _aggregating(self, reporter: Reporter, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        models = args[0] if args else kwargs.get("local_models", kwargs.get("client_id"))
        clients = list(models) if isinstance(models, Mapping) else [models]
        reporter.aggregating(list(map(str, clients)), self._staleness(clients, kwargs.get("staleness")))

    def _aggregated(self, reporter: Reporter, step: int | None, seconds: float, kwargs: dict[str, Any]) -> None:
        # An aggregator that collects models makes a step only once it has enough of them.
        reporter.aggregated(seconds, (step is None or self._step() != step) and is_last_piece(kwargs))

    def _staleness(self, clients: list[Any], given: Any) -> dict[str, int]:
        """As the aggregator weighs it: given to it, or from the steps that it keeps."""
        step, steps = self._step(), getattr(self._aggregator, "client_step", None)
        if isinstance(given, Mapping):
            return {str(client): given[client] for client in clients if client in given}
        if isinstance(given, int):
            return {str(client): given for client in clients}
        if step is None or not isinstance(steps, Mapping):
            return {}
        return {str(client): step - steps.get(client, 0) for client in clients}

    def _step(self) -> int | None:
        step = getattr(self._aggregator, "global_step", None)
        return step if isinstance(step, int) else None

    def _set_sample_size(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._reporter is not None:
            named = {**dict(zip(("client_id", "sample_size"), args)), **kwargs}
            self.guard(self._reporter.has_samples, str(named.get("client_id")), named.get("sample_size"))
        return original(*args, **kwargs)

    def _server_validate(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if self._reporter is not None and isinstance(result, tuple) and len(result) == 2:
            self.guard(self._reporter.evaluated, *result)
        return result

    def _server_terminated(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if result:
            self.guard(self.end)
        return result

    def end(self) -> None:
        """Ends the run, if it has not ended."""
        with self._ending:
            reporter, self._reporter = self._reporter, None
        atexit.unregister(self.end)
        if reporter is None:
            return
        communicators.release()
        status, reason = self.guard(self._outcome) or ("completed", None)
        self.guard.report_to(None)
        if reporter.run is self._options.run:
            return
        end_run(reporter.run, status, reason)

    def _outcome(self) -> tuple[str, str | None]:
        if self._agent.training_finished():
            return "completed", None
        done, wanted = self._scheduler.get_num_global_epochs(), self._agent.server_agent_config.server_configs
        return "aborted", f"the server ended after {done} of {wanted.num_global_epochs} global epochs"


def _hook_communicators(hooks: Hooks) -> None:
    # Only what is there already: other ways of communicating need no gRPC.
    communicator = getattr(sys.modules.get("appfl.comm.grpc"), "GRPCServerCommunicator", None)
    if communicator is not None:
        hooks.install_on_class(communicator, "cleanup", _cleanup)


def _cleanup(original: Callable[..., Any], communicator: Any, *args: Any, **kwargs: Any) -> Any:
    result = original(communicator, *args, **kwargs)
    _guard(_told_of_cleanup, communicator)
    return result


def _told_of_cleanup(communicator: Any) -> None:
    watcher = owner_of_hooks(getattr(communicator, "server_agent", None))
    if isinstance(watcher, Watcher):
        watcher.end()


_guard = Guard("appfl")
communicators = SharedHooks(_hook_communicators)
