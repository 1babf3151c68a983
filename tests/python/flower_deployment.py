"""Deploys examples/flower, lets one thing go wrong, and prints how Flower says that the run ended.

    python flower_deployment.py crash|kill|stop|term|simulate

- crash: in round 2, the ClientApp of the first site ends its process
- kill: in round 2, the first site's SuperNode is killed
- stop: in round 2, the run is stopped with `flwr stop`
- term: in round 2, the ServerApp is sent SIGTERM
- simulate: no deployment; the app runs in Flower's simulation, in this process, with 10 nodes
"""

import os
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples/flower"
sys.path.insert(0, str(EXAMPLE))

import run as example  # noqa: E402

# What the ClientApp of the first site does in round 2, in place of training.
FAULTS = {
    "crash": "os._exit(1)",
    "kill": "open(os.environ['FLWR_HOME'] + '/now', 'w').close(); time.sleep(600)",
    "stop": "open(os.environ['FLWR_HOME'] + '/now', 'w').close(); time.sleep(5)",
    "term": "open(os.environ['FLWR_HOME'] + '/now', 'w').close(); time.sleep(5)",
}
FAULTY_MOD = """

def fault(message, context, call_next):
    import os, time
    config = message.content.config_records.get("config", {{}})
    if context.node_config["partition-id"] == 0 and config.get("server-round") == 2 and "epochs" in config:
        {fault}
    return call_next(message, context)
"""


def main(what):
    """Runs one scenario."""
    # As Ctrl-C does, so that everything is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="hivewatch-flower-") as scratch, ExitStack() as stack:
        if what == "simulate":
            simulate(Path(scratch))
        else:
            deploy(what, Path(scratch), stack)


def deploy(what, scratch, stack):
    """Runs the app on real SuperNodes."""
    environment, nodes = example.deploy(scratch, stack)
    app = example.copy_app(scratch)
    client = app / "sites/client_app.py"
    code = client.read_text().replace("mods=[client_mod]", "mods=[client_mod, fault]")
    # Before the app, which names it.
    head, _, rest = code.partition("# The mod tells")
    client.write_text(head + FAULTY_MOD.format(fault=FAULTS[what]) + "\n\n# The mod tells" + rest)

    if what == "kill":
        # The other two go on without it.
        server = app / "sites/server_app.py"
        server.write_text(server.read_text().replace("nodes=3", "nodes=2"))
    example.start_run(app, 3, environment, stack)
    if what != "crash":
        example.wait_for((Path(environment["FLWR_HOME"]) / "now").exists, "round 2", scratch)
        interfere(what, environment, nodes)
    example.READY_TIMEOUT_SEC = 400
    finished = example.wait_for(lambda: example.the_run(environment, "finished"), "the end of the run", scratch)
    # The SuperLink knows of the end before the ServerApp's process is over, which has something to send yet.
    example.wait_for(lambda: not example.server_apps(environment), "the end of the ServerApp", scratch)
    example.report(finished)


def interfere(what, environment, nodes):
    """Does what goes wrong."""
    if what == "kill":
        os.killpg(nodes[0].pid, signal.SIGKILL)
    elif what == "stop":
        example.flwr_json(["stop", example.the_run(environment)["run-id"]], environment)
    elif what == "term":
        for process in example.server_apps(environment):
            os.kill(process, signal.SIGTERM)


def simulate(scratch):
    """Runs the app in this process, on Ray."""
    os.environ.update(FLWR_HOME=str(scratch), FLWR_TELEMETRY_ENABLED="0", RAY_USAGE_STATS_ENABLED="0")
    app = str(EXAMPLE / "app")
    sys.path.insert(0, app)
    os.environ["PYTHONPATH"] = os.pathsep.join([app, os.environ.get("PYTHONPATH", "")])
    from flwr.app import ArrayRecord, ConfigRecord
    from flwr.serverapp import ServerApp
    from flwr.serverapp.strategy import FedAvg
    from flwr.simulation import run_simulation
    from hivewatch_bridge.flower import watch
    from sites import client_app, server_app
    from sites.task import initial_weights

    server = ServerApp()

    @server.main()
    def start(grid, context):
        strategy = FedAvg(min_train_nodes=10, min_evaluate_nodes=10, min_available_nodes=10)
        watch(strategy)
        strategy.start(
            grid=grid,
            initial_arrays=ArrayRecord([initial_weights()]),
            num_rounds=2,
            train_config=ConfigRecord({"epochs": 1, "lr": 0.1}),
            evaluate_fn=server_app.evaluate_centrally,
        )

    resources = {"init_args": {"num_cpus": 2, "include_dashboard": False}}
    run_simulation(server, client_app.app, num_supernodes=10, backend_config=resources)
    print("simulated")


if __name__ == "__main__":
    main(sys.argv[1])
