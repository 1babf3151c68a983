"""Deploys examples/flower with the Flower that is installed, also one from the times of gRPC, and trains for 2 rounds.

    python flower_any_version.py message|legacy

`legacy` is the same app in Flower's legacy API. Exit code 0 if the run has come to its end, whatever that was.
"""

import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "examples/flower"))

import run as example  # noqa: E402

VERSION = tuple(map(int, metadata.version("flwr").split(".")[:2]))
HAS_ONE_PORT = VERSION >= (1, 41)
# The option got its name with the API that it is of.
CONTROL = "--exec-api-address" if VERSION < (1, 20) else "--control-api-address"
GIVE_UP_SEC = 400


def main(api):
    """Runs the app."""
    # As Ctrl-C does, so that everything is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="hivewatch-flower-") as name, ExitStack() as stack:
        scratch = Path(name)
        app = example.copy_app(scratch)
        if api == "legacy":
            shutil.copytree(HERE / "legacy_app", app / "sites", dirs_exist_ok=True)
        environment = example.deploy(scratch, stack)[0] if HAS_ONE_PORT else deploy_with_grpc(scratch, app, stack)
        command = ["flwr", "run", str(app), example.CONNECTION, "--stream", "--run-config", "num-rounds=2"]
        # It shows what the ServerApp prints, and ends with the run.
        stream = subprocess.Popen(command, env=environment, start_new_session=True)
        stack.callback(example.stop, stream)
        stream.wait(GIVE_UP_SEC)
        # The ServerApp has something to send yet.
        example.wait_for(lambda: not example.server_apps(environment), "the end of the ServerApp", scratch)


def deploy_with_grpc(scratch, app, stack):
    """Starts Flower up to 1.40, where each API has a port."""
    fleet, control, server_app, *client_apps = [f"127.0.0.1:{port}" for port in example.free_ports(6)]
    environment = example.prepare(scratch, control)
    if VERSION < (1, 26):
        # Later ones have it in the configuration of Flower's home.
        with (app / "pyproject.toml").open("a") as project:
            project.write(f'\n[tool.flwr.federations.{example.CONNECTION}]\naddress = "{control}"\ninsecure = true\n')
    link = ["flower-superlink", "--insecure", "--fleet-api-address", fleet, CONTROL, control]
    link += ["--serverappio-api-address", server_app]
    example.start(link, environment, scratch / "superlink.log", stack)
    for address in (fleet, control):
        example.wait_for(lambda port=int(address.split(":")[1]): example.accepts(port), "the SuperLink", scratch)
    for i, (address, site) in enumerate(zip(client_apps, example.SITES)):
        config = {"partition-id": i, "num-partitions": len(example.SITES), **site}
        node = ["flower-supernode", "--insecure", "--superlink", fleet, "--clientappio-api-address", address]
        node += ["--node-config", " ".join(f"{name}={example.toml(value)}" for name, value in config.items())]
        example.start(node, environment, scratch / f"supernode-{i}.log", stack)
    return environment


if __name__ == "__main__":
    main(sys.argv[1])
