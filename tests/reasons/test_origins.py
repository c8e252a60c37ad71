"""Explaining a network that knows from which training pairs its answers come."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import nekogao
from nekogao.cli import main
from nekogao.models.file import MOST_THUMBNAILS
from nekogao.pairs.pair_set import PairSet
from nekogao.reasons import decider
from nekogao.reasons.ledger import ledger, totals
from nekogao.reasons.origins import trace
from nekogao.reasons.subject import Subject
from tests.networks import strict
from tests.reasons.networks import noise


@pytest.fixture
def subject(exemplars):
    return Subject.load(exemplars, "edges")


@pytest.fixture
def measured(monkeypatch):
    """Calls that would measure what decides."""
    calls = []
    monkeypatch.setattr(decider, "measure", calls.append)
    return calls


def traced(subject, *pictures):
    return list(trace(subject, [(Path(f"dir/{i}.png"), p) for i, p in enumerate(pictures)]))


def test_a_trained_picture_comes_from_its_own_pair(subject, pair_set):
    pairs = PairSet.open(pair_set)
    for number, target in enumerate(pairs.targets):
        (one,) = traced(subject, target)
        (origin,) = one.origins
        assert (origin.pair, origin.id, origin.share) == (number, pairs.items[number].id, 1.0)
        assert np.array_equal(origin.target, target)
        assert np.array_equal(one.answer.output, target) and one.answer.unsure == 0


def test_shares_are_of_pixels_the_largest_first(subject, monkeypatch):
    given = subject.translator.answer(np.zeros((32, 32), np.uint8), "edges")
    pair = np.zeros((32, 32), np.int32)
    pair[:8], pair[:1] = 2, 3
    answer = replace(given, pair=pair, chosen=(0, 2, 3))
    monkeypatch.setattr(subject.translator, "answer", lambda source, domain: answer)
    (one,) = traced(subject, noise(0))
    assert [(origin.pair, origin.share) for origin in one.origins] == [
        (0, 24 / 32), (2, 7 / 32), (3, 1 / 32)
    ]  # fmt: skip
    pair = np.full((32, 32), 2, np.int32)
    both = [one, replace(one, origins=traced_as(subject, monkeypatch, answer, pair))]
    assert [(origin.pair, origin.share) for origin in totals(both)] == [
        (2, 39 / 64), (0, 24 / 64), (3, 1 / 64)
    ]  # fmt: skip


def traced_as(subject, monkeypatch, answer, pair):
    other = replace(answer, pair=pair)
    monkeypatch.setattr(subject.translator, "answer", lambda source, domain: other)
    return traced(subject, noise(1))[0].origins


def test_the_answer_is_the_one_of_apply(subject, exemplars):
    (one,) = traced(subject, noise(0))
    again = nekogao.load(exemplars)(noise(0), nekogao.Options(domain="edges"))
    assert np.array_equal(one.answer.output, again)


def test_the_ledger_is_strict_json_with_its_entries_in_order(subject):
    found = traced(subject, noise(0), noise(1))
    data = strict(ledger(subject, found, ["cards/0.png", "cards/1.png"], ["b.png: bad"]).to_json())
    assert list(data) == [
        "nekogao", "family", "domain", "faces", "origins", "unsure", "pictures", "faults",
    ]  # fmt: skip
    assert (data["family"], data["domain"], data["faults"]) == (
        "exemplar",
        "edges",
        ["b.png: bad"],
    )
    for row, each in zip(data["pictures"], found, strict=True):
        assert list(row) == ["path", "card", "origins", "unsure", "freedom"]
        assert row["path"] == each.name and row["unsure"] == each.answer.unsure
        assert sum(origin["share"] for origin in row["origins"]) == pytest.approx(1)
    assert sum(origin["share"] for origin in data["origins"]) == pytest.approx(1)
    assert data["unsure"] == pytest.approx(np.mean([row["unsure"] for row in data["pictures"]]))


def test_the_command_says_it_and_measures_nothing(exemplars, faces, tmp_path, capsys, measured):
    shutil.copytree(exemplars, tmp_path / "run")
    asked = sorted(str(path) for path in faces.glob("*.png"))
    status = main(["explain", str(tmp_path / "run"), asked[0], "--domain", "gray"])
    out, err = capsys.readouterr()
    name = Path(asked[0]).stem
    assert (status, err) == (0, "") and measured == []
    assert out.splitlines()[0] == f"{name}.png <- {name} 100%; 0% unexplained"
    assert not (tmp_path / "run" / "law.json").exists()
    data = strict((tmp_path / "run" / "explained" / "explain.json").read_text())
    assert [origin["id"] for origin in data["origins"]] == [name]


def test_without_its_pair_set_thumbnails_are_shown_and_nothing_is_noted(
    exemplars, tmp_path, capsys
):
    shutil.copy(exemplars / "model.safetensors", tmp_path / "model.safetensors")
    alone = Subject.load(tmp_path / "model.safetensors", "edges")
    (one,) = traced(alone, noise(0))
    assert alone.faces.note == "" and one.origins[0].target.shape == (32, 32, 3)
    status = main(["explain", str(tmp_path / "model.safetensors"), str(exemplars / "previews"),
                   "--out", str(tmp_path / "why")])  # fmt: skip
    assert status == 0 and "thumbnails" not in capsys.readouterr().err


def test_held_out_pairs_do_not_move_the_names(pair_set, tmp_path):
    config = nekogao.compose("exemplar", overrides={"hold_out": 1})
    list(nekogao.train(tmp_path / "run", pair_set, config))
    pairs = PairSet.open(pair_set)
    subject = Subject.load(tmp_path / "run", "gray")
    (one,) = traced(subject, pairs.targets[3])
    assert one.origins[0].id == pairs.items[3].id and one.origins[0].pair == 2
    assert np.array_equal(one.origins[0].target, pairs.targets[3])


def test_of_too_many_pairs_only_the_number_is_known(subject):
    model = subject.translator.model
    many = {f"face{i}": noise(0) for i in range(MOST_THUMBNAILS)}
    subject.translator.model = replace(model, faces=many)
    (one,) = traced(subject, noise(0))
    assert one.origins[0].id == f"pair {one.origins[0].pair}" and one.origins[0].target is None
