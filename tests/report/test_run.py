import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser

import pytest

import nekogao
from nekogao.errors import RunError
from nekogao.models.gallery import apply
from nekogao.models.translator import Options
from nekogao.pictures import images
from nekogao.pictures.photographs import photographs
from nekogao.report.run import build_report, stages
from nekogao.runs.folder import Run


@pytest.fixture
def run(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "<run> & more")
    return tmp_path / "<run> & more"


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.sources, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.sources += [v for k, v in attrs if k in ("src", "href") and v]


def read(page):
    parser = Links()
    text = page.read_text()
    parser.feed(text)
    return text, parser


def test_the_page_stands_alone(run):
    text, parser = read(build_report(run))
    assert parser.sources and all(s.startswith(("data:", "#")) for s in parser.sources)
    assert "@import" not in text and "url(http" not in text


def test_the_page_tells_the_story(run):
    images.write(run.parent / "cup.png", photographs()["coffee"])
    list(apply(nekogao.load(run), [str(run.parent / "cup.png")], run / "applied",
               Options(nearest=True)))  # fmt: skip
    text, parser = read(build_report(run))
    for heading in ("Applied to pictures", "Watch it learn", "What is kept", "Curves", "The pairs",
                    "Do it again"):  # fmt: skip
        assert f"{heading}" in text
    assert "nearest face" in text and "<small>/4</small>" in text
    # 2 domains x 6 sheets, 4 pairs x 3 pictures, the applied picture and its source
    assert parser.tags.count("img") == 12 + 12 + 2
    assert "<svg" in text and "after edges:6" in text and "after gray:4" in text
    assert "--config" in text and "run.toml" in text


def test_names_are_escaped(run):
    text, _ = read(build_report(run))
    assert "&lt;run&gt; &amp; more" in text and "<run>" not in text


def test_the_retention_matrix_is_what_was_measured(finished):
    run = Run(finished)
    rows = run.read_metrics()
    found = stages(rows, run.config())
    assert [s.name for s in found] == ["before training", "edges:6", "gray:4"]
    for stage, step in zip(found, (0, 12, 20), strict=True):
        expected = {r["domain"]: r["skill"] for r in rows if r["step"] == step}
        assert {c.domain: c.row["skill"] for c in stage.cells} == expected
    trained = [[c.domain for c in s.cells if c.trained] for s in found]
    assert trained == [[], ["edges"], ["gray"]]


def test_a_run_whose_pairs_are_gone_still_has_a_page(run):
    about = (run / "run.toml").read_text()
    (run / "run.toml").write_text(re.sub(r'path = ".*"', 'path = "/nowhere"', about))
    text, _ = read(build_report(run))
    assert "The pairs" not in text and "Watch it learn" in text


def test_an_unfinished_run_has_a_page_too(pair_set, tmp_path, tiny):
    asked = iter([False] * 13 + [True] * 99)
    list(nekogao.train(tmp_path / "run", pair_set, replace(tiny, every=1), stop=asked.__next__))
    text, _ = read(build_report(tmp_path / "run"))
    assert "after gray:4" in text


def test_what_cannot_be_reported_is_said(run, tmp_path):
    with pytest.raises(RunError, match="no such folder"):
        build_report(tmp_path / "absent")
    with pytest.raises(RunError, match="has no applied.jsonl"):
        build_report(run, tmp_path)
    (run / "metrics.jsonl").unlink()
    with pytest.raises(RunError, match="nothing was measured yet"):
        build_report(run)
