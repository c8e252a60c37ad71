"""Shared fixtures. Shape annotations are executed, and tensors this small want one thread."""

from jaxtyping import install_import_hook

with install_import_hook("nekogao", "beartype.beartype"):
    import nekogao.console
    import nekogao.data.faces
    import nekogao.data.imports
    import nekogao.demo
    import nekogao.nets.foreign
    import nekogao.report.explained
    import nekogao.report.page

from pathlib import Path

import pytest
import torch

from nekogao.config import TrainConfig
from nekogao.data import pairs, samples
from nekogao.settings import from_dict

torch.set_num_threads(1)

TINY = {
    "phases": ["edges:6", "gray:4"],
    "batch": 2,
    "every": 2,
    "generator": {"width": 2, "skips": "innermost", "dropout": 0.5},
    "adversary": {"kind": "patchgan", "patch": "16", "width": 4},
    "threads": 1,
}


@pytest.fixture
def tiny() -> TrainConfig:
    """A configuration whose run takes a second."""
    return from_dict(TrainConfig, TINY)


@pytest.fixture(scope="session")
def faces(tmp_path_factory) -> Path:
    """A folder of four drawn faces."""
    folder = tmp_path_factory.mktemp("faces")
    chosen = {who.name: samples.draw_face(who, 64) for who in samples.CHARACTERS[:4]}
    samples.write_folder(chosen, folder)
    return folder


@pytest.fixture(scope="session")
def pair_set(faces, tmp_path_factory) -> Path:
    """Those faces as a pair set of 32x32."""
    folder = tmp_path_factory.mktemp("sets") / "pairs"
    pairs.build(faces, folder, size=32)
    return folder


@pytest.fixture(scope="session")
def finished(pair_set, tmp_path_factory) -> Path:
    """A finished run on them, edges then gray."""
    folder = tmp_path_factory.mktemp("runs") / "finished"
    list(nekogao.train(folder, pair_set, from_dict(TrainConfig, TINY)))
    return folder
