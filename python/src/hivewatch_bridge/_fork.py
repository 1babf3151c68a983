"""Lets the program fork. To be imported before gRPC, which reads the environment once.

gRPC's handlers of forks help a child to use gRPC itself, which Python's gRPC doesn't allow by default in any case. But
if a thread is in gRPC at that moment, as ours mostly are, they write to stderr, and some of the children crash.
"""

import os

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
