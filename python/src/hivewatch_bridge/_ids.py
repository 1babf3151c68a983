"""Ids of runs and producers.

From the system's random source: a training that seeds Python's global generator would get the same id at each start,
and drawing from that generator would change the training.
"""

from __future__ import annotations

import re
import secrets
import string

PRODUCER_PREFIX = "py-"
"""What the id of a producer in Python begins with."""
_MAX_RUN_ID_LENGTH = 128

# What no file system takes in a name, or takes for something else than a name.
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff/\\:*?\"<>|]|^[.-]|[. ]\Z")


def new_run_id() -> str:
    """An id like `run-kqzv-4821`."""
    letters = "".join(secrets.choice(string.ascii_lowercase) for _ in range(4))
    return f"run-{letters}-{secrets.randbelow(10_000):04}"


def check_run_id(run_id: object) -> str:
    """Returns the id as text.

    Raises:
        ValueError: a run can't have this id.
    """
    text = str(run_id)
    if text and not _FORBIDDEN.search(text) and len(text.encode("utf-16-le")) <= 2 * _MAX_RUN_ID_LENGTH:
        return text
    raise ValueError(
        f'run_id {text[:80]!r} is not allowed: use 1 to {_MAX_RUN_ID_LENGTH} characters, none of / \\ : * ? " < > |, '
        'not beginning with "." or "-" nor ending with "." or a blank'
    )


def new_producer_id() -> str:
    """An id that no other producer of the run has."""
    return PRODUCER_PREFIX + secrets.token_hex(8)
