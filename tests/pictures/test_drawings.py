"""Line drawings are recognised, whatever the pen, and nothing else is."""

import re

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from nekogao.bench.pens import PENS
from nekogao.pictures import drawings, photographs
from nekogao.pictures.domains import built_in

TEN = photographs.ten_faces(128)
EDGES = built_in("edges")


def circles(ink=0, ground=255, width=6):
    paper = np.full((300, 400), ground, np.uint8)
    for centre in ((120, 110), (280, 110), (200, 220)):
        cv2.circle(paper, centre, 40, ink, width, cv2.LINE_AA)
    return paper


@settings(max_examples=60, deadline=None)
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=40)), st.integers(32, 70))
def test_whatever_the_pixels_lines_are_black_and_white(picture, size):
    drawings.recognise(picture)
    found = drawings.lines(picture, size)
    assert found.shape == (size, size) and set(np.unique(found)) <= {0, 255}


@settings(max_examples=20, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 30), st.integers(1, 30), st.just(3))))
def test_noise_is_no_drawing_that_breaks_anything(picture):
    found = drawings.recognise(picture)
    assert found is None or found.width >= 1


@pytest.mark.parametrize("pen", PENS)
def test_every_pen_is_recognised_with_its_ground(pen):
    found = [drawings.recognise(PENS[pen](face)) for face in TEN.values()]
    assert all(found)
    assert {each.ground for each in found} == {"black" if pen == "marker" else "white"}


def test_a_drawing_is_said_in_words():
    words = drawings.recognise(circles()).words
    assert re.fullmatch("a drawing: black lines [67] pixels wide on white", words)
    assert "white lines" in drawings.recognise(circles(255, 0)).words


def test_a_photograph_of_paper_in_uneven_light_is_a_drawing():
    light = np.linspace(0.5, 1, 400)[None, :]
    noisy = circles(60) * light + np.random.default_rng(0).normal(0, 3, (300, 400))
    assert drawings.recognise(noisy.clip(0, 255).astype(np.uint8)).ground == "white"


@pytest.mark.parametrize("name", photographs.unseen(256))
def test_photographs_are_no_drawings(name):
    """Parts of a printed page, cleanly photographed, may be."""
    assert drawings.recognise(photographs.unseen(256)[name]) is None or name.startswith("page-")


@pytest.mark.parametrize("name", TEN)
def test_faces_are_no_drawings(name):
    assert drawings.recognise(TEN[name]) is None


@pytest.mark.parametrize("picture", [
    np.full((40, 40), 255, np.uint8), np.zeros((40, 40, 3), np.uint8),
    np.full((1, 1), 255, np.uint8), np.full((1, 300), 200, np.uint8),
])  # fmt: skip
def test_plain_paper_is_no_drawing(picture):
    assert drawings.recognise(picture) is None


@pytest.mark.parametrize("name", TEN)
def test_edges_stay_as_they_are(name):
    edges = EDGES.source(TEN[name])
    assert np.array_equal(drawings.lines(edges, 128), edges)


@pytest.mark.parametrize(("ink", "ground"), [(0, 255), (255, 0), (90, 240)])
def test_thick_lines_become_thin_where_they_were(ink, ground):
    found = drawings.lines(circles(ink, ground, 10), "100x75")
    there = np.argwhere(found == 0)[:, ::-1] * 4 + 2
    centres = np.array([(120, 110), (280, 110), (200, 220)])
    radii = np.linalg.norm(there[:, None] - centres, axis=2)
    assert np.abs(radii - 40).min(axis=1).max() < 6
    assert 3 * 40 < len(there) < 3 * 2 * np.pi * 10 * 1.5


def test_a_filled_region_becomes_its_outline():
    paper = circles(width=6)
    cv2.circle(paper, (200, 110), 24, 0, -1)
    found = drawings.lines(paper, "200x150")
    assert found[55, 100] == 255, "hollow"
    assert (found[53:58, 80:120] == 0).any(), "with a border"


def test_a_drawing_is_fitted_like_any_picture():
    cropped = drawings.lines(circles(), 64, "crop")
    alone = drawings.lines(np.ascontiguousarray(circles()[:, 50:350]), 64)
    assert np.mean(cropped != alone) < 0.01 < np.mean(cropped == 0)
