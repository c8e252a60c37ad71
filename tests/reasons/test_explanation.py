from pathlib import Path

import numpy as np
import pytest

from nekogao.reasons.explanation import flipped
from tests.reasons.networks import (
    FACES,
    IDS,
    Constant,
    Lookup,
    asked,
    explained,
    noise,
    subject,
    without_levels,
)


def test_an_explanation_has_the_shares_the_decision_and_the_levels():
    found, (first, *_) = explained(subject(Lookup), FACES)
    assert first.name == "0.png" and first.face == IDS[0]
    assert first.shares == [(0, pytest.approx(1, abs=1e-3))]
    assert first.decision.place == 0 and first.deciding == found.deciding
    assert list(first.levels) == [1, 2, 3, 4, 5]  # 32x32 down to 1x1
    assert all({"distance", "cosine"} <= set(level) for level in first.levels.values())


def test_a_lookup_flips_towards_the_runner_up():
    _, (first, *_) = explained(subject(Lookup), FACES)
    assert first.morph.towards == first.answer.runner_up and first.morph.face != 0


def test_a_constant_has_no_flips():
    _, (one,) = explained(subject(Constant), [FACES[1]])
    assert one.morph is None and one.smallest is None
    _, (single,) = explained(subject(Constant, FACES[:1]), [noise(0)])
    assert single.answer.runner_up is None and single.morph is None


def test_a_network_without_levels_is_explained_by_its_output():
    found, explanations = explained(without_levels(Lookup), FACES)
    assert found.level is None
    for one, name in zip(explanations, IDS, strict=True):
        assert one.face == name and one.levels == {}
        assert one.deciding.startswith("output-") and one.decision.place == 0


def test_a_name_that_is_no_text_is_shown_by_its_bytes():
    who = subject(Constant)
    path = Path(b"dir/caf\xe9.png".decode(errors="surrogateescape"))
    law, answers = asked(who, [(path, np.asarray(FACES[0]))])
    (one,) = flipped(who, answers, law)
    assert one.name == "caf\\udce9.png"
