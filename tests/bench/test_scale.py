import json

import pytest

from nekogao.bench import scale
from nekogao.bench.findings import Workplace
from nekogao.bench.processes import Outcome


def test_a_visit_opens_a_set_and_trains_a_little(pair_set):
    found = scale.visit(pair_set, 2)
    assert found["open"] > 0 and len(found["pair_steps"]) == 2 and min(found["pair_steps"]) > 0


def test_sets_take_turns_and_are_compared_with_the_smallest(monkeypatch, tmp_path):
    visited = []

    def run(*arguments):
        count = int(arguments[2].name.removeprefix("drawn-"))
        visited.append(count)
        drift, cost = len(visited), 2.0 if count > 10 else 1.0
        told = {"open": count / 1000, "pair_steps": [drift * cost] * 3}
        return Outcome(1.0, (100 + count) * 2**20, json.dumps(told))

    monkeypatch.setattr(scale, "_draw", lambda count, folder: folder)
    monkeypatch.setattr(scale, "run", run)
    ten, thousand, opening = scale.scale(Workplace(tmp_path, tmp_path, quick=True)).rows
    assert visited == [10, 1000, 10, 1000]
    assert (ten.name, ten.ratio, ten.value) == ("scale-10", 1, 2000)
    assert (thousand.name, thousand.baseline) == ("scale-1000", 2000)
    assert thousand.ratio == pytest.approx((1 / 4 + 3 / 8) / 2)
    assert "1100 MiB" in thousand.note and (opening.name, opening.value) == ("open-1000", 1)
