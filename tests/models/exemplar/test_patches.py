"""Patches: the nearest places are the right ones, at any stride."""

import numpy as np

from nekogao.models.exemplar import patches
from nekogao.models.exemplar.patches import Patches, Places, gathered
from tests.models.exemplar.pictures import gray, scene


def patches_of(sources):
    return Patches(Places(sources), range(len(sources)))


def test_a_training_source_finds_itself_place_by_place():
    sources = [gray(scene(shift)) for shift in (0.0, 9.0)]
    found = patches_of(sources).find(sources[1])
    there = np.stack(sources)[found.pair[..., 0], found.row[..., 0], found.column[..., 0]]
    assert np.abs(there.astype(int) - sources[1]).mean() < 0.5
    down, across = np.mgrid[:64, :64]
    moved = np.hypot(across - 31, down - 26) < 9  # the disc, which is elsewhere in the other
    assert (found.pair[..., 0][moved] == 1).mean() > 0.95
    assert np.abs(found.column[..., 0] - across)[moved].mean() < 1
    assert np.allclose(found.share.sum(axis=2), 1) and found.distance.max() < 1


def test_what_moved_farther_than_any_flow_is_found():
    held, new = scene(-8.0), scene(16.0)
    made = gathered(patches_of([gray(held)]).find(gray(new)), held[None])
    assert np.abs(made.astype(int) - new).mean() < 0.35 * np.abs(held.astype(int) - new).mean()


def test_larger_pictures_are_searched_for_in_steps_and_answered_whole():
    held = scene(0.0, size=160)
    found = patches_of([held]).find(held)
    assert found.pair.shape[:2] == (160, 160)
    made = gathered(found, held[None])
    assert np.abs(made.astype(int) - held).mean() < 4


def test_many_places_are_thinned(monkeypatch):
    monkeypatch.setattr(patches, "_MOST_PLACES", 2000)
    held = scene(0.0)
    made = patches_of([gray(held)])
    assert made.tree.n == 32 * 32
    assert gathered(made.find(gray(held)), held[None]).shape == held.shape
