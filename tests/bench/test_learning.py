import json

import pytest
import torch

from nekogao.bench import learning
from nekogao.bench.baselines import textbook_unet
from nekogao.bench.findings import Findings, Workplace
from nekogao.bench.processes import Outcome
from nekogao.files import read_lines
from nekogao.pairs.pair_set import PairSet

GOOD = {"ssim": 0.95, "mae": 0.01, "identity": 1.0, "sharpness": 0.95}


def row(seen, domain, **others):
    return {**GOOD, "domain": domain, "seen": seen, **others}


@pytest.mark.parametrize(
    "bad", [{"ssim": 0.89}, {"mae": 0.021}, {"identity": 0.9}, {"sharpness": 0.89}]
)
def test_learned_asks_for_all_four(bad):
    assert learning.learned(GOOD) and not learning.learned({**GOOD, **bad})


def test_measurements_get_the_second_in_which_they_appear(tmp_path):
    metrics, now = tmp_path / "metrics.jsonl", [100.0]

    def sleep(seconds):
        assert seconds == 0.05
        now[0] += 1
        if now[0] == 103:
            metrics.write_text('{"step": 0}\n{"step": 1')  # the second one is half written
        if now[0] == 105:
            metrics.write_text('{"step": 0}\n{"step": 1}\n')

    def running():
        if now[0] == 107:  # written in the last moment
            metrics.write_text("".join(json.dumps({"step": i}) + "\n" for i in range(3)))
        return now[0] < 107

    rows = learning.watch(
        running, metrics, lambda: read_lines(metrics), clock=lambda: now[0], sleep=sleep
    )
    assert [(r["step"], r["seen"]) for r in rows] == [(0, 3.0), (1, 5.0), (2, 7.0)]


def test_a_run_that_learned_both_domains():
    rows = [row(5, "edges", sharpness=0.5), row(5, "gray", ssim=0.1), row(9, "edges"),
            row(9, "gray", ssim=0.2), row(20, "edges", ssim=0.96), row(20, "gray")]  # fmt: skip
    found = learning.findings(rows, Outcome(21.0, 512 * 2**20, ""))
    assert {r.name: r.value for r in found.rows} == {
        "fast-edges": 9, "fast-both": 20, "fast-memory": 512,
    }  # fmt: skip
    assert found.numbers["seconds_to_ssim"] == 5
    assert found.rows[0].note.startswith("edges at the end (20.0 s): SSIM 0.960, MAE 0.0100")
    json.dumps(found.numbers)


def test_a_run_that_forgot_its_contours():
    rows = [row(9, "edges"), row(20, "edges", identity=0.3), row(20, "gray")]
    edges, both, _ = learning.findings(rows, Outcome(21.0, 1, "")).rows
    assert edges.value == 9 and both.value is None


def test_the_textbook_is_measured_in_both_modes_and_given_up_in_time(pair_set):
    torch.manual_seed(0)
    ticks = iter(range(100))
    baseline = textbook_unet(32, 4)
    looks = learning.learn(
        baseline, PairSet.open(pair_set), every=2, longest=2.5, clock=lambda: next(ticks)
    )
    assert [(look["step"], look["seconds"]) for look in looks] == [(2, 1), (4, 2), (6, 3)]
    assert all(-1 <= look[f"ssim_{mode}"] < 0.9 for look in looks
               for mode in ("training", "evaluation"))  # fmt: skip
    assert looks[0]["ssim_training"] != looks[0]["ssim_evaluation"]
    assert baseline.generator.training


def test_the_textbooks_ratio_is_to_the_time_that_fast_took(monkeypatch, pair_set, tmp_path):
    end = {"seconds": 200.0, "ssim_training": 0.91, "ssim_evaluation": 0.5}
    monkeypatch.setattr(learning, "textbook_unet", lambda size: None)
    monkeypatch.setattr(learning, "learn", lambda *_: [end])
    work = Workplace(pair_set, tmp_path, False)
    work.done["fast"] = Findings([], {"seconds_to_ssim": 8.0})
    (found,) = learning.textbook(work).rows
    assert found.ratio == 25 and "lower bound" not in found.note
    monkeypatch.setattr(learning, "learn", lambda *_: [{**end, "ssim_training": 0.8}])
    assert "lower bound" in learning.textbook(work).rows[0].note
