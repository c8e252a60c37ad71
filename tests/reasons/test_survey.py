import numpy as np
import pytest

from nekogao.reasons.survey import level_of, view_of
from tests.reasons.networks import (
    FACES,
    ByLevel,
    Constant,
    Lookup,
    noise,
    subject,
    surveyed,
    without_levels,
)


def look(kind, pictures):
    return surveyed(subject(kind), pictures)


def test_the_predictor_that_is_the_network_itself_agrees_always():
    pictures = [*FACES, *(np.roll(face, 1, 1) for face in FACES)]
    found = look(Lookup, pictures)
    scores = {score.name: score for score in found.scores}
    assert scores["pixels"].agreement == 1 and scores["pixels"].place == 0
    assert found.scores[0].agreement == 1
    assert sum(found.once) == 8 and found.settled == found.once
    assert found.deciding == found.law.best.name and found.collapsed is None
    assert view_of(found.deciding)[0] == "output" and found.level is None


def test_a_network_that_looks_at_one_level_is_decided_there():
    found = look(ByLevel, FACES)
    assert level_of(found.deciding) == found.level == 5
    assert found.law.best.rate == 1


def test_one_face_that_takes_all_is_a_collapse():
    found = look(Constant, [noise(i) for i in range(6)])
    assert found.collapsed == 0 and found.baseline == 1 and found.once == [6, 0, 0, 0]
    assert look(Constant, [noise(0)]).collapsed is None


def test_equal_sources_lie_at_equal_places_on_the_map():
    found = look(Lookup, FACES)
    assert found.picture_places == pytest.approx(found.face_places, abs=1e-6)
    assert 0 < found.spread <= 1 + 1e-9
    again = look(Lookup, FACES)
    assert np.array_equal(found.picture_places, again.picture_places)


def test_a_network_without_levels_is_decided_by_its_output():
    who = without_levels(Lookup)
    found = surveyed(who, FACES)
    assert view_of(found.deciding)[0] == "output" and found.level is None
    scores = {score.name: score for score in found.scores}
    assert scores[found.deciding].agreement == found.law.best.rate == 1
    assert found.face_places.shape == found.picture_places.shape == (4, 2)


@pytest.mark.parametrize(("predictor", "view", "comparison", "level"), [
    ("level-6-cosine", "level-6", "cosine", 6),
    ("level-6-centred-cosine", "level-6", "centred-cosine", 6),
    ("output-share", "output", "share", None),
    ("edge-density", "edge-density", "distance", None),
])  # fmt: skip
def test_a_predictor_names_its_view_and_comparison(predictor, view, comparison, level):
    assert view_of(predictor) == (view, comparison) and level_of(predictor) == level
