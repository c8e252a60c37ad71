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


@pytest.fixture
def write_study(tmp_path):
    """Write a study file that differs from STUDY as told; None removes a key."""

    def write(file: str = "study.toml", **changes) -> Path:
        data = {k: v for k, v in {**STUDY, **changes}.items() if v is not None}
        path = tmp_path / file
        path.write_text(settings.dump_toml(data), encoding="utf-8")
        return path

    return write
