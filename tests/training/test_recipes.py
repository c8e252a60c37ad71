"""What the recipes promise, on the ten embedded faces; minutes long: `make test-slow`."""

import pytest

import nekogao
from nekogao.config.compose import compose
from nekogao.pairs.build import build_from
from nekogao.pictures import photographs
from nekogao.runs.folder import Run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ten(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ten") / "pairs"
    build_from(photographs.ten_faces().items(), folder)
    return folder


def test_fast_learns_edges_and_keeps_them(ten, tmp_path):
    config = compose("fast", phases=["edges:100", "gray:100"])
    list(nekogao.train(tmp_path / "run", ten, config))
    rows = Run.open(tmp_path / "run").read_metrics()
    last = {(row.phase, row.domain): row for row in rows}
    for key in ((1, "edges"), (2, "edges"), (2, "gray")):
        row = last[key]
        assert row.ssim >= 0.98 and row.mae <= 0.01 and row.sharpness >= 0.9
        assert row.identity == 1


def test_without_replay_fast_forgets(ten, tmp_path):
    config = compose("fast", phases=["edges:150", "gray:100"], overrides={"replay": 0.0})
    list(nekogao.train(tmp_path / "run", ten, config))
    rows = Run.open(tmp_path / "run").read_metrics()
    kept = {row.phase: row.skill for row in rows if row.domain == "edges"}
    assert kept[2] < kept[1] - 0.2
