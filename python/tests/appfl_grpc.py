"""APPFL's gRPC server, watched, or a client of it.

    python appfl_grpc.py server sync|async <clients> <epochs> <logs> <port>
    python appfl_grpc.py client <number> <logs> <port> [seconds that each training takes longer]

The server prints what APPFL did as one JSON line: for each aggregation the clients and how stale their models were.
Where the events go is said by HIVEWATCH_ENDPOINT.
"""

import json
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from appfl.comm.grpc import GRPCClientCommunicator, GRPCServerCommunicator, serve
from appfl_agents import client_agent, server_agent

from hivewatch_bridge.appfl import watch


def server(algorithm, clients, epochs, logs, port):
    # Who starts this in the background may have had it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    agent = server_agent(algorithm, int(clients), int(epochs), logs)
    done = record(agent.aggregator)
    watch(agent)
    communicator = GRPCServerCommunicator(agent, logger=agent.logger)
    serve(communicator, server_uri=f"127.0.0.1:{port}")
    epochs = agent.scheduler.get_num_global_epochs()
    sys.stdout.write(
        json.dumps({"aggregations": done, "epochs": epochs, "is_finished": agent.training_finished()}) + "\n"
    )


def record(aggregator):
    """Keeps what is aggregated, as APPFL itself counts it."""
    done, aggregate = [], aggregator.aggregate

    def recording(models, *args, **kwargs):
        clients = sorted(models) if isinstance(models, dict) else [models]
        step, steps = getattr(aggregator, "global_step", None), getattr(aggregator, "client_step", {})
        staleness = None if step is None else step - steps.get(models, 0)
        done.append({"clients": clients, "staleness": staleness})
        return aggregate(models, *args, **kwargs)

    aggregator.aggregate = recording
    return done


def client(number, logs, port, slowness="0"):
    agent = client_agent(int(number), logs)
    server = GRPCClientCommunicator(agent.get_id(), server_uri=f"127.0.0.1:{port}", logger=agent.logger)
    agent.load_config(server.get_configuration())
    agent.load_parameters(server.get_global_model(init_model=True))
    server.invoke_custom_action(action="set_sample_size", sample_size=agent.get_sample_size())
    while True:
        time.sleep(float(slowness))
        agent.train()
        model, metadata = agent.get_parameters()
        place = {"city": "Cologne", "lat": 50.94, "lng": 6.96, "model_url": "https://bucket/?signature=x"}
        model, metadata = server.update_global_model(model, **metadata, **place)
        if metadata["status"] == "DONE":
            break
        agent.load_parameters(model)
    server.invoke_custom_action(action="close_connection")


if __name__ == "__main__":
    {"server": server, "client": client}[sys.argv[1]](*sys.argv[2:])
