"""A study of a few seconds, a finished run to measure, and stubs of known answer."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import nekogao.measures
from nekogao.config import plain as settings
from nekogao.studies.trained import Trained
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


@pytest.fixture
def stub(monkeypatch):
    """Put a module of the given functions into nekogao.measures."""

    def put(name, **functions):
        module = ModuleType(f"nekogao.measures.{name}")
        vars(module).update(functions)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(nekogao.measures, name, module, raising=False)

    return put


def some_unseen(size):
    rng = np.random.default_rng(0)
    return {f"p{i}": rng.integers(0, 256, (size, size, 3), np.uint8) for i in range(5)}


@pytest.fixture
def trained(finished, monkeypatch):
    monkeypatch.setattr("nekogao.pictures.photographs.unseen", some_unseen)
    return Trained(finished)
