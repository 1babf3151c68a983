"""The versions of Flower that are tested stand in one list, and the documentation says the same."""

import json
import re
from importlib import metadata
from pathlib import Path

import pytest

pytest.importorskip("flwr", reason="Flower is not installed")

PYTHON = Path(__file__).parents[1]
VERSIONS = {each["flwr"]: each["python"] for each in json.loads((PYTHON / "flower-versions.json").read_text())}


def test_the_documentation_lists_the_versions():
    text = (PYTHON.parent / "docs/frameworks/flower.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| (\d+\.\d+\.\d+) \| (3\.\d+) \|", text, re.MULTILINE)) == VERSIONS


def test_this_is_one_of_them():
    assert metadata.version("flwr") in VERSIONS
