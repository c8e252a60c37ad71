import re

import pytest

from nekogao.reasons.answers import Settling
from nekogao.reasons.flips import Flip
from nekogao.report import words
from tests.reasons import networks
from tests.reasons.networks import (
    FACES,
    IDS,
    ByLevel,
    Constant,
    Lookup,
    noise,
    subject,
    without_levels,
)


def explained(who, pictures):
    return networks.explained(who, pictures)[1]


def test_a_line_says_face_share_end_level_and_flip():
    first = explained(subject(ByLevel), FACES)[0]
    form = r"0.png -> kuro 100% \(settled: kuro in 1 step\) decided at level 5; "
    assert re.fullmatch(form + r"flips to \w+ at \d+% morph", words.line(first))
    assert words.became(first) == "became kuro, 100%" and "it decides" in words.why(first)
    found = words.flips(first)
    assert found[0].startswith("A ") and len(found) == 2


def test_a_network_without_levels_is_explained_by_its_output():
    first = explained(without_levels(Lookup), FACES)[0]
    assert re.match(r"The output \(by [\w-]+\) finds kuro nearest", words.why(first))
    assert " decided by the output; flips to " in words.line(first)
    assert "level" not in words.line(first).lower() + words.why(first).lower()


def test_a_network_that_never_flips_says_so():
    (one,) = explained(subject(Constant), [FACES[1]])
    assert words.line(one).endswith("no flip found")
    morph, change = words.flips(one)
    assert morph.startswith("No morph towards") and change.startswith("No change")
    (single,) = explained(subject(Constant, FACES[:1]), [noise(0)])
    assert words.flips(single) == ["There is no other face to flip to."]


@pytest.mark.parametrize(("kind", "stored", "said"), [
    ("fixed", True, f"{IDS[1]} in 7 steps"),
    ("fixed", False, f"spurious, nearest {IDS[1]}, in 7 steps"),
    ("cycle", False, "a cycle after 7 steps"),
    ("unconverged", False, "unconverged after 7 steps"),
])  # fmt: skip
def test_the_end_of_the_loop_in_words(kind, stored, said):
    assert words.settled_words(Settling(FACES[0], 7, kind, 1, 0.1, stored), IDS) == said


@pytest.mark.parametrize(("kind", "amount", "short", "doing"), [
    ("morph", 0.234, "23% morph", "A 23% morph"),
    ("morph", 0.004, "0.4% morph", "A 0.4% morph"),
    ("darker", 0.05, "5% darker", "Making it 5% darker"),
    ("to the left", 3.0, "3 px to the left", "Moving it 3 px to the left"),
])  # fmt: skip
def test_a_flip_in_words(kind, amount, short, doing):
    flip = Flip(kind, amount, 0, None, 0.0, FACES[0], FACES[0])
    assert (words.amount(flip), words.doing(flip)) == (short, doing)


def test_ordinals_have_their_endings():
    found = [words.ordinal(number) for number in (1, 2, 3, 4, 11, 22, 101, 112)]
    assert found == ["1st", "2nd", "3rd", "4th", "11th", "22nd", "101st", "112th"]
