"""Batches from memory and from files: the same, whichever way they come."""

import shutil
import threading
from itertools import islice

import numpy as np
import pytest
import torch

from nekogao.config.schema import AugmentConfig
from nekogao.errors import PairSetError
from nekogao.pairs import manifest, reader
from nekogao.pairs.draws import Draws, Place
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images

MIXED = ("edges", "gray")
AUGMENT = AugmentConfig(flip=0.5, shift=0.1, rotate=10.0, scale=0.1, warp=0.05, noise=0.1,
                        brightness=0.1, contrast=0.1)  # fmt: skip


@pytest.fixture
def small_memory(monkeypatch):
    """No set fits in memory."""
    monkeypatch.setattr(reader, "MOST_RESIDENT", 0)


@pytest.fixture
def reads(monkeypatch):
    """The pictures that are read, as (id, kind)."""
    seen, really = [], manifest.read_picture

    def note(folder, header, item, kind):
        seen.append((item.id, kind))
        return really(folder, header, item, kind)

    monkeypatch.setattr(manifest, "read_picture", note)
    return seen


def draws(found, steps=9, domains=MIXED):
    order = Draws(items=range(len(found)), size=3, seed=5)
    return [order.draw(step, domains) for step in range(steps)]


def running():
    return [t.name for t in threading.enumerate() if t.name.startswith("nekogao-worker")]


def same(one, two):
    """Bits and strides: convolutions choose their algorithm by the strides."""
    return all(
        torch.equal(a, b) and a.stride() == b.stride() for a, b in zip(one, two, strict=True)
    )


@pytest.mark.parametrize("augment", [None, AUGMENT])
def test_resident_streamed_and_read_ahead_are_the_same(pair_set, monkeypatch, augment):
    resident = PairSet.open(pair_set)
    assert isinstance(resident.reader, reader.Resident)
    monkeypatch.setattr(reader, "MOST_RESIDENT", 0)
    streamed = PairSet.open(pair_set)
    assert isinstance(streamed.reader, reader.Streamed)
    ahead = [
        list(found.batches(draws(found), seed=5, augment=augment))
        for found in (resident, streamed)
    ]
    for step, drawn in enumerate(draws(resident)):
        one, two = (found.batch(drawn, seed=5, augment=augment) for found in (resident, streamed))
        assert same(one, two) and same(one, ahead[0][step]) and same(one, ahead[1][step])
    chosen = streamed.select([2, 0], "gray")
    assert same(chosen, resident.select([2, 0], "gray"))
    pictures = [streamed.picture(index, "target") for index in (2, 0)]
    assert torch.equal(chosen.target, images.to_tensor(pictures))


def test_sources_take_the_channels_of_the_widest_domain(pair_set, tmp_path, monkeypatch):
    shutil.copytree(pair_set, tmp_path / "set")
    path = tmp_path / "set" / manifest.NAME
    path.write_text(path.read_text().replace('"kind": "gray", "channels": 1', '"kind": "gray", '
                                             '"channels": 3'))  # fmt: skip
    resident = PairSet.open(tmp_path / "set")
    (drawn,) = draws(resident, steps=1)
    batch = resident.batch(drawn)
    assert batch.source.shape == (3, 3, 32, 32)
    monkeypatch.setattr(reader, "MOST_RESIDENT", 0)
    assert same(batch, PairSet.open(tmp_path / "set").batch(drawn))


def test_a_resident_set_is_read_once(pair_set, reads):
    found = PairSet.open(pair_set)
    assert reads == []
    list(found.batches(draws(found)))
    list(found.batches(draws(found)))
    expected = [(item.id, kind) for item in found.items for kind in ("target", *found.domains)]
    assert sorted(reads) == sorted(expected)


def test_the_limit_counts_pixels_of_targets_and_sources(pair_set, monkeypatch):
    size = 4 * 32 * 32 * (3 + 1 + 1)
    for limit, kind in ((size, reader.Resident), (size - 1, reader.Streamed)):
        monkeypatch.setattr(reader, "MOST_RESIDENT", limit)
        assert isinstance(PairSet.open(pair_set).reader, kind)


def test_a_streamed_set_reads_what_batches_show(pair_set, reads, small_memory):
    found = PairSet.open(pair_set)
    drawn = draws(found, steps=1)
    list(found.batches(drawn))
    shown = [(found.items[i].id, kind) for i, domain in drawn[0].places
             for kind in (domain, "target")]  # fmt: skip
    assert sorted(reads) == sorted(shown)


def test_a_missing_picture_is_reported_at_the_step_that_shows_it(pair_set, tmp_path, small_memory):
    shutil.copytree(pair_set, tmp_path / "set")
    found = PairSet.open(tmp_path / "set")
    order = Draws(items=range(len(found)), size=1, seed=0)
    drawn = [order.draw(step, ["gray"]) for step in range(4)]
    item = found.items[drawn[2].places[0].item]
    (tmp_path / "set" / item.target).unlink()
    batches = found.batches(drawn)
    assert len(list(islice(batches, 2))) == 2
    with pytest.raises(PairSetError, match=f"^{item.id}: target: .*no such file") as caught:
        next(batches)
    assert "\n" not in str(caught.value) and not running()


@pytest.mark.parametrize("limit", [0, 2**30])
def test_a_changed_picture_is_refused(pair_set, tmp_path, monkeypatch, limit):
    monkeypatch.setattr(reader, "MOST_RESIDENT", limit)
    shutil.copytree(pair_set, tmp_path / "set")
    found = PairSet.open(tmp_path / "set")
    images.write(found.folder / found.items[1].target, np.zeros((32, 32, 3), np.uint8))
    with pytest.raises(PairSetError, match="is not the file that was written"):
        list(found.batches(draws(found)))
    assert not running()


def test_threads_end_when_batches_are_closed(pair_set, small_memory):
    found = PairSet.open(pair_set)
    batches = found.batches(draws(found, steps=200))
    next(batches)
    assert running()
    batches.close()
    assert not running()


def test_pixels_go_to_the_device_that_trains(pair_set, monkeypatch):
    resident = PairSet.open(pair_set).reader
    assert resident.on(torch.device("cpu")).pixels.target is resident.pixels.target
    monkeypatch.setattr(reader, "MOST_RESIDENT", 0)
    for found in (resident, PairSet.open(pair_set).reader):
        moved = found.on(torch.device("meta")).fetch([Place(0, "gray"), Place(3, "edges")])
        assert {tensor.device.type for tensor in moved} == {"meta"}
        assert [tensor.shape[1] for tensor in moved] == [1, 3]
