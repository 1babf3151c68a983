"""Runs the example: a server and three sites on this machine, one training, and stops everything.

    python run.py [--rounds 3]

Exit code 0 if the training completed.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
SITES = 3


def main():
    """Runs the example under the command line's settings, and returns the server's exit code."""
    arguments = argparse.ArgumentParser(description="Runs the example of Flower's legacy API under HiveWatch.")
    arguments.add_argument("--rounds", type=int, default=3, help="rounds of training (default: 3)")
    rounds = arguments.parse_args().rounds
    port = free_port()
    address = f"127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="hivewatch-flower-") as home:
        environment = {**os.environ, "FLWR_HOME": home, "FLWR_TELEMETRY_ENABLED": "0"}
        server, sites = start(["server.py", address, str(rounds)], environment), []
        try:
            # A site that finds no server fails.
            wait_until_it_listens(server, port)
            sites += [start(["client.py", address, str(partition)], environment) for partition in range(SITES)]
            return exit_code(server, sites)
        finally:
            for process in [server, *sites]:
                process.terminate()
            for process in [server, *sites]:
                process.wait()


def start(command, environment):
    """Starts a program of the example."""
    return subprocess.Popen([sys.executable, *command], cwd=HERE, env=environment)


def wait_until_it_listens(server, port):
    """Returns when the server takes connections, or has ended."""
    while server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)


def exit_code(server, sites):
    """The server's once it has ended; or 1 as soon as a site has failed, for which the server would wait for ever."""
    while True:
        try:
            return server.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            if any(site.poll() for site in sites):
                print("A site has failed.", file=sys.stderr)
                return 1


def free_port():
    """A port that nobody listened on a moment ago."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
