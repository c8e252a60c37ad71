"""Shared fixtures. Their imports are their own: a process that only hands out tests has none."""

import gc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from nekogao.config.schema import TrainConfig

TINY = {
    "phases": ["edges:4", "gray:2"],
    "batch": 2,
    "every": 2,
    "generator": {"width": 2, "skips": "innermost", "dropout": 0.5},
    "adversary": {"kind": "patchgan", "patch": "16", "width": 4},
    "threads": 1,
    "accelerator": "cpu",
}


def pytest_configure(config: pytest.Config) -> None:
    """Make ready for tests."""
    hands_out = config.getoption("numprocesses", None) and not hasattr(config, "workerinput")
    if hands_out:
        return
    import torch
    from hypothesis import HealthCheck, settings

    import tests.annotations  # noqa: F401

    torch.set_num_threads(1)  # which is what tensors this small want
    gc.freeze()  # what was imported stays, and need not be searched for garbage
    # A busy machine is no fault of a test.
    settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("busy")


@pytest.fixture
def tiny() -> "TrainConfig":
    """A configuration whose run takes a second."""
    from nekogao.config.plain import train_config

    return train_config(TINY)


@pytest.fixture(scope="session")
def faces(tmp_path_factory) -> Path:
    """A folder of four drawn faces."""
    from nekogao.pictures import characters, photographs

    folder = tmp_path_factory.mktemp("faces")
    chosen = {who.name: characters.draw_face(who, 64) for who in characters.CHARACTERS[:4]}
    photographs.write_folder(chosen, folder)
    return folder


@pytest.fixture(scope="session")
def pair_set(faces, tmp_path_factory) -> Path:
    """Those faces as a pair set of 32x32."""
    from nekogao.config.pairs import PairConfig
    from nekogao.pairs.build import build

    folder = tmp_path_factory.mktemp("sets") / "pairs"
    build(faces, folder, PairConfig(size=32))
    return folder


@pytest.fixture(scope="session")
def finished(pair_set, tmp_path_factory) -> Path:
    """A finished run on them, edges then gray."""
    import nekogao
    from nekogao.config.plain import train_config

    folder = tmp_path_factory.mktemp("runs") / "finished"
    list(nekogao.train(folder, pair_set, train_config(TINY)))
    return folder


@pytest.fixture(scope="session")
def exemplars(pair_set, tmp_path_factory) -> Path:
    """A finished run on them that answers from its training pairs."""
    import nekogao

    folder = tmp_path_factory.mktemp("runs") / "exemplars"
    list(nekogao.train(folder, pair_set, nekogao.compose("exemplar", overrides={"threads": 1})))
    return folder
