"""Runs the example: a Flower SuperLink and three SuperNodes on this machine, one training, and stops everything.

    python run.py [--rounds 3]

Exit code 0 if the training completed, 1 if not, 130 after Ctrl-C.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path

HERE = Path(__file__).parent
CONNECTION = "example"
READY_TIMEOUT_SEC = 120
STOP_TIMEOUT_SEC = 15

SITES = [
    {"site": "cologne", "city": "Cologne", "country": "DE", "lat": 50.94, "lng": 6.96},
    {"site": "lyon", "city": "Lyon", "country": "FR", "lat": 45.76, "lng": 4.84},
    {"site": "porto", "city": "Porto", "country": "PT", "lat": 41.15, "lng": -8.61},
]


def main():
    """Runs the example under the command line's settings, and returns the exit code."""
    arguments = argparse.ArgumentParser(description="Runs the Flower example under HiveWatch.")
    arguments.add_argument("--rounds", type=int, default=3, help="rounds of training (default: 3)")
    rounds = arguments.parse_args().rounds
    # As Ctrl-C does, so that everything is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="hivewatch-flower-") as scratch, ExitStack() as stack:
            return run(Path(scratch), rounds, stack)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def run(scratch, rounds, stack):
    """Starts Flower, runs the app to its end and returns the exit code."""
    environment, _ = deploy(scratch, stack)
    app = copy_app(scratch)
    stream = start_run(app, rounds, environment, stack)
    stream.wait()
    # `flwr run` exits with 0 also when the run has failed.
    return report(wait_for(lambda: the_run(environment, "finished"), "the end of the run", scratch))


def deploy(scratch, stack):
    """Starts a SuperLink and a SuperNode for each site. Returns their environment and the SuperNodes."""
    ports = free_ports(1 + len(SITES))
    address = f"127.0.0.1:{ports[0]}"
    environment = prepare(scratch, address)
    start(
        ["flower-superlink", "--insecure", "--host", "127.0.0.1", "--port", str(ports[0])]
        # The app needs nothing that this environment lacks; installing would need a network.
        + ["--disable-runtime-dependency-installation"],
        environment,
        scratch / "superlink.log",
        stack,
    )
    wait_for(lambda: accepts(ports[0]), "the SuperLink", scratch)
    nodes = []
    for i, site in enumerate(SITES):
        config = {"partition-id": i, "num-partitions": len(SITES), **site}
        command = ["flower-supernode", "--insecure", "--superlink", address, "--port", str(ports[1 + i])]
        command += ["--node-config", " ".join(f"{name}={toml(value)}" for name, value in config.items())]
        nodes.append(start(command, environment, scratch / f"supernode-{i}.log", stack))
    wait_for(lambda: nodes_online(environment) == len(SITES), "the SuperNodes", scratch)
    return environment, nodes


def copy_app(scratch):
    """A copy of the app: `flwr run` writes into its folder."""
    return shutil.copytree(HERE / "app", scratch / "app", ignore=shutil.ignore_patterns("__pycache__"))


def start_run(app, rounds, environment, stack):
    """Starts a run, and the process that shows what it prints."""
    # Before the SuperLink is stopped: the ServerApp is no process of ours, and would outlive it.
    stack.callback(stop_run, environment)
    command = ["flwr", "run", str(app), CONNECTION, "--stream", "--run-config", f"num-rounds={rounds}"]
    stream = subprocess.Popen(command, env=environment, start_new_session=True)
    stack.callback(stop, stream)
    return stream


def prepare(scratch, address):
    """The environment of every process: this one's Python first, and a home of its own for Flower."""
    home = scratch / "flwr"
    home.mkdir()
    (home / "config.toml").write_text(
        f'[superlink]\ndefault = "{CONNECTION}"\n\n[superlink.{CONNECTION}]\naddress = "{address}"\ninsecure = true\n'
    )
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "FLWR_HOME": str(home),
        "FLWR_TELEMETRY_ENABLED": "0",
        "FLWR_DISABLE_UPDATE_CHECK": "1",
    }


def start(command, environment, log, stack):
    """Starts a process that is stopped when `stack` closes, with everything that it started itself, and returns it."""
    output = stack.enter_context(log.open("w"))
    # In a session of its own, so that Ctrl-C reaches this program alone, which stops the others in order.
    process = subprocess.Popen(
        command, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )
    stack.callback(stop, process)
    return process


def stop(process):
    """Ends a process and its group: asked first, then killed."""
    signal_group(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_TIMEOUT_SEC)
    signal_group(process, signal.SIGKILL)
    process.wait()


def signal_group(process, number):
    """Signals a process and those in its group, if any of them is left."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def wait_for(condition, what, scratch):
    """Returns what `condition` returns, once that is something."""
    deadline = time.monotonic() + READY_TIMEOUT_SEC
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.2)
    for log in sorted(scratch.glob("*.log")):
        print(f"--- {log.name}\n{log.read_text()}", file=sys.stderr)
    sys.exit(f"{what} took more than {READY_TIMEOUT_SEC} s")


def accepts(port):
    """Whether somebody listens on a port."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def nodes_online(environment):
    """How many SuperNodes the SuperLink knows to be there."""
    nodes = flwr_json(["supernode", "list"], environment).get("nodes", [])
    return sum(node["status"] == "online" for node in nodes)


def the_run(environment, status=""):
    """The run, if it has a status that begins like this."""
    runs = flwr_json(["list"], environment).get("runs", [])
    return next((run for run in runs if run["status"].startswith(status)), None)


def stop_run(environment):
    """Stops the run if it still goes on, and waits until its ServerApp has reported that it ends."""
    run = the_run(environment)
    if run is None or run["status"].startswith("finished"):
        return
    flwr_json(["stop", run["run-id"]], environment)
    deadline = time.monotonic() + STOP_TIMEOUT_SEC
    while server_apps(environment) and time.monotonic() < deadline:
        time.sleep(0.2)
    for process in server_apps(environment):
        os.kill(process, signal.SIGKILL)


def server_apps(environment):
    """Ids of this example's ServerApp processes. Flower starts them detached; their FLWR_HOME tells them apart."""
    home = f"FLWR_HOME={environment['FLWR_HOME']}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = home in (process / "environ").read_bytes().split(b"\0")
            if is_ours and b"flwr-serverapp" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:  # it has just ended, or is somebody else's
            continue
    return found


def flwr_json(command, environment):
    """What a `flwr` command says, or nothing while it can't say it."""
    # In a session of its own, so that a second Ctrl-C does not cut short how the first one is being answered.
    done = subprocess.run(
        ["flwr", *command, CONNECTION, "--format", "json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        return {}


def report(finished):
    """Says how the run ended, and returns the exit code."""
    print(f"run {finished['run-id']}: {finished['status']} ({finished['status-details']})")
    return 0 if finished["status"] == "finished:completed" else 1


def free_ports(count):
    """Ports that nobody listened on a moment ago."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def toml(value):
    """A value as `--node-config` wants it."""
    return f"'{value}'" if isinstance(value, str) else value


if __name__ == "__main__":
    sys.exit(main())
