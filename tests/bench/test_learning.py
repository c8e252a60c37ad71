import json
from dataclasses import replace

import pytest
import torch

from nekogao.bench import learning
from nekogao.bench.baselines import textbook_unet
from nekogao.bench.learning import Look, Seen
from nekogao.bench.processes import Usage
from nekogao.pairs.pair_set import PairSet
from nekogao.runs.folder import Run
from nekogao.runs.metrics import Measurement

GOOD = Measurement(
    step=1, epoch=1.0, phase=1, domain="edges",
    mae=0.01, psnr=30.0, ssim=0.95, skill=0.9, identity=1.0, sharpness=0.95,
)  # fmt: skip


def seen(seconds, domain, **others):
    return Seen(replace(GOOD, domain=domain, **others), seconds)


@pytest.mark.parametrize(
    "bad",
    [{"ssim": 0.89}, {"mae": 0.021}, {"identity": 0.9}, {"sharpness": 0.89}, {"sharpness": None}],
)
def test_learned_asks_for_all_four(bad):
    assert learning.learned(GOOD) and not learning.learned(replace(GOOD, **bad))


def test_measurements_get_the_second_in_which_they_appear(tmp_path):
    run, now = Run(tmp_path), [100.0]
    rows = [replace(GOOD, step=step) for step in range(3)]

    def sleep(seconds):
        assert seconds == 0.05
        now[0] += 1
        if now[0] == 103:
            run.append_metrics(rows[:1])
            with run.metrics.open("a") as handle:
                handle.write('{"step": 1')  # half written
        if now[0] == 105:
            run.metrics.write_text("".join(row.to_json() + "\n" for row in rows[:2]))

    def running():
        if now[0] == 107:  # written in the last moment
            run.append_metrics(rows[2:])
        return now[0] < 107

    found = learning.watch(
        running, run.metrics, run.read_metrics, clock=lambda: now[0], sleep=sleep
    )
    assert found == [Seen(rows[0], 3.0), Seen(rows[1], 5.0), Seen(rows[2], 7.0)]


def test_a_run_that_learned_both_domains():
    rows = [seen(5, "edges", sharpness=0.5), seen(5, "gray", ssim=0.1), seen(9, "edges"),
            seen(9, "gray", ssim=0.2), seen(20, "edges", ssim=0.96), seen(20, "gray")]  # fmt: skip
    found = learning.findings(rows, Usage(21.0, 512 * 2**20, ""))
    assert {r.name: r.value for r in found.rows} == {
        "fast-edges": 9, "fast-both": 20, "fast-memory": 512,
    }  # fmt: skip
    assert found.rows[0].note.startswith("edges at the end (20.0 s): SSIM 0.960, MAE 0.0100")
    data = json.loads(json.dumps(found.numbers.to_json()))
    assert data["seconds_to_ssim"] == 5 and data["seconds_of_process"] == 21
    assert (data["measurements"][-1]["domain"], data["measurements"][-1]["seen"]) == ("gray", 20)


def test_a_run_that_forgot_its_edges():
    rows = [seen(9, "edges"), seen(20, "edges", identity=0.3), seen(20, "gray")]
    edges, both, _ = learning.findings(rows, Usage(21.0, 1, "")).rows
    assert edges.value == 9 and both.value is None


def test_the_textbook_is_measured_in_both_modes_and_given_up_in_time(pair_set):
    torch.manual_seed(0)
    ticks = iter(range(100))
    baseline = textbook_unet(32, 4)
    looks = learning.learn(
        baseline, PairSet.open(pair_set), every=2, longest=2.5, clock=lambda: next(ticks)
    )
    assert [(look.step, look.seconds) for look in looks] == [(2, 1), (4, 2), (6, 3)]
    assert all(-1 <= ssim < 0.9 for look in looks
               for ssim in (look.ssim_training, look.ssim_evaluation))  # fmt: skip
    assert looks[0].ssim_training != looks[0].ssim_evaluation
    assert baseline.generator.training


def test_the_textbooks_ratio_is_to_the_time_that_fast_took():
    end = Look(step=50, seconds=200.0, ssim_training=0.91, ssim_evaluation=0.5)
    (row,) = learning.compared([end], 8.0).rows
    assert row.ratio == 25 and "lower bound" not in row.note
    given_up = learning.compared([replace(end, ssim_training=0.8)], 8.0)
    assert "lower bound" in given_up.rows[0].note and not given_up.numbers.reached
    (row,) = learning.compared([end], None).rows
    assert row.value is None and row.ratio is None
