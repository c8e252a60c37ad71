import pytest

from nekogao.reasons.record import Explained, record
from tests.networks import strict
from tests.reasons.networks import FACES, IDS, Lookup, explained, subject, without_levels


def written(who):
    found, explanations = explained(who, FACES)
    text = record(
        Explained(who, found, explanations, ["cards/a.png"] * 4, ["b.png: broken."])
    ).to_json()
    return found, strict(text)


def test_the_record_holds_every_number():
    found, data = written(subject(Lookup))
    assert data["faces"] == IDS and data["faults"] == ["b.png: broken."]
    assert data["level"] == found.level and data["basins"]["once"] == dict.fromkeys(IDS, 1)
    for picture, name in zip(data["pictures"], IDS, strict=True):
        assert picture["face"] == picture["settled"]["face"] == name
        assert sum(picture["shares"].values()) == pytest.approx(1)
        assert picture["flips"]["morph"]["face"] != name
        assert set(picture["memory"]) == {"nearest", "ratio", "r2", "effective", "copied"}
        assert picture["findings"]["pixels"] == {"face": name, "distance": 0.0, "place": 0}


def test_the_entries_keep_their_names_and_order():
    _, data = written(subject(Lookup))
    assert list(data) == [
        "nekogao", "domain", "faces", "thumbnails", "note", "deciding", "level", "law", "baseline",
        "collapsed", "basins", "predictors", "absent", "map", "pictures", "faults",
    ]  # fmt: skip
    assert list(data["pictures"][0]) == [
        "path", "card", "face", "runner_up", "shares", "memory", "settled", "findings", "agrees",
        "flips", "outlier", "place",
    ]  # fmt: skip
    assert list(data["pictures"][0]["settled"]) == ["kind", "steps", "face", "distance", "stored"]
    assert list(data["pictures"][0]["flips"]["morph"]) == [
        "kind", "amount", "towards", "face", "change",
    ]  # fmt: skip


def test_a_network_without_levels_has_null_for_its_level():
    _, data = written(without_levels(Lookup))
    assert data["level"] is None and data["deciding"].startswith("output-")


def test_with_one_face_a_measure_without_meaning_is_absent_with_its_reason():
    _, data = written(subject(Lookup, FACES[:1]))
    names = {score["name"] for score in data["predictors"]}
    assert "level-5-distance" in names and not names & set(data["absent"])
    assert "one training face" in data["absent"]["level-5-whitened"]
    assert {name.partition("-")[0] for name in data["absent"]} == {"level", "decoder", "output"}
    assert not any("whitened" in name or "centred" in name for name in names)
