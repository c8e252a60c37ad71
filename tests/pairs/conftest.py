"""Fixtures for the tests of pair sets."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def broken(pair_set, tmp_path) -> Path:
    """A copy of the pair set to damage."""
    shutil.copytree(pair_set, tmp_path / "set")
    return tmp_path / "set"
