"""Shared fixtures. Shape annotations are executed, and tensors this small want one thread."""

from jaxtyping import install_import_hook

with install_import_hook("nekogao", "beartype.beartype"):
    import nekogao.demo
    import nekogao.models.junyanz
    import nekogao.pairs.doctor
    import nekogao.pairs.hdf5
    import nekogao.pairs.imports
    import nekogao.pictures.faces
    import nekogao.report.explanation
    import nekogao.report.run
    import nekogao.tracking.console

from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings

from nekogao.config.pairs import PairConfig
from nekogao.config.plain import train_config
from nekogao.config.schema import TrainConfig
from nekogao.pairs.build import build
from nekogao.pictures import characters, photographs

torch.set_num_threads(1)
# A busy machine is no fault of a test.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

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
    return train_config(TINY)


@pytest.fixture(scope="session")
def faces(tmp_path_factory) -> Path:
    """A folder of four drawn faces."""
    folder = tmp_path_factory.mktemp("faces")
    chosen = {who.name: characters.draw_face(who, 64) for who in characters.CHARACTERS[:4]}
    photographs.write_folder(chosen, folder)
    return folder


@pytest.fixture(scope="session")
def pair_set(faces, tmp_path_factory) -> Path:
    """Those faces as a pair set of 32x32."""
    folder = tmp_path_factory.mktemp("sets") / "pairs"
    build(faces, folder, PairConfig(size=32))
    return folder


@pytest.fixture(scope="session")
def finished(pair_set, tmp_path_factory) -> Path:
    """A finished run on them, edges then gray."""
    folder = tmp_path_factory.mktemp("runs") / "finished"
    list(nekogao.train(folder, pair_set, train_config(TINY)))
    return folder
