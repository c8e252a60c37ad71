import re
import shutil

import numpy as np
import pytest
import torch

from nekogao.config.pairs import PairConfig
from nekogao.errors import ConfigError, InputError, WeightsError
from nekogao.pairs.build import build
from nekogao.pairs.pair_set import PairSet
from nekogao.reasons.subject import Subject
from tests.models.test_junyanz import weights as foreign_weights


def test_a_runs_faces_are_its_pair_sets(finished, pair_set):
    found, known = Subject.load(finished), PairSet.open(pair_set)
    assert found.domain_name == "gray" and not found.faces.thumbnails and not found.faces.note
    assert found.faces.ids == [item.id for item in known.items]
    assert all(map(np.array_equal, found.faces.targets, known.targets))
    assert all(map(np.array_equal, found.faces.sources, known.sources["gray"]))
    edges = Subject.load(finished, "edges")
    assert all(map(np.array_equal, edges.faces.sources, known.sources["edges"]))


def test_a_model_file_alone_has_thumbnails_and_says_so(finished, pair_set):
    alone = Subject.load(finished / "model.safetensors")
    assert alone.faces.thumbnails and "32x32 thumbnails" in alone.faces.note
    with_set = Subject.load(finished / "model.safetensors", pairs=pair_set)
    assert not with_set.faces.thumbnails


def test_a_pair_set_that_is_missing_or_changed_is_reported(finished, faces, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    (run / "local.toml").unlink()
    about = (run / "run.toml").read_text()
    (run / "run.toml").write_text(re.sub(r'path = ".*"', 'path = "/nowhere"', about))
    assert "cannot be read" in Subject.load(run).faces.note
    build(faces, tmp_path / "other", PairConfig(size=32, domains=("gray",)))
    path = f'path = "{tmp_path / "other"}"'
    (run / "run.toml").write_text(re.sub(r'path = ".*"', path, about))
    assert "no longer the one" in Subject.load(run).faces.note


def test_ready_sources_are_compared_with_the_last_domains(finished, pair_set):
    ready = Subject.load(finished, "as-is")
    assert ready.domain_name == "as-is"
    assert np.array_equal(ready.faces.sources[0], PairSet.open(pair_set).sources["gray"][0])


def test_what_cannot_be_explained_is_said(finished, faces, tmp_path):
    with pytest.raises(ConfigError, match="unknown domain 'depth': .* gray, edges"):
        Subject.load(finished, "depth")
    with pytest.raises(WeightsError, match="no such file"):
        Subject.load(tmp_path / "absent")
    with pytest.raises(InputError, match="absent"):
        Subject.load(finished, pairs=tmp_path / "absent")
    build(faces, tmp_path / "large", PairConfig(size=64))
    with pytest.raises(ConfigError, match="64x64, the network takes 32x32"):
        Subject.load(finished, pairs=tmp_path / "large")
    torch.save(foreign_weights(), tmp_path / "net.pth")
    with pytest.raises(ConfigError, match="no training faces .* --pairs"):
        Subject.load(tmp_path / "net.pth")
