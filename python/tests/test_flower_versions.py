"""The versions of Flower that are tested stand in one list, and the documentation says the same."""

import json
import re
from importlib import metadata
from pathlib import Path

import pytest

pytest.importorskip("flwr", reason="Flower is not installed")

PYTHON = Path(__file__).parents[1]
LISTED = json.loads((PYTHON / "flower-versions.json").read_text())
VERSIONS = {each["flwr"]: each["python"] for each in LISTED}


def test_the_documentation_lists_the_versions():
    text = (PYTHON.parent / "docs/frameworks/flower.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| (\d+\.\d+\.\d+) \| (3\.\d+) \|", text, re.MULTILINE)) == VERSIONS


def test_examples_and_read_me_name_versions_that_are_tested():
    (main,) = (each["flwr"] for each in LISTED if each.get("main"))
    for place in ("examples/flower/README.md", "python/README.md"):
        text = (PYTHON.parent / place).read_text(encoding="utf-8")
        assert set(re.findall(r"flwr==(\d+\.\d+\.\d+)", text)) == {main}
    text = (PYTHON.parent / "examples/flower-legacy/README.md").read_text(encoding="utf-8")
    named = re.findall(r"(?<![\d.])1\.\d+\.\d+(?![\d.]\d)", text)
    assert set(named) <= set(VERSIONS)
    assert min(VERSIONS, key=as_numbers) in named
    assert max(VERSIONS, key=as_numbers) in named


def as_numbers(version):
    return [int(part) for part in version.split(".")]


def test_this_is_one_of_them():
    assert metadata.version("flwr") in VERSIONS
