import os

import pytest
from torch import nn

from nekogao.bench import baselines, steps
from nekogao.bench.findings import Workplace


@pytest.fixture
def tiny_contest(monkeypatch):
    """A contest at 32x32 in the article's place."""
    contest = steps.Contest(
        recipe="article",
        settings={"adversary.kind": "patchgan", "generator.width": 4, "adversary.width": 4},
        size=32,
        batch=2,
        baseline=lambda size: baselines.article(size, 4),
    )
    monkeypatch.setattr(steps, "CONTESTS", {"article": contest})
    monkeypatch.setattr(steps, "multiply", lambda: lambda: nn.Linear(9, 9))
    return contest


def test_a_step_is_reported_with_ratio_share_and_every_repeat(tiny_contest, tmp_path):
    found = steps.article(Workplace(tmp_path, tmp_path, quick=True))
    (row,) = found.rows
    assert row.name == "step-article" and row.value > 0 and row.ratio > 0 and row.share > 0
    assert {len(seconds) for seconds in found.numbers.seconds.values()} == {5}
    assert set(found.numbers.seconds) == {"nekogao", "baseline", "matmul"}
    assert found.numbers.needed_flops == tiny_contest.needed()


def test_a_profile_names_operations_of_both_sides(tiny_contest, tmp_path):
    before = dict(os.environ)
    numbers = steps.profiles(Workplace(tmp_path, tmp_path, quick=True)).numbers
    for side in ("nekogao", "baseline"):
        operations = numbers.contests["article"][side]
        times = [operation.ms for operation in operations]
        assert times == sorted(times, reverse=True) and len(operations) == 12
        assert any("convolution" in operation.operation for operation in operations)
    assert numbers.to_json()["article"]["baseline"][0]["ms"] == times[0]
    assert dict(os.environ) == before


def test_the_needed_operations_of_the_two_steps():
    assert steps.CONTESTS["article"].needed() == 70_040_782_080
    assert steps.CONTESTS["unet256"].needed() == 82_839_983_616
