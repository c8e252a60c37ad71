import pytest

from nekogao.config.schema import TrainConfig
from nekogao.errors import ConfigError
from nekogao.pairs.pair_set import PairSet
from nekogao.training.schedule import plan, probe_items


@pytest.fixture
def schedule(pair_set):
    config = TrainConfig(phases=("edges:5", "gray+edges:3", "all:1"), batch=3, every=2)
    return plan(config, PairSet.open(pair_set))


def test_phases_become_updates(schedule):
    # four pairs by three: 5 epochs are 20/3 updates, rounded up
    assert [(s.start, s.stop) for s in schedule.spans] == [(0, 7), (7, 11), (11, 13)]
    assert [s.domains for s in schedule.spans] == [
        ("edges",),
        ("gray", "edges"),
        ("gray", "edges"),
    ]
    assert schedule.total == 13 and schedule.every == 3


def test_measurements_fall_on_intervals_and_on_the_ends_of_phases(schedule):
    assert [s for s in range(14) if schedule.measured_at(s)] == [0, 3, 6, 7, 10, 11, 13]


def test_the_update_after_a_phase_belongs_to_the_next(schedule):
    assert [schedule.span(step).number for step in (0, 6, 7, 10, 11, 12, 13)] == [
        1,
        1,
        2,
        2,
        3,
        3,
        3,
    ]


def test_a_batch_is_never_larger_than_the_set(pair_set):
    schedule = plan(TrainConfig(phases=("gray:10",), batch=100), PairSet.open(pair_set))
    assert (schedule.batch, schedule.total) == (4, 10)


def test_unknown_domains_are_refused(pair_set):
    with pytest.raises(ConfigError, match="names the domain 'depth'"):
        plan(TrainConfig(phases=("depth:10",)), PairSet.open(pair_set))


def test_a_draw_is_that_of_its_phase(schedule, pair_set):
    assert {place.domain for place in schedule.draw(0).places} == {"edges"}
    assert len(schedule.draw(12).places) == 3 and schedule.draw(12).step == 12
    assert schedule.draw(5) == schedule.draw(5)


def test_trained_and_begun_domains(pair_set):
    config = TrainConfig(phases=("edges:4", "gray:4"), batch=4, replay=0.5)
    schedule = plan(config, PairSet.open(pair_set))
    assert [schedule.trained(step) for step in (0, 4, 5)] == [(), ("edges",), ("gray", "edges")]
    assert [schedule.begun(step) for step in (0, 4, 5)] == [[], ["edges"], ["edges", "gray"]]


@pytest.mark.parametrize(("count", "most"), [(1, 10), (10, 10), (1000, 7), (3, 1)])
def test_the_probe_spreads_evenly(count, most):
    chosen = probe_items(range(count), most)
    assert len(chosen) == len(set(chosen)) == min(count, most)
    assert chosen[0] == 0 and (len(chosen) == 1 or chosen[-1] == count - 1)


def test_earlier_domains_are_those_that_the_phase_has_left(pair_set):
    config = TrainConfig(phases=("edges:4", "gray:4", "edges:4"), batch=4)
    schedule = plan(config, PairSet.open(pair_set))
    assert [schedule.earlier(step) for step in (0, 4, 8)] == [(), ("edges",), ("gray",)]
