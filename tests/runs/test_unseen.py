from dataclasses import replace

import pytest

from nekogao.runs.folder import Run
from nekogao.runs.metrics import Measurement
from nekogao.runs.unseen import Quality, never_seen

ROW = Measurement(
    step=1, epoch=1.0, phase=1, trained=("edges",), domain="edges", ssim=1.0, mae=0.0, psnr=99.0,
    skill=1.0, identity=1.0, unseen={"pairs": 3.0, "mae": 0.1, "ssim": 0.9, "sharpness": 1.0},
)  # fmt: skip


def test_the_last_measurement_of_every_domain_counts(tiny):
    later = replace(ROW, step=2, unseen={**ROW.unseen, "mae": 0.2})
    other = replace(ROW, domain="gray")
    found = never_seen([ROW, other, later], tiny, 10)
    assert [(each.domain, each.answers.mae) for each in found] == [("edges", 0.2), ("gray", 0.1)]
    assert [each.trained for each in found] == [True, False]
    assert never_seen([ROW, replace(ROW, step=2, unseen={})], tiny, 10) == []


def test_before_the_first_update_nothing_is_said(tiny):
    assert never_seen([replace(ROW, step=0)], tiny, 10) == []


def test_pairs_are_left_out_in_turn_or_held_out(tiny):
    (left,) = never_seen([ROW], tiny, 10)
    assert (left.left_out, left.pairs, left.others) == (True, 3, 9)
    (held,) = never_seen([ROW], replace(tiny, hold_out=3), 10)
    assert (held.left_out, held.pairs, held.others) == (False, 3, 7)
    assert left.method == "each from the others" and held.method == "never trained on"


def test_retrieval_may_be_missing(tiny):
    (found,) = never_seen([ROW], tiny, 10)
    assert found.retrieved is None
    nearest = {f"retrieval_{name}": 0.5 for name in ("mae", "ssim", "sharpness")}
    (found,) = never_seen([replace(ROW, unseen={**ROW.unseen, **nearest})], tiny, 10)
    assert found.retrieved == Quality(0.5, 0.5, 0.5)


@pytest.mark.parametrize("wrong", [{"pairs": 0.0}, {"pairs": float("inf")}, {"pairs": 11.0},
                                   {"mae": float("nan")}, {"ssim": float("inf")}])  # fmt: skip
def test_numbers_that_no_run_writes_are_left_out(tiny, wrong):
    assert never_seen([replace(ROW, unseen={**ROW.unseen, **wrong})], tiny, 10) == []


def test_a_run_of_exemplars_has_them_and_another_run_has_none(exemplars, finished):
    run = Run(exemplars)
    found = never_seen(run.read_metrics(), run.config(), 4)
    assert [(each.domain, each.pairs, each.others) for each in found] == [
        ("gray", 4, 3), ("edges", 4, 3)
    ]  # fmt: skip
    assert all(each.left_out and each.trained and each.retrieved for each in found)
    assert never_seen(Run(finished).read_metrics(), Run(finished).config(), 4) == []
