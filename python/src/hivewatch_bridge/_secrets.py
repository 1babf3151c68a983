"""Which settings are nobody's business."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Rather too much than too little; but a tokenizer has a name.
_SECRET = re.compile(
    r"token(?!i[sz])|secret|passw|passphrase|pwd|(api|access|auth|private).?key|credential|bearer", re.IGNORECASE
)


def is_secret_name(name: str) -> bool:
    """Whether a setting's name looks like that of a secret."""
    return _SECRET.search(name) is not None


def without_secrets(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy without the settings whose names look like those of secrets, at any depth."""
    return {
        str(name): without_secrets(value) if isinstance(value, Mapping) else value
        for name, value in config.items()
        if not is_secret_name(str(name))
    }
