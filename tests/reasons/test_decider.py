import json
import shutil

import pytest

import nekogao.reasons.decider as deciders
from nekogao.reasons.decider import decider, keep, measure
from nekogao.reasons.laws import FILE, read_laws
from nekogao.reasons.subject import Subject
from nekogao.runs.folder import Run
from tests.networks import strict
from tests.reasons.networks import (
    FACES,
    LAWS,
    Constant,
    Lookup,
    Mixer,
    noise,
    subject,
    surveyed,
)


@pytest.fixture
def run(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    (tmp_path / "run" / FILE).unlink(missing_ok=True)  # another test may have asked
    return tmp_path / "run"


def test_what_decides_is_measured_on_the_unseen_squares_with_the_constant_answer_beside_it():
    law = measure(subject(Mixer))
    assert (law.pictures, law.faces) == (102, 4) and law.explained
    assert law.best.rate == max(hits.rate for hits in law.scores) > law.constant.rate
    assert law.best.low < law.best.rate < law.best.high
    assert law.gain.rate == pytest.approx(law.best.rate - law.constant.rate)
    views = {hits.name.rpartition("-")[0].partition("-")[0] for hits in law.scores}
    assert {"level", "decoder", "output"} <= views and "pixels" not in views


def test_no_view_that_only_equals_the_constant_answer_decides():
    for faces in (FACES, FACES[:1]):
        law = measure(subject(Constant, faces))
        assert law.constant.rate == 1 and not law.explained and law.deciding is None


def test_one_picture_is_decided_by_the_same_as_many():
    who = subject(Lookup)
    few = surveyed(who, [noise(0)])
    LAWS.clear()  # so that it is measured again
    many = surveyed(who, [*FACES, *(noise(i) for i in range(20))])
    assert few.deciding == many.deciding and few.law == many.law


def test_a_run_keeps_what_decides_in_its_domains_and_equal_runs_keep_equal_files(
    run, tmp_path, monkeypatch
):
    shutil.copytree(run, tmp_path / "twin")
    for folder in (run, tmp_path / "twin"):
        keep(folder)
    text = (run / FILE).read_bytes()
    assert text == (tmp_path / "twin" / FILE).read_bytes() and str(tmp_path).encode() not in text
    assert [law["domain"] for law in strict(text.decode())["laws"]] == ["edges", "gray"]
    monkeypatch.setattr(deciders, "measure", pytest.fail)
    assert decider(Subject.load(run, "gray")) == read_laws(Run(run))["gray"]
    keep(run)


def test_what_is_kept_of_another_network_or_damaged_is_measured_anew(run, monkeypatch):
    keep(run)
    good, laws, measured = (run / FILE).read_text(), read_laws(Run(run)), []

    def measure_again(who):  # that it gives the same is another test
        measured.append(who.domain_name)
        return laws[who.domain_name]

    monkeypatch.setattr(deciders, "measure", measure_again)
    changed = json.loads(good)
    changed["model"] = "0" * 64
    wrong = json.loads(good)
    wrong["laws"][0]["best"]["rate"] = 7
    unknown = json.loads(good)
    unknown["laws"][0]["best"]["name"] = "level-99-cosine"
    for text in (json.dumps(changed), json.dumps(wrong), "{", "[]", "[" * 9999,
                 json.dumps(unknown)):  # fmt: skip
        (run / FILE).write_text(text)
        measured.clear()
        assert decider(Subject.load(run, "edges")) == laws["edges"] and measured == ["edges"]
        assert decider(Subject.load(run, "gray")) and (run / FILE).read_text() == good


def test_a_model_file_is_measured_when_it_is_asked(run):
    assert decider(Subject.load(run / "model.safetensors")).pictures == 102
    assert not (run / FILE).exists()
