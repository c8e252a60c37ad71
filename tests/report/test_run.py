import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import nekogao
from nekogao.errors import InputError, RunError
from nekogao.files import sha256
from nekogao.models.applied import APPLIED, AppliedRow
from nekogao.models.gallery import apply
from nekogao.models.options import Options
from nekogao.pictures import images
from nekogao.pictures.photographs import photographs
from nekogao.report.run import MOST_APPLIED, build_report
from nekogao.runs.folder import Run
from nekogao.runs.metrics import stages


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


def test_the_page_shows_the_story(run):
    images.write(run.parent / "cup.png", photographs()["coffee"])
    list(apply(nekogao.load(run), [str(run.parent / "cup.png")], run / "applied",
               Options(nearest=True)))  # fmt: skip
    text, parser = read(build_report(run))
    for heading in ("Applied to pictures", "Watch it learn", "What is kept", "Curves", "The pairs",
                    "Do it again"):  # fmt: skip
        assert f"{heading}" in text
    assert "nearest face" in text and "<small>/4</small>" in text
    # 2 domains x 4 sheets, 4 pairs x 3 pictures, the applied picture and its source
    assert parser.tags.count("img") == 8 + 12 + 2
    assert "<svg" in text and "after edges:4" in text and "after gray:2" in text
    assert "--config" in text and "run.toml" in text


def test_names_are_escaped(run):
    text, _ = read(build_report(run))
    assert "&lt;run&gt; &amp; more" in text and "<run>" not in text


def test_the_retention_matrix_shows_what_was_measured(run):
    opened = Run(run)
    found = stages(opened.read_metrics(), opened.config().phases)
    assert [stage.name for stage in found] == ["before training", "edges:4", "gray:2"]
    trained = [[r.domain for r in stage.measurements if r.domain in r.trained] for stage in found]
    assert trained == [[], ["edges"], ["gray"]]
    text, _ = read(build_report(run))
    cells = re.findall(r'<td class="(trained)?[^"]*" style="--shade.*?<b>(.*?)</b>', text, re.S)
    expected = [("trained" if row.domain in row.trained else "", f"{row.skill:.2f}")
                for stage in found for row in stage.measurements]  # fmt: skip
    assert cells == expected and len(cells) == 6


def apply_copies(run, folder, count):
    """A folder that `apply` wrote, with one small output recorded `count` times."""
    folder.mkdir()
    rows = []
    for i in range(count):
        images.write(folder / f"{i:02}.png", np.full((8, 8, 3), i, np.uint8))
        rows.append(AppliedRow(output=f"{i:02}.png", domain="gray").to_json())
    (folder / APPLIED).write_text("\n".join(rows) + "\n")


def test_at_most_sixty_applied_pictures_are_shown_and_the_rest_linked(run):
    apply_copies(run, run / "applied", MOST_APPLIED + 3)
    text, parser = read(build_report(run))
    assert MOST_APPLIED == 60 and text.count('alt="output for') == 60 and "3 more" in text
    links = [s for s in parser.sources if not s.startswith(("data:", "#"))]
    assert links == ["applied/60.png", "applied/61.png", "applied/62.png"]
    assert all((run / link).is_file() for link in links)


def test_a_folder_beside_the_run_is_linked_and_a_far_one_only_named(run, tmp_path_factory):
    near, far = run.parent / "out & more", tmp_path_factory.mktemp("far") / "out"
    for folder in (near, far):
        apply_copies(run, folder, MOST_APPLIED + 1)
    _, parser = read(build_report(run, near))
    links = [s for s in parser.sources if not s.startswith(("data:", "#"))]
    assert links == ["../out%20%26%20more/60.png"]
    text, parser = read(build_report(run, far))
    assert all(s.startswith(("data:", "#")) for s in parser.sources)
    assert "60.png" in text and far.parent.name not in text


def test_a_run_whose_pairs_are_gone_still_has_a_page(run):
    (run / "local.toml").unlink()
    about = (run / "run.toml").read_text()
    (run / "run.toml").write_text(re.sub(r'path = ".*"', 'path = "/nowhere"', about))
    text, _ = read(build_report(run))
    assert "The pairs" not in text and "Watch it learn" in text


def test_an_unfinished_run_has_a_page_too(pair_set, tmp_path, tiny):
    asked = iter([False] * 9 + [True] * 99)
    list(nekogao.train(tmp_path / "run", pair_set, replace(tiny, every=1), stop=asked.__next__))
    text, _ = read(build_report(tmp_path / "run"))
    assert "after gray:2" in text


def test_what_cannot_be_reported_is_said(run, tmp_path):
    with pytest.raises(RunError, match="no such folder"):
        build_report(tmp_path / "absent")
    with pytest.raises(RunError, match="has no applied.jsonl"):
        build_report(run, tmp_path)
    (run / "metrics.jsonl").unlink()
    with pytest.raises(RunError, match="nothing was measured yet"):
        build_report(run)


def test_a_page_holds_no_folder_of_this_machine(run, tmp_path):
    images.write(tmp_path / "cup.png", photographs()["coffee"])
    list(apply(nekogao.load(run), [str(tmp_path / "cup.png")], run / "applied", Options()))
    about = (run / "run.toml").read_text()
    (run / "run.toml").write_text(
        f'{about}\n[continued]\nfrom = "{tmp_path}/first"\nstep = 3\ninit_from = "{tmp_path}/w"\n'
    )
    text = build_report(run).read_bytes()
    for secret in (Path.home(), tmp_path, run.resolve().parent, Path(Run(run).about().pairs.path)):
        assert str(secret).encode() not in text
    assert b"--init-from w" in text and b"went on from first" in text


def test_a_foreign_run_shows_no_picture_of_this_machine(run, tmp_path):
    secret = tmp_path / "secret.png"
    images.write(secret, photographs()["rocket"])
    images.write(run / "out.png", photographs()["coffee"])
    shown = []
    for claimed in ("", "0" * 64, sha256(secret)):
        row = AppliedRow(output="a.png", input=str(secret), sha256=claimed)
        (run / "applied").mkdir(exist_ok=True)
        shutil.copy2(run / "out.png", run / "applied" / "a.png")
        (run / "applied" / APPLIED).write_text(row.to_json() + "\n")
        shown.append('alt="given"' in build_report(run).read_text())
    assert shown == [False, False, True], "whoever knows its bytes has it already"
    pages = []
    for name in ("000000-edges.png", "000004-edges.png"):
        pages.append(read(build_report(run))[1].tags.count("img"))
        (run / "previews" / name).unlink()
        (run / "previews" / name).symlink_to(secret)
    pages.append(read(build_report(run))[1].tags.count("img"))
    assert pages == [pages[0], pages[0] - 1, pages[0] - 2]
    about = (run / "run.toml").read_text()
    (run / "run.toml").write_text(re.sub(r'fingerprint = ".*"', 'fingerprint = "0"', about))
    assert "The pairs" not in build_report(run).read_text()


def test_apply_does_not_write_through_a_link(run, tmp_path):
    images.write(tmp_path / "cup.png", photographs()["coffee"])
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (run / "applied").mkdir()
    (run / "applied" / APPLIED).symlink_to(victim)
    with pytest.raises(InputError, match="is a link"):
        list(apply(nekogao.load(run), [str(tmp_path / "cup.png")], run / "applied", Options()))
    assert victim.read_text() == "mine"
