from pathlib import Path

import pytest

from nekogao.cli import main
from nekogao.models.applied import read_applied
from nekogao.pairs.pair_set import PairSet
from nekogao.runs.events import Finished, Interrupted
from nekogao.workshop import demo


def test_the_demo_shows_the_whole_story_and_resumes_where_it_was(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(demo, "PHASES", ("edges:1", "gray:1"))
    out = tmp_path / "demo"
    events = list(demo.demo(out, stop=lambda: True))
    assert isinstance(events[-1], Interrupted)
    assert not (out / demo.RUN / "report.html").exists()
    assert Finished(2, already=False) in list(demo.demo(out))
    assert (out / demo.RUN / "report.html").is_file()
    assert {row.output for row in read_applied(out / demo.RUN / "applied")} == {
        "astronaut.png", "cameraman.png", "coffee.png", "rocket.png",
    }  # fmt: skip
    assert Finished(2, already=True) in list(demo.demo(out))
    assert all(Path(i.origin.file).is_file() for i in PairSet.open(out / demo.MADE / "set").items)
    capsys.readouterr()
    assert main(["demo", str(out)]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == f"The report: {out / demo.RUN / 'report.html'}"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_demo_learns_ten_faces(tmp_path):
    list(demo.demo(tmp_path / "demo"))
    from nekogao.runs.folder import Run

    rows = Run(tmp_path / "demo" / demo.RUN).read_metrics()[-2:]
    trained = next(row for row in rows if row.domain in row.trained)
    assert trained.identity == 1.0 and trained.skill > 0.7
