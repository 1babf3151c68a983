"""A stand-in for APPFL's server agent, which needs PyTorch and hundreds of megabytes more: models are single numbers.

It does what APPFL 1.12 does around a training: who calls whom, under which lock, with which arguments, and what comes
back. The real one is in `test_appfl_real.py`.
"""

import threading
from concurrent.futures import Future
from types import SimpleNamespace


class FedAsyncAggregator:
    """Merges each model as it comes; `size` of them make a step."""

    def __init__(self, size=1):
        self.state = 0.0
        self.global_step = 0
        self.client_step = {}
        self._size = size
        self._count = 0

    def aggregate(self, client_id, local_model, **kwargs):
        staleness = self.global_step - self.client_step.setdefault(client_id, 0)
        self.state += (local_model - self.state) / (2 + staleness)
        self._count += 1
        if self._count % self._size == 0:
            self.global_step += 1
        self.client_step[client_id] = self.global_step
        return self.state

    def get_parameters(self, **kwargs):
        return self.state


class FedAvgAggregator:
    """The mean of all."""

    def __init__(self):
        self.state = 0.0

    def aggregate(self, local_models, **kwargs):
        self.state = sum(local_models.values()) / len(local_models)
        return self.state

    def get_parameters(self, **kwargs):
        return self.state


class FedCompassAggregator(FedAvgAggregator):
    """One of several models or of one, whose scheduler counts how stale they are."""

    def aggregate(self, client_id=None, local_model=None, local_models=None, staleness=None, **kwargs):
        return super().aggregate(local_models or {client_id: local_model})


class AsyncScheduler:
    def __init__(self, aggregator):
        self.aggregator = aggregator
        self._epochs = 0
        self._access_lock = threading.Lock()

    def schedule(self, client_id, local_model, **kwargs):
        with self._access_lock:
            model = self.aggregator.aggregate(client_id, local_model, **kwargs)
            self._epochs += 1
        return model

    def get_parameters(self, **kwargs):
        return self.aggregator.get_parameters(**kwargs)

    def get_num_global_epochs(self):
        with self._access_lock:
            return self._epochs


class SyncScheduler(AsyncScheduler):
    def __init__(self, aggregator, num_clients):
        super().__init__(aggregator)
        self._num_clients = num_clients
        self._models, self._kwargs, self._futures = {}, {}, {}

    def schedule(self, client_id, local_model, **kwargs):
        with self._access_lock:
            self._models[client_id], self._futures[client_id] = local_model, Future()
            future = self._futures[client_id]
            for name, value in kwargs.items():
                self._kwargs.setdefault(name, {})[client_id] = value
            if len(self._models) == self._num_clients:
                self._aggregate()
        return future

    def _aggregate(self):
        model = self.aggregator.aggregate(self._models, **self._kwargs)
        chunks = zip(self._kwargs.get("_chunk_idx", {}).values(), self._kwargs.get("_total_chunks", {}).values())
        self._epochs += all(index == count - 1 for index, count in chunks)
        for future in self._futures.values():
            future.set_result(model)
        self._models, self._kwargs, self._futures = {}, {}, {}


class ServerAgent:
    def __init__(self, scheduler, num_clients, num_global_epochs, client_configs=None):
        self.scheduler = scheduler
        self.aggregator = scheduler.aggregator
        self.num_clients = num_clients
        self.samples = {}
        self.closed = set()
        server_configs = {"num_clients": num_clients, "num_global_epochs": num_global_epochs}
        self.server_agent_config = SimpleNamespace(
            server_configs=Settings(server_configs), client_configs=Settings(client_configs or {})
        )

    def global_update(self, client_id, local_model, blocking=False, **kwargs):
        if self.training_finished():
            return self.scheduler.get_parameters(init_model=False)
        if isinstance(local_model, bytes):
            local_model = float(local_model)
        model = self.scheduler.schedule(client_id, local_model, **kwargs)
        return model.result() if isinstance(model, Future) and blocking else model

    def get_parameters(self, blocking=False, **kwargs):
        return self.scheduler.get_parameters(**kwargs)

    def set_sample_size(self, client_id, sample_size, sync=False, blocking=False):
        self.samples[client_id] = sample_size

    def server_validate(self):
        return 0.5, self.aggregator.state

    def training_finished(self):
        wanted = self.server_agent_config.server_configs.num_global_epochs
        return wanted <= self.scheduler.get_num_global_epochs()

    def close_connection(self, client_id):
        self.closed.add(client_id)

    def server_terminated(self):
        return len(self.closed) >= self.num_clients


class Settings(dict):
    """Settings whose items are attributes too, as those of OmegaConf."""

    __getattr__ = dict.get


def asynchronous(clients=2, epochs=4, size=1):
    return ServerAgent(AsyncScheduler(FedAsyncAggregator(size)), clients, epochs)


def synchronous(clients=2, epochs=2):
    return ServerAgent(SyncScheduler(FedAvgAggregator(), clients), clients, epochs)
