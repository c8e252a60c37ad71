"""Exemplars: training sources come back, moved ones follow, and every pixel has its place."""

import copy

import numpy as np
import pytest
import torch

from nekogao.models.exemplar.exemplars import Exemplars
from nekogao.models.family import Wish
from nekogao.pictures import images
from tests.models.exemplar.pictures import SIDE, SOURCES, gray, lines, scene

HELD = (0.0, 4.0, 8.0, 12.0)
NEW = 6.0


def exemplars(kinds=("lines",), shifts=HELD, **settings):
    settings = {"best": 4, "decisive": 5.0, "patches": True, **settings}
    made = Exemplars(
        size=SIDE, source_channels=1, target_channels=3, names=list(SOURCES), **settings
    )
    targets = [scene(shift) for shift in shifts]
    for kind in kinds:
        sources = [SOURCES[kind](target) for target in targets]
        made.take_in(kind, kind, images.stack(sources), images.stack(targets))
    return made


def error(output, shift):
    return float(np.abs(output.astype(float) - scene(shift)).mean())


@pytest.mark.parametrize("kind", list(SOURCES))
def test_training_sources_come_back_exactly(kind):
    made = exemplars([kind])
    for shift in HELD:
        answer = made.answer(SOURCES[kind](scene(shift)))
        assert np.array_equal(answer.output, scene(shift))
        assert answer.unsure == 0 and answer.chosen == (HELD.index(shift),)


@pytest.mark.parametrize("kind", list(SOURCES))
def test_a_source_between_two_is_answered_better_than_by_either(kind):
    answer = exemplars([kind]).answer(SOURCES[kind](scene(NEW)))
    nearest = min(error(scene(shift), NEW) for shift in HELD)
    assert error(answer.output, NEW) < 0.6 * nearest
    assert answer.unsure < 0.05


@pytest.mark.parametrize("kind", list(SOURCES))
def test_each_place_holds_what_came_out(kind):
    """Where one pair has nearly all the weight, its target at the place is the output."""
    made = exemplars([kind], decisive=100.0)
    answer = made.answer(SOURCES[kind](scene(NEW)))
    assert set(np.unique(answer.pair)) <= set(answer.chosen) <= set(range(len(HELD)))
    across, down = np.rint(answer.place).astype(int).clip(0, SIDE - 1).transpose(2, 0, 1)
    from_there = np.stack([scene(shift) for shift in HELD])[answer.pair, down, across]
    off = np.abs(from_there.astype(int) - answer.output).max(axis=2)
    assert np.median(off) <= 8 and answer.place.shape == (SIDE, SIDE, 2)


def test_no_freedom_gives_the_nearest_target_as_it_is_and_ranks_give_the_next():
    made = exemplars()
    source = lines(scene(5.0))
    found = [made.answer(source, None, Wish(freedom=0.0, rank=rank)) for rank in range(4)]
    assert np.array_equal(found[0].output, scene(4.0))
    assert sorted(answer.chosen[0] for answer in found) == [0, 1, 2, 3]


def test_what_no_pair_explains_is_in_doubt():
    made = exemplars()
    drawn = lines(scene(NEW))
    drawn[48:60:4, 6:26] = 0  # strokes where no pair has any
    answer = made.answer(drawn)
    assert (answer.doubt[49:58, 8:24] > 1).mean() > 0.8
    assert (answer.doubt[:16] > 1).mean() < 0.2


@pytest.mark.parametrize("value", [0, 255])
def test_a_source_of_ink_or_of_paper_alone_is_answered_and_in_doubt(value):
    answer = exemplars().answer(np.full((SIDE, SIDE), value, np.uint8))
    assert answer.output.shape == (SIDE, SIDE, 3) and answer.unsure > 0.3
    assert np.isfinite(answer.place).all()


def test_a_pair_that_is_left_out_is_not_used_and_the_rest_is_as_it_was():
    made = exemplars()
    less = made.without(frozenset({1}))
    answer = less.answer(lines(scene(4.0)))
    assert 1 not in answer.chosen and not np.array_equal(answer.output, scene(4.0))
    assert made.answer(lines(scene(4.0))).chosen == (1,)


def test_domains_are_told_apart_and_nothing_is_forgotten():
    made = exemplars(["lines", "picture"])
    assert np.array_equal(made.answer(lines(scene(8.0))).output, scene(8.0))
    assert np.array_equal(made.answer(gray(scene(8.0))).output, scene(8.0))
    sources = images.to_tensor([lines(scene(0.0)), gray(scene(12.0))])
    outputs = images.from_tensor(made(sources))
    assert np.array_equal(outputs[0], scene(0.0)) and np.array_equal(outputs[1], scene(12.0))


def test_before_anything_is_taken_in_the_answer_is_gray():
    assert not exemplars([])(torch.ones(2, 1, SIDE, SIDE)).any()


def test_its_state_can_be_saved_and_loaded_whatever_the_number_of_pairs():
    made, empty = exemplars(), exemplars([])
    empty.load_state_dict(made.state_dict())
    source = lines(scene(NEW))
    assert np.array_equal(empty.answer(source).output, made.answer(source).output)
    copied = copy.deepcopy(made)
    assert np.array_equal(copied.answer(source).output, made.answer(source).output)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("targets", torch.zeros(4, 3, SIDE, SIDE)),
        ("targets", torch.zeros(3, 3, SIDE, SIDE, dtype=torch.uint8)),
        ("sources", torch.zeros(1, 4, 3, SIDE, SIDE, dtype=torch.uint8)),
        ("domains", torch.tensor([7])),
        ("kinds", torch.tensor([-1])),
        ("usual", torch.tensor([0.0])),
        ("usual", torch.tensor([float("nan")])),
    ],
)
def test_a_damaged_state_is_refused(name, value):
    state = {**exemplars().state_dict(), name: value}
    with pytest.raises(RuntimeError):
        exemplars([]).load_state_dict(state)


def test_a_sequence_is_steadier_when_each_frame_knows_the_one_before():
    """Nothing moves but the strokes' noise, which prefers now this pair and now that."""
    made, rng = exemplars(), np.random.default_rng(0)
    for pair, tint in enumerate((0, 80, 160, 240)):
        made.targets[pair] = tint
    frames = []
    for _ in range(8):
        drawn = lines(scene(NEW))
        drawn[rng.random(drawn.shape) < 0.005] = 0
        frames.append(drawn)
    moved = {}
    for told in (True, False):
        before, outputs = None, []
        for drawn in frames:
            before = made.answer(drawn, None, Wish(before=before if told else None))
            outputs.append(before.output.astype(float))
        moved[told] = np.abs(np.diff(outputs, axis=0)).mean()
    assert moved[True] < 0.9 * moved[False]


def test_after_a_cut_the_frame_before_has_no_say():
    made = exemplars()
    before = made.answer(np.full((SIDE, SIDE), 0, np.uint8))
    source = lines(scene(NEW))
    cut = made.answer(source, None, Wish(before=before))
    assert np.array_equal(cut.output, made.answer(source).output)


def test_one_pair_answers_and_can_be_edited():
    made = exemplars(shifts=(0.0,))
    assert error(made.answer(lines(scene(3.0))).output, 3.0) < 0.7 * error(scene(0.0), 3.0)
