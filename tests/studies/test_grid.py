"""Study files: what they expand to, and what is refused before anything runs."""

from pathlib import Path

import pytest

from nekogao.errors import ConfigError, InputError
from nekogao.studies import grid

STUDIES = Path(__file__).parents[2] / "docs" / "studies"

ORDER = {
    "edges-then-gray": {"phases": ["edges:4", "gray:2"]},
    "gray-then-edges": {"phases": ["gray:4", "edges:2"], "optimizer": {"lr": 1e-4}},
}


def test_every_combination_is_a_cell_with_a_readable_folder(write_study):
    study = grid.read(write_study(axes={"generator.skips": ["none", "5,6"], "order": ORDER}))
    assert [cell.slug for cell in study.cells] == [
        "skips-none_order-edges-then-gray", "skips-none_order-gray-then-edges",
        "skips-5-6_order-edges-then-gray", "skips-5-6_order-gray-then-edges",
    ]  # fmt: skip
    config = study.cells[3].config(7)
    assert config.phases == ("gray:4", "edges:2") and config.seed == 7
    assert config.model.generator.skips == "5,6" and config.model.optimizer.lr == 1e-4
    assert config.batch == 2 and config.model.generator.width == 2, "the base stays"
    assert study.cells[0].config(0).model.optimizer.lr != 1e-4


def test_dotted_axes_need_no_quotes(tmp_path, write_study):
    path = write_study(axes=None)
    path.write_text(path.read_text() + '\n[axes]\ngenerator.normalisation = ["batch", "group"]\n')
    cells = grid.read(path).cells
    assert [c.config(0).model.generator.normalisation for c in cells] == ["batch", "group"]


def test_recipes_generators_and_pair_sets_can_be_axes(write_study):
    axes = {"pairs": ["ten-faces", "drawn:5"], "net": {"u": {"generator": "unet"},
            "article": {"recipe": "article"}}}  # fmt: skip
    cells = grid.read(write_study(axes=axes, base={}, recipe="fast")).cells
    assert [cell.pairs for cell in cells] == ["ten-faces"] * 2 + ["drawn:5"] * 2
    assert cells[0].config(0).model.generator.skips == "all"
    assert cells[1].config(0).model.adversary.kind == "article"


def test_without_axes_there_is_one_cell(write_study):
    (cell,) = grid.read(write_study(axes=None)).cells
    assert (cell.name, cell.slug) == ("base", "base")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prediction": None}, "has no prediction, and evidence without one is refused"),
        ({"prediction": " "}, "has no prediction"),
        ({"name": None}, "has no name"),
        ({"sedes": [1]}, "unknown setting sedes. Did you mean seeds?"),
        ({"seeds": [0, 0]}, "must be different whole numbers"),
        ({"seeds": []}, "one at least"),
        ({"seeds": ["a"]}, "must be different whole numbers"),
        ({"measures": ["retenton"]}, "unknown measure 'retenton'. Choose from retention, split"),
        ({"measures": ["law", "law"]}, "one is named twice"),
        ({"axes": {"generator.skip": ["all"]}},
         "unknown setting generator.skip. Did you mean generator.skips?"),
        ({"axes": {"generator.kernel": [3, 5]}}, "generator.kernel = 5: must be 3 or 4"),
        ({"axes": {"batch": [2, 2]}}, "axes.batch: two alternatives have the same name"),
        ({"axes": {"batch": []}}, "must be a list of values, or named tables"),
        ({"axes": {"batch": 3}}, "axes.batch = 3: must be a list"),
        ({"axes": {"batch": [2], "b": {"x": {"batch": 3}}}}, "sets batch, as another axis does"),
        ({"axes": {"seed": [1, 2]}}, "seed is no setting of an axis"),
        ({"base": {"seed": 3}}, "base.seed: seeds are listed at the top"),
        ({"base": {"generator": 3}, "axes": {"generator.width": [2]}}, "must be a text"),
        ({"base": {"optimizer": 3}, "axes": {"optimizer.lr": [0.1]}}, "optimizer is a single"),
        ({"axes": {"order": {"a b": {"batch": 1}, "a-b": {"batch": 2}}}}, "share the folder"),
        ({"recipe": "slow"}, "unknown recipe 'slow'"),
    ],
)  # fmt: skip
def test_faults_are_reported_in_one_line(write_study, changes, message):
    path = write_study(**changes)
    with pytest.raises(ConfigError) as caught:
        grid.read(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ") and message in text and "\n" not in text


def test_all_faults_are_reported_at_once(write_study):
    path = write_study(prediction="", seeds=[], axes={"batch": [0, -1]})
    with pytest.raises(ConfigError, match=r"4 faults. \(1\) .*prediction.*\(4\) batch = -1"):
        grid.read(path)


def test_no_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        grid.read(tmp_path / "study.toml")


@pytest.mark.parametrize("path", sorted(STUDIES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_studies_of_the_documents_are_sound(path):
    study = grid.read(path)
    assert len(study.seeds) >= 5 and len(study.cells) > 1


@pytest.mark.parametrize("name", ["fid", "KID"])
def test_measures_that_need_thousands_of_pictures_are_refused(write_study, name):
    with pytest.raises(ConfigError, match="compares the statistics of thousands of pictures"):
        grid.read(write_study(measures=[name]))
