"""Which settings are nobody's business."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SECRET = re.compile(r"token|secret|passw|api.?key|credential|private", re.IGNORECASE)


def without_secrets(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy without the settings whose names look like those of secrets, at any depth."""
    return {
        str(name): without_secrets(value) if isinstance(value, Mapping) else value
        for name, value in config.items()
        if not _SECRET.search(str(name))
    }
