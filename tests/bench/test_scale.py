import json

import pytest

from nekogao.bench import scale
from nekogao.bench.scale import Visit


def test_a_visit_opens_a_set_and_trains_a_little(pair_set):
    found = scale.visit(pair_set, 2)
    assert found.open > 0 and len(found.pair_steps) == 2 and min(found.pair_steps) > 0


def test_sets_are_compared_with_the_smallest_visited_at_the_same_time():
    def visit(count, drift):
        cost = 2.0 if count > 10 else 1.0
        return Visit(count / 1000, [drift * cost] * 3, (100 + count) * 2**20)

    found = scale.findings({10: [visit(10, 1), visit(10, 3)],
                            1000: [visit(1000, 2), visit(1000, 4)]})  # fmt: skip
    ten, thousand, opening = found.rows
    assert (ten.name, ten.ratio, ten.value) == ("scale-10", 1, 2000)
    assert (thousand.name, thousand.baseline) == ("scale-1000", 2000)
    assert thousand.ratio == pytest.approx((1 / 4 + 3 / 8) / 2)
    assert "1100 MiB" in thousand.note and (opening.name, opening.value) == ("open-1000", 1)
    data = json.loads(json.dumps(found.numbers.to_json()))
    assert data["visits"]["10"][1]["pair_steps"] == [3.0, 3.0, 3.0]
