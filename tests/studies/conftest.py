"""A study of a few seconds, and a finished run to measure, its network perhaps another."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from nekogao.config import plain as settings
from nekogao.models.translator import Translator
from nekogao.studies.trained import Trained
from tests.conftest import TINY

STUDY = {
    "name": "Tiny",
    "prediction": "Skips forget more.",
    "pairs": "drawn:3",
    "size": 32,
    "seeds": [0, 1],
    "base": {**TINY, "phases": ["edges:2", "gray:1"], "adversary": {"kind": "none"}},
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


def some_unseen(size):
    rng = np.random.default_rng(0)
    return {f"p{i}": rng.integers(0, 256, (*size.shape, 3), np.uint8) for i in range(5)}


@pytest.fixture
def trained(finished, monkeypatch):
    monkeypatch.setattr("nekogao.pictures.photographs.unseen", some_unseen)
    return Trained(finished)


@pytest.fixture
def answering(trained):
    """Put a function from sources to outputs into the place of the run's last network."""

    class Answering(nn.Module):
        def __init__(self, answer):
            super().__init__()
            self.answer = answer

        def forward(self, sources):
            return self.answer(sources)

    def put(answer):
        # The table's convolutional family looks at layers, which these networks do not have.
        translator = Translator(replace(trained.last.model, network=Answering(answer)))
        translator.family = replace(translator.family, views=lambda network, sources: {})
        trained.last = translator
        return trained

    return put
