"""How long one update takes, whatever else the machine does at first."""

import pytest

from nekogao.config.plain import train_config
from nekogao.pairs.pair_set import PairSet
from nekogao.training import pace
from tests.conftest import TINY


@pytest.mark.parametrize(("seconds", "found", "asked"), [
    ([30.0, 0.2, 0.3, 0.1, 0.2], 30.0, 1),
    ([5.0, 0.2, 0.3, 0.1, 0.2], 0.2, 5),
    ([0.9, 0.7, 0.7, 0.7, 0.7], 0.7, 3),
    ([0.1, 0.1, 0.3, 0.1, 0.1], 0.1, 5),
])  # fmt: skip
def test_a_slow_first_update_counts_only_where_it_is_very_slow(
    pair_set, monkeypatch, seconds, found, asked
):
    now, calls = [0.0], []

    def update(*_):
        now[0] += seconds[len(calls)]
        calls.append(now[0])
        return {}

    monkeypatch.setattr(pace, "update", update)
    monkeypatch.setattr(pace.time, "perf_counter", lambda: now[0])
    config, header = train_config(TINY), PairSet.open(pair_set).header
    assert pace.seconds_per_update(config, header, 4) == pytest.approx(found)
    assert len(calls) == asked
