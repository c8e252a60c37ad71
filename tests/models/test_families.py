"""A family from outside: everything works for it with no line of the package changed."""

import dataclasses
import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

import nekogao
from nekogao.cli import main
from nekogao.config.rules import ModelConfig, require
from nekogao.config.schema import MODELS
from nekogao.errors import ConfigError
from nekogao.models.families import FAMILIES, enter, leave
from nekogao.models.family import Family, Learner
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from nekogao.runs.folder import Run
from nekogao.sizes import Size
from nekogao.studies.measured import MEASURES, measure_run


@dataclass(frozen=True, kw_only=True)
class MeanConfig(ModelConfig):
    """The mean face: what comes out is the mean of all targets, whatever goes in."""

    kind: ClassVar[str] = "mean-face"
    gray: float = 0.0
    """Share of mid-gray in the answer."""

    def __post_init__(self):
        require(0 <= self.gray <= 1, "gray", self.gray, "must be in [0, 1]")


class MeanFace(nn.Module):
    def __init__(self, size, source_channels, target_channels, gray):
        super().__init__()
        shape = Size.of(size).shape
        self.gray = gray
        self.register_buffer("mean", torch.zeros(1, target_channels, *shape))

    def forward(self, source):
        return (1 - self.gray) * self.mean.expand(len(source), -1, -1, -1)


def shape(config, header):
    return {"size": header.size.plain, "source_channels": header.source_channels,
            "target_channels": header.target_channels, "gray": config.gray}  # fmt: skip


def fit(learner, pairs, domains, config, moment):
    targets = [pairs.picture(i, "target") for i in range(len(pairs))]
    learner.network.mean.copy_(images.to_tensor(targets).mean(dim=0, keepdim=True))


MEAN_FACE = Family(
    config=MeanConfig,
    check_size=lambda size: None,
    shape=shape,
    build=lambda shape: MeanFace(**shape),
    start=lambda config, header, batch: Learner({"mean": MeanFace(**shape(config.model, header))}),
    fit=fit,
)


@pytest.fixture(autouse=True)
def entered():
    """The family in the table, for one test."""
    enter(MEAN_FACE)
    yield
    leave("mean-face")


@pytest.fixture
def run(pair_set, tmp_path):
    config = nekogao.compose(
        None, phases=["edges:9", "gray:5"], overrides={"model.kind": "mean-face", "gray": 0.25}
    )
    events = list(nekogao.train(tmp_path / "run", pair_set, config))
    assert events[-1] == nekogao.Finished(2, already=False)
    return tmp_path / "run"


def test_it_trains_and_its_run_says_what_it_is(run, pair_set):
    opened, pairs = Run.open(run), PairSet.open(pair_set)
    rows = opened.read_metrics()
    assert [(row.step, row.phase) for row in rows[::2]] == [(0, 0), (1, 1), (2, 2)]
    assert rows[-1].mae < rows[0].mae and rows[-1].losses == {}
    mean = 0.75 * (images.to_tensor(pairs.targets).mean(dim=0))
    output = nekogao.load(run)(pairs.targets[0])
    assert np.array_equal(output, images.from_tensor(mean[None])[0])
    assert opened.config().model == MeanConfig(gray=0.25)
    assert list(nekogao.train(run)) == [nekogao.Finished(2, already=True)]


def test_it_resumes_switches_and_starts_from_another(run, pair_set, tmp_path):
    config = Run.open(run).config()
    once = iter([True])
    list(nekogao.train(tmp_path / "cut", pair_set, config, stop=lambda: next(once, False)))
    list(nekogao.train(tmp_path / "cut"))
    models = [(folder / "model.safetensors").read_bytes() for folder in (run, tmp_path / "cut")]
    assert models[0] == models[1]
    assert list(nekogao.switch(run, tmp_path / "new", ["edges:1"]))[-1].step == 3
    list(nekogao.train(tmp_path / "from", pair_set, config, init_from=run))
    with pytest.raises(ConfigError, match="is of the family mean-face, this run of convolutional"):
        list(nekogao.train(tmp_path / "other", pair_set, init_from=run))


def test_its_model_file_names_it_and_can_be_applied(run, tmp_path, faces):
    model = nekogao.load(run / "model.safetensors").model
    assert (model.kind, model.size, dict(model.shape)["gray"]) == ("mean-face", (32, 32), 0.25)
    status = main(["apply", str(run), str(faces), "--settle", "2", "--nearest", "--out",
                   str(tmp_path / "out")])  # fmt: skip
    assert status == 0 and len(list((tmp_path / "out").glob("*.png"))) == 4


def test_every_measure_can_be_taken(run, monkeypatch):
    some = {f"p{i}": np.full((32, 32, 3), 40 * i, np.uint8) for i in range(4)}
    monkeypatch.setattr("nekogao.pictures.photographs.unseen", lambda size: some)
    found = measure_run(run, list(MEASURES)).numbers
    assert found["retention"]["skill.gray"] and found["memory"]["memory.gray"]
    assert found["law"]["output-distance.gray"] and "level-5-cosine.gray" not in found["law"]
    assert found["attractors"]["spurious.gray"] == [1.0] * 4
    assert found["split"]["statistics-part.edges"] == 0


def test_it_is_explained_by_its_output_alone(run, faces, tmp_path, capsys):
    assert main(["explain", str(run), str(faces), "--out", str(tmp_path / "why")]) == 0
    assert "not explained" in capsys.readouterr().out
    data = json.loads((tmp_path / "why" / "explain.json").read_text(), parse_constant=pytest.fail)
    assert data["level"] is None and data["law"]["best"]["name"].startswith("output-")
    page = (tmp_path / "why" / "explain.html").read_text()
    assert "not explained" in page and "the output, the best view" in page


def test_the_report_shows_it(run):
    page = nekogao.build_report(run).read_text()
    assert "mean-face" in page and "edges:9" in page


def test_wrong_settings_of_it_are_refused():
    with pytest.raises(ConfigError, match=r"gray = 2.0: must be in \[0, 1\]"):
        nekogao.compose(None, overrides={"model.kind": "mean-face", "gray": 2})
    with pytest.raises(ConfigError, match="unknown setting generator"):
        nekogao.compose(None, overrides={"model.kind": "mean-face", "generator.width": 2})


def test_a_family_learns_in_one_way_and_has_a_name_of_its_own():
    both = Family(**{**vars(MEAN_FACE), "update": lambda *given: {}})
    with pytest.raises(ConfigError, match="has update and fit, or neither"):
        enter(both)
    with pytest.raises(ConfigError, match="there is one already"):
        enter(Family(**vars(MEAN_FACE)))
    seeded = dataclasses.make_dataclass(
        "Seeded", [("seed", int, 0)], bases=(ModelConfig,), frozen=True, kw_only=True,
        namespace={"kind": "seeded"},
    )  # fmt: skip
    with pytest.raises(ConfigError, match="the run has a setting seed too"):
        enter(Family(**{**vars(MEAN_FACE), "config": seeded}))
    assert FAMILIES["mean-face"] is MEAN_FACE and set(FAMILIES) == set(MODELS)
    with pytest.raises(TypeError):
        FAMILIES["other"] = MEAN_FACE
