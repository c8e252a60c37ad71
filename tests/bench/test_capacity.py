import json
from dataclasses import replace

import pytest

from nekogao.bench import capacity
from nekogao.bench.capacity import CHALLENGES, Challenge, Trial
from nekogao.bench.findings import GOALS, Workplace
from nekogao.bench.learning import Seen
from nekogao.pairs.pair_set import PairSet
from tests.bench.test_learning import GOOD


def trial(challenge, *seen, **others):
    rows = [
        Seen(replace(GOOD, ssim=ssim, identity=identity, **others), seconds)
        for seconds, ssim, identity in seen
    ]
    return Trial(challenge=challenge, seconds=99.0, peak_bytes=300 * 2**20, measurements=rows)


def test_faces_are_learned_once_they_are_alike_and_all_told_apart():
    hundred = trial(
        Challenge(100, 128, 100, 10),
        (20, 0.5, 0.9),
        (50, 0.92, 0.99),
        (70, 0.91, 1.0),
        (80, 0.95, 1.0),
    )
    assert hundred.learned == 70
    assert (hundred.ssim_after(60), hundred.ssim_after(10)) == (0.92, None)
    assert trial(Challenge(10, 128, 1, 1), (9, 0.89, 1.0)).learned is None
    blurred = trial(Challenge(10, 128, 1, 1), (9, 0.95, 1.0), mae=0.021)
    assert blurred.learned == 9
    assert replace(blurred, challenge=Challenge(10, 128, 1, 1, strict=True)).learned is None
    found = capacity.findings([hundred])
    assert {row.name: row.value for row in found.rows} == {
        "capacity-100": 70, "capacity-100-minute": 0.92, "capacity-100-memory": 300,
    }  # fmt: skip
    assert found.rows[0].note.startswith(
        "to SSIM 0.90 and all identified; at the end (99 s): SSIM 0.950"
    )
    data = json.loads(json.dumps(found.numbers.to_json()))["trials"][0]
    assert data["challenge"]["faces"] == 100 and data["measurements"][1]["seen"] == 50


def test_every_challenge_has_a_goal():
    names = {name.removesuffix("-memory").removesuffix("-minute") for name in GOALS}
    assert {challenge.name for challenge in CHALLENGES} <= names
    assert capacity.MEMORY_ALONE in [challenge.name for challenge in CHALLENGES]
    (alone,) = [c for c in CHALLENGES if c.name == capacity.MEMORY_ALONE]
    assert [row.name for row in capacity.findings([trial(alone, (9, 0.5, 1.0))]).rows] == [
        f"{capacity.MEMORY_ALONE}-memory"
    ]


@pytest.mark.slow
def test_a_trial_trains_in_its_own_process_and_measures_every_face(tmp_path):
    tiny = Challenge(12, 32, 2, 1)
    sets = tmp_path / "sets"
    sets.mkdir()
    found = capacity.attempt(tiny, tmp_path, sets, {"generator.width": 4, "threads": 1})
    steps = [seen.measurement.step for seen in found.measurements]
    assert steps == [0, 1, 2] and found.peak_bytes > 0 and found.learned is None
    times = [seen.seconds for seen in found.measurements]
    assert times == sorted(times) and times[-1] < found.seconds
    assert len(PairSet.open(sets / "capacity-12-at-32-pairs")) == 12
    again = capacity.attempt(tiny, tmp_path, sets, {"generator.width": 4, "threads": 1})
    assert [s.measurement.ssim for s in again.measurements] == [
        s.measurement.ssim for s in found.measurements
    ]


@pytest.mark.parametrize("quick", [True, False])
def test_long_challenges_are_left_out_when_quick(quick, monkeypatch, tmp_path):
    tried = []

    def attempt(challenge, *_):
        tried.append(challenge)
        return trial(challenge, (1, 0.5, 1.0))

    monkeypatch.setattr(capacity, "attempt", attempt)
    capacity.capacity(Workplace(tmp_path, tmp_path, quick))
    assert tried == [c for c in CHALLENGES if c.quick or not quick] and tried
