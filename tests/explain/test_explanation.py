import json
import re
from pathlib import Path

import pytest

from nekogao.explain.answers import Settling, ask
from nekogao.explain.explanation import explain, ordinal, settled_words
from nekogao.explain.record import record
from nekogao.explain.survey import survey
from tests.explain.networks import FACES, IDS, Constant, Lookup, noise, subject


def told(kind, pictures, faces=FACES):
    who = subject(kind, faces)
    answers = ask(who, [(Path(f"dir/{i}.png"), p) for i, p in enumerate(pictures)])
    found = survey(who, answers)
    return who, found, list(explain(who, answers, found))


def test_a_line_says_face_share_end_level_and_flip():
    _, _, (first, *_) = told(Lookup, FACES)
    form = r"0.png -> kuro 100% \(settled: kuro in 1 step\) decided at level \d; "
    assert re.fullmatch(form + r"flips to \w+ at \d+% morph", first.line)
    assert first.shares == [(0, pytest.approx(1, abs=1e-3))]
    assert first.became == "became kuro, 100%" and "it decides" in first.why
    assert first.flips[0].startswith("A ") and len(first.flips) == 2


def test_a_network_that_never_flips_says_so():
    _, _, (one,) = told(Constant, [FACES[1]])
    assert one.line.endswith("no flip found")
    assert one.flips[0].startswith("No morph towards") and one.flips[1].startswith("No change")
    _, _, (single,) = told(Constant, [noise(0)], FACES[:1])
    assert single.flips == ["There is no other face to flip to."]


def test_the_end_of_the_loop_in_words():
    def end(kind, stored):
        return settled_words(Settling(FACES[0], 7, kind, 1, 0.1, stored), IDS)

    assert end("fixed", True) == f"{IDS[1]} in 7 steps"
    assert end("fixed", False) == f"spurious, nearest {IDS[1]}, in 7 steps"
    assert end("cycle", False) == "a cycle after 7 steps"
    assert end("unconverged", False) == "unconverged after 7 steps"
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 22)] == [
        "1st", "2nd", "3rd", "4th", "11th", "22nd",
    ]  # fmt: skip


def test_the_record_holds_every_number_and_is_plain_json():
    who, found, explanations = told(Lookup, FACES)
    data = record(who, found, explanations, ["cards/a.png"] * 4, ["b.png: broken."])
    data = json.loads(json.dumps(data, allow_nan=False))
    assert data["faces"] == IDS and data["faults"] == ["b.png: broken."]
    assert data["level"] == found.level and data["basins"]["once"] == dict.fromkeys(IDS, 1)
    for picture, name in zip(data["pictures"], IDS, strict=True):
        assert picture["face"] == picture["settled"]["face"] == name
        assert sum(picture["shares"].values()) == pytest.approx(1)
        assert picture["flips"]["morph"]["face"] != name
        assert set(picture["memory"]) == {"nearest", "ratio", "r2", "effective", "copied"}
        assert picture["findings"]["pixels"] == {"face": name, "distance": 0.0, "place": 0}
