import shutil
from collections import Counter

import numpy as np
import pytest
import torch

from nekogao.config.pairs import PairConfig
from nekogao.config.schema import AugmentConfig
from nekogao.errors import ConfigError, InputError, PairSetError
from nekogao.pairs.build import build
from nekogao.pairs.doctor import examine
from nekogao.pairs.draws import Draws
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from nekogao.pictures.domains import built_in


def test_a_set_holds_what_it_was_built_from(pair_set, faces):
    found = PairSet.open(pair_set)
    assert (len(found), found.size, found.domains) == (4, (32, 32), ["gray", "edges"])
    for item, target, gray, edges in zip(
        found.items, found.targets, found.sources["gray"], found.sources["edges"], strict=True
    ):
        expected = images.fit(images.read(faces / f"{item.id}.png"), 32, "crop")
        assert np.array_equal(target, expected)
        assert np.array_equal(gray, images.luma(target))
        assert np.array_equal(edges, built_in("edges").source(target))
        assert item.origin.file == str((faces / f"{item.id}.png").resolve())


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_every_epoch_shows_every_item_once_and_every_domain_equally(pair_set, size):
    found = PairSet.open(pair_set)
    key = {t.tobytes(): i.id for t, i in zip(found.targets, found.items, strict=True)}
    seen = Counter()
    draws = Draws(items=range(4), size=size, seed=5)
    for step in range(24 // size):
        batch = found.batch(draws.draw(step, ["gray", "edges"]))
        assert batch.source.shape == (size, 1, 32, 32)
        for source, target in zip(batch.source, batch.target, strict=True):
            name = key[images.from_tensor(target[None])[0].tobytes()]
            edges = set(images.from_tensor(source[None])[0].ravel().tolist()) <= {0, 255}
            seen[name, "edges" if edges else "gray"] += 1
    assert set(seen.values()) == {3} and len(seen) == 8


def test_a_batch_is_a_function_of_seed_and_step(pair_set):
    augment = AugmentConfig(flip=0.5, shift=0.1, rotate=10.0, scale=0.1, warp=0.05, noise=0.1,
                            brightness=0.1, contrast=0.1)  # fmt: skip

    def draw(step, seed):
        drawn = Draws(items=range(4), size=3, seed=seed).draw(step, ["gray"])
        return PairSet.open(pair_set).batch(drawn, seed=seed, augment=augment)

    torch.manual_seed(1)
    first = draw(7, 0)
    torch.manual_seed(2)
    again = draw(7, 0)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.target, draw(8, 0).target)
    assert not torch.equal(first.target, draw(7, 1).target)


def test_a_phase_must_name_domains_of_the_set(pair_set):
    found = PairSet.open(pair_set)
    assert found.resolve(["all"]) == ["gray", "edges"]
    with pytest.raises(ConfigError, match="names the domain 'depth', but .* has gray, edges"):
        found.resolve(["gray", "depth"])


def test_the_fingerprint_is_that_of_the_pictures(faces, tmp_path):
    shutil.copytree(faces, tmp_path / "elsewhere")
    build(faces, tmp_path / "a", PairConfig(size=32))
    build(tmp_path / "elsewhere", tmp_path / "b", PairConfig(size=32))
    build(faces, tmp_path / "c", PairConfig(size=32, low=9))
    prints = [PairSet.open(tmp_path / out).fingerprint for out in "abc"]
    assert prints[0] == prints[1] != prints[2]


def test_training_data_is_refused_when_a_picture_changed(broken):
    found = PairSet.open(broken)
    images.write(broken / found.items[0].target, np.zeros((32, 32, 3), np.uint8))
    with pytest.raises(PairSetError, match="is not the file that was written"):
        _ = found.targets


def test_a_folder_that_is_no_set_is_refused(tmp_path):
    for folder, message in ((tmp_path, "has no pairs.jsonl"), (tmp_path / "x", "no such folder")):
        with pytest.raises(InputError, match=message):
            PairSet.open(folder)
        with pytest.raises(InputError, match=message):
            examine(folder)


def test_a_link_that_leaves_the_folder_is_not_followed(broken, tmp_path):
    found = PairSet.open(broken)
    path = broken / found.items[0].target
    path.rename(tmp_path / "secret.png")
    path.symlink_to(tmp_path / "secret.png")
    with pytest.raises(PairSetError, match=f"^{found.items[0].id}: target: .*leads out of"):
        found.picture(0, "target")
    (fault,) = examine(broken)
    assert "leads out of" in fault
