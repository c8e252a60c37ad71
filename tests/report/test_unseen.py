import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

import nekogao
from nekogao.pictures import images
from nekogao.report.run import build_report
from nekogao.report.unseen import sentence
from nekogao.runs.folder import Run
from nekogao.runs.unseen import NeverSeen, Quality
from tests.report.test_run import read

MEASURED = NeverSeen(
    domain="edges", pairs=10, others=9, left_out=True, trained=True,
    answers=Quality(0.02, 0.9, 0.8), retrieved=Quality(0.04, 0.7, 1.0),
)  # fmt: skip


@pytest.fixture
def run(exemplars, tmp_path):
    shutil.copytree(exemplars, tmp_path / "run")
    return tmp_path / "run"


def section(page):
    text, _ = read(page)
    found = re.search(r"<h2>What it has never seen</h2>.*?</section>", text, re.S)
    return found[0] if found else ""


def test_the_page_shows_every_domain_with_its_numbers_and_sheet(run):
    shown = section(build_report(run))
    last = {row.domain: row.unseen for row in Run(run).read_metrics()}
    cells = re.findall(r"<th>(\w+)</th>(.*?)</tr>", shown.partition("<tbody>")[2], re.S)
    assert [domain for domain, _ in cells] == ["gray", "edges"]
    for domain, row in cells:
        numbers = re.findall(r"<td>(?:<b>)?([\d.]+)", row)
        kinds = [("mae", ".4f"), ("ssim", ".3f"), ("sharpness", ".2f")]
        assert numbers == ["4"] + [
            format(last[domain][prefix + name], digits)
            for name, digits in kinds for prefix in ("", "retrieval_")
        ]  # fmt: skip
    assert shown.count("4 pairs, each answered from the 3 others") == 2
    assert shown.count('src="data:image/jpeg') == 2


def test_a_run_without_such_pairs_has_no_such_part(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    text, _ = read(build_report(tmp_path / "run"))
    assert "never seen" not in text.lower()


def test_held_out_pairs_are_shown_too(pair_set, tmp_path, tiny):
    config = replace(tiny, hold_out=1)
    list(nekogao.train(tmp_path / "run", pair_set, config))
    shown = section(build_report(tmp_path / "run"))
    assert shown.count("1 pair that was never trained on") == 2


def test_a_picture_of_this_machine_is_not_shown_in_a_foreign_run(run, tmp_path):
    secret = tmp_path / "unseen-secret.png"
    images.write(secret, np.zeros((30, 90, 3), np.uint8))
    sheet = run / "previews" / "unseen-gray.png"
    sheet.unlink()
    sheet.symlink_to(secret)
    assert section(build_report(run)).count("data:image") == 1
    sheet.unlink()
    rows = (run / "metrics.jsonl").read_text().splitlines()
    foreign = {**json.loads(rows[-1]), "domain": "x/../../../unseen-secret"}
    (run / "previews" / "unseen-x").mkdir()
    (run / "metrics.jsonl").write_text("\n".join([*rows, json.dumps(foreign)]) + "\n")
    shown = section(build_report(run))
    assert "unseen-secret" in shown and shown.count("data:image") == 1
    (run / "previews" / "unseen-edges.png").write_text("no picture")
    assert "data:image" not in section(build_report(run))


def test_a_wide_sheet_is_scaled_down(run):
    rng = np.random.default_rng(0)
    for width in (1600, 3200):
        noise = rng.integers(0, 256, (width // 10, width, 3), np.uint8)
        images.write(run / "previews" / f"unseen-{'gray' if width < 2000 else 'edges'}.png", noise)
    gray, edges = re.findall(r'<img src="(data:[^"]*)"', section(build_report(run)))
    assert len(edges) < 1.2 * len(gray)


def test_the_sentence_says_how_it_was_measured():
    assert sentence(MEASURED).startswith("10 pairs, each answered from the 9 others: ")
    held = replace(MEASURED, left_out=False)
    assert sentence(held).startswith("10 pairs that were never trained on: ")
    assert "that the run did not train in: " in sentence(replace(MEASURED, trained=False))


@pytest.mark.parametrize(("mae", "ssim", "words"), [
    (0.02, 0.9, "are better than the target of the nearest training source, by MAE and by SSIM."),
    (0.02, 0.6, "source by MAE, but not by SSIM."),
    (0.05, 0.9, "source by SSIM, but not by MAE."),
    (0.04, 0.7, "are no better than the target of the nearest training source"),
])  # fmt: skip
def test_the_sentence_compares_with_retrieval(mae, ssim, words):
    assert words in sentence(replace(MEASURED, answers=Quality(mae, ssim, 1.0)))


def test_where_nothing_was_retrieved_nothing_is_compared():
    assert "too large to search" in sentence(replace(MEASURED, retrieved=None))
