"""A study of a few seconds."""

from pathlib import Path

import pytest

from nekogao import settings
from tests.conftest import TINY

STUDY = {
    "name": "Tiny",
    "prediction": "Skips forget more.",
    "pairs": "drawn:3",
    "size": 32,
    "seeds": [0, 1],
    "base": {**TINY, "phases": ["edges:3", "gray:2"], "adversary": {"kind": "none"}},
    "axes": {"generator.skips": ["none", "all"]},
}


def write_file(path: Path, changes: dict) -> Path:
    """Write a study file that differs from STUDY as told; None removes a key."""
    data = {k: v for k, v in {**STUDY, **changes}.items() if v is not None}
    path.write_text(settings.dump_toml(data), encoding="utf-8")
    return path


@pytest.fixture
def write_study(tmp_path):
    """Write a study file into the test's folder."""
    return lambda file="study.toml", **changes: write_file(tmp_path / file, changes)
