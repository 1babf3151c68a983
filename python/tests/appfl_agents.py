"""Agents of APPFL for a training that takes a moment: `appfl_task.py` is what they train."""

from concurrent.futures import Future
from pathlib import Path

from appfl.agent import ClientAgent, ServerAgent
from omegaconf import OmegaConf

TASK = str(Path(__file__).with_name("appfl_task.py"))

ALGORITHMS = {
    "sync": {"scheduler": "SyncScheduler", "aggregator": "FedAvgAggregator"},
    "async": {"scheduler": "AsyncScheduler", "aggregator": "FedAsyncAggregator"},
    "buffered": {"scheduler": "AsyncScheduler", "aggregator": "FedBuffAggregator", "aggregator_kwargs": {"K": 2}},
}


def server_agent(algorithm, clients, epochs, logs, mode="step"):
    """A server agent.

    Args:
        algorithm: one of `ALGORITHMS`.
        clients: how many.
        epochs: of the whole training: rounds if it is synchronous, else updates.
        logs: folder for APPFL's logs.
        mode: of training: `step` or `epoch`.
    """
    train = {
        "trainer": "VanillaTrainer",
        "mode": mode,
        "num_local_steps": 4,
        "num_local_epochs": 2,
        "optim": "SGD",
        "optim_args": {"lr": 0.05},
        "train_batch_size": 16,
        "val_batch_size": 16,
        "train_data_shuffle": False,
        "do_validation": True,
        "do_pre_validation": True,
        "loss_fn": "MSELoss",
        "metric_path": TASK,
        "metric_name": "within_one",
    }
    server = {
        "num_clients": clients,
        "num_global_epochs": epochs,
        "logging_output_dirname": str(logs),
        **ALGORITHMS[algorithm],
    }
    configs = {
        "client_configs": {
            "train_configs": train,
            "model_configs": {"model_path": TASK, "model_name": "Linear"},
        },
        "server_configs": server,
    }
    return ServerAgent(server_agent_config=OmegaConf.create(configs))


def client_agent(number, logs):
    """The agent of a client, which lacks what the server says."""
    configs = {
        "client_id": f"site-{number}",
        "train_configs": {"device": "cpu", "logging_output_dirname": str(logs)},
        "data_configs": {
            "dataset_path": TASK,
            "dataset_name": "data",
            "dataset_kwargs": {"partition": number, "samples": 64 + number},
        },
    }
    return ClientAgent(client_agent_config=OmegaConf.create(configs))


def train_serially(agent, clients):
    """A whole training in this process, in an order that is always the same. Returns the global model."""
    for client in clients:
        client.load_config(agent.get_client_configs())
        client.load_parameters(agent.get_parameters(serial_run=True))
        agent.set_sample_size(client.get_id(), client.get_sample_size())
    while not agent.training_finished():
        answers = []
        for client in clients:
            client.train()
            model, metadata = client.get_parameters()
            answers.append(agent.global_update(client.get_id(), model, **metadata))
        for client, answer in zip(clients, answers):
            client.load_parameters(answer.result() if isinstance(answer, Future) else answer)
    for client in clients:
        agent.close_connection(client.get_id())
    agent.server_terminated()
    return {name: tensor.tolist() for name, tensor in agent.get_parameters(init_model=False).items()}
