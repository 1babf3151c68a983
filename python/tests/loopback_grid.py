"""A Flower grid inside of one process: real strategies, real messages and real ClientApps, without a network.

It does what Flower's own grids do: `send_and_receive` pushes messages, then pulls replies until all are there or the
time is up, through the object's own `push_messages` and `pull_messages`.
"""

import copy
import logging
import os
import threading
import time
from dataclasses import dataclass, field
from itertools import count

try:
    from flwr.app import Context, Error, Message, RecordDict
except ImportError:  # Flower up to 1.19
    from flwr.common import Context, Error, Message, RecordDict

try:
    from flwr.supercore.task_identity import TaskIdentity
except ImportError:  # Flower up to 1.37 has none and needs none
    TaskIdentity = None

try:
    from flwr.supercore.run import RunNotRunningException  # noqa: F401
except ImportError:  # Flower up to 1.30
    from flwr.common.typing import RunNotRunningException  # noqa: F401

try:
    from flwr.proto.node_pb2 import NodeInfo
except ImportError:  # older ones know no more of nodes than their ids
    NodeInfo = None

CLIENT_APP_RAISED_EXCEPTION = 2
SUPERLINK_NODE_ID = 1

SILENT = "the node never answers"
REFUSED = "the SuperLink does not take the message"


def become_a_server_app(run_id):
    """Lets this process make messages, as one that Flower has started. One run per process."""
    if TaskIdentity is not None:
        TaskIdentity.run_id = run_id
        TaskIdentity.node_id = SUPERLINK_NODE_ID
        TaskIdentity.task_id = 1


@dataclass
class LoopbackRun:
    """What the adapter reads of Flower's Run."""

    run_id: int
    fab_id: str = "hivewatch/loopback"
    fab_version: str = "1.0.0"
    override_config: dict = field(default_factory=dict)


class LoopbackGrid:
    """A grid whose nodes are functions `handle(message, context) -> Message`, such as a ClientApp.

    Args:
        nodes: by node id: the ClientApp and its node_config.
        run_id: as Flower makes them, above 2^53.
        faults: by (message_type, round, node id): SILENT, REFUSED, or an Error that the SuperLink sends instead of the
            reply.

    Several threads may send and receive at once, as the legacy API does.
    """

    def __init__(self, nodes, run_id=10388190150487002303, faults=None):
        become_a_server_app(run_id)
        self.run = LoopbackRun(run_id)
        self.faults = faults or {}
        self._nodes = nodes
        self._contexts = {
            node: Context(run_id=run_id, node_id=node, node_config=config, state=RecordDict(), run_config={})
            for node, (_, config) in nodes.items()
        }
        self._replies = {}
        self._one_client = threading.Lock()
        self._ids = count(1)

    def get_nodes(self):
        return (NodeInfo(node_id=node) for node in self._nodes)

    def get_node_ids(self):
        return list(self._nodes) if NodeInfo is None else [node.node_id for node in self.get_nodes()]

    def push_messages(self, messages):
        ids = []
        for message in messages:
            fault = self._fault(message)
            message_id = None if fault is REFUSED else f"message-{next(self._ids)}"
            message.metadata.__dict__["_message_id"] = message_id or ""
            ids.append(message_id)
            if message_id is not None and fault is not SILENT:
                self._replies[message_id] = self._reply(message, fault)
        return ids

    def pull_messages(self, message_ids):
        # One at a time, as replies arrive from a network.
        ready = [message_id for message_id in message_ids if message_id in self._replies][:1]
        return [self._replies.pop(message_id) for message_id in ready]

    def send_and_receive(self, messages, *, timeout=None):
        waiting = {message_id for message_id in self.push_messages(messages) if message_id is not None}
        replies = []
        deadline = time.monotonic() + (timeout or 0)
        while waiting:
            pulled = list(self.pull_messages(waiting))
            replies.extend(pulled)
            waiting -= {reply.metadata.reply_to_message_id for reply in pulled}
            if not pulled and (timeout is None or time.monotonic() >= deadline or not self._can_still_come(waiting)):
                break
        return replies

    def _can_still_come(self, waiting):
        return any(message_id in self._replies for message_id in waiting)

    def _fault(self, message):
        metadata = message.metadata
        config = next(iter(message.content.config_records.values()), {})
        # The legacy API names the round in the message's group.
        number = config.get("server-round") or int(metadata.group_id or 0)
        return self.faults.get((metadata.message_type, number, metadata.dst_node_id))

    def _reply(self, message, fault):
        if isinstance(fault, Error):
            reply = Message(fault, reply_to=message)
            # What the SuperLink makes up has itself as its source.
            reply.metadata.__dict__["_src_node_id"] = SUPERLINK_NODE_ID
            return reply
        node = message.metadata.dst_node_id
        handle, _ = self._nodes[node]
        try:
            # A copy, as from a network: clients change what they are sent. One client at a time, as they are processes
            # of their own elsewhere: in Python 3.11, threads that read numpy's format at once disturb each other.
            with self._one_client:
                return handle(copy.deepcopy(message), self._contexts[node])
        except Exception as error:
            logging.getLogger(__name__).exception("A client failed.")
            return Message(Error(code=CLIENT_APP_RAISED_EXCEPTION, reason=str(error)), reply_to=message)


def scratch_home(path):
    """Keeps Flower from writing into the user's home."""
    os.environ["FLWR_HOME"] = str(path)
    os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
    os.environ["FLWR_DISABLE_UPDATE_CHECK"] = "1"
