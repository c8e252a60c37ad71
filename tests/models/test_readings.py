"""A drawing becomes the source that its own answer agrees with."""

import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

import nekogao
from nekogao.models import readings
from nekogao.models.options import Options
from nekogao.models.translator import Translator
from nekogao.pictures import drawings, images
from nekogao.pictures.domains import Domain, built_in

CROSS = np.full((32, 32), 255, np.uint8)
CROSS[16, 4:28] = CROSS[4:28, 16] = 0


@pytest.fixture(scope="module")
def translator(finished):
    return nekogao.load(finished)


@pytest.fixture
def drawn():
    paper = np.full((300, 300), 255, np.uint8)
    for centre in ((100, 110), (200, 110), (150, 220)):
        cv2.circle(paper, centre, 30, 0, 8, cv2.LINE_AA)
    return paper


def test_lines_have_no_distance_to_themselves_and_most_to_none():
    empty = np.full_like(CROSS, 255)
    assert readings.distance(CROSS, CROSS) == 0 == readings.distance(empty, empty)
    assert readings.distance(CROSS, empty) == 1 == readings.distance(empty, CROSS)
    moved = np.roll(CROSS, 9, axis=(0, 1))
    assert 0 < readings.distance(CROSS, moved) == readings.distance(moved, CROSS) <= 1


class Echo:
    """A network whose answer to the first source agrees with it, and to others does not."""

    def __init__(self, agrees):
        self.agrees = agrees

    def outputs(self, sources):
        keep = [i == self.agrees for i in range(len(sources))]
        return images.to_tensor([CROSS if each else np.full_like(CROSS, 255) for each in keep])

    def source(self, picture, domain):
        return images.luma(picture)


@pytest.mark.parametrize("agrees", [0, 1])
def test_the_reading_is_chosen_that_the_answer_agrees_with(agrees, monkeypatch):
    others = [np.roll(CROSS, 1, axis=0), np.roll(CROSS, 1, axis=1)]
    echo = Translator.__new__(Translator)
    monkeypatch.setattr(Translator, "outputs", Echo(agrees).outputs)
    monkeypatch.setattr(Translator, "source", lambda self, picture, domain: images.luma(picture))
    found = readings.best(echo, others, built_in("edges"))
    assert np.array_equal(found, others[agrees])


def test_a_drawing_goes_in_as_edges_and_says_so(translator, drawn):
    answer = translator(drawn)
    assert answer.domain == "edges"
    assert re.fullmatch("a drawing: black lines [89] pixels wide on white", answer.why)
    either = drawings.lines(drawn, 32), built_in("edges").source(images.fit(drawn, 32, "stretch"))
    assert any(np.array_equal(answer.source, each) for each in either)


def test_white_on_black_is_answered_as_black_on_white(translator, drawn):
    assert np.array_equal(translator(255 - drawn), translator(drawn))


def test_a_domain_that_is_named_is_used(translator, drawn):
    for domain in ("gray", "edges"):
        answer = translator(drawn, domain=domain)
        made = translator.domain(domain).source(images.fit(drawn, 32, "stretch"))
        assert answer.why == "" and np.array_equal(answer.source, made)
    assert translator(drawn, domain="as-is").why == ""


def test_frames_are_drawings_or_none_of_them_is(translator, drawn):
    first = translator.fitted(drawn, Options())
    blank = np.full_like(drawn, 255)
    assert translator.fitted(blank, Options(), first).domain == first.domain
    other = translator.fitted(blank, Options())
    assert not translator.fitted(drawn, Options(), other).readings


def lines_of(translator, *domains):
    return Translator(replace(translator.model, domains={d.name: d for d in domains}, last=""))


@pytest.mark.parametrize(("domains", "wanted"), [
    (("gray", "edges", "sketch"), "edges"), (("sketch", "gray"), "sketch"),
])  # fmt: skip
def test_edges_come_before_sketches(translator, drawn, domains, wanted):
    assert lines_of(translator, *map(built_in, domains))(drawn).domain == wanted


def test_a_model_without_such_a_domain_takes_a_drawing_as_any_picture(translator, drawn):
    only = lines_of(translator, built_in("gray"), Domain(name="mine", kind="imported"))
    assert not only.fitted(drawn, Options(domain="gray")).readings
    assert only.fitted(drawn, Options()).drawing is None


def test_where_the_faces_are_drawings_their_edges_are_the_sources(translator, drawn):
    faces = {name: images.rgb(images.resize(drawn, 32, 32)) for name in "ab"}
    comics = Translator(replace(translator.model, faces=faces))
    assert comics.fitted(drawn, Options()).drawing is None


def test_exemplars_are_asked_alike(exemplars, drawn):
    answer = nekogao.load(exemplars)(drawn)
    assert (
        answer.why.startswith("a drawing") or "edges" not in nekogao.load(exemplars).model.domains
    )
