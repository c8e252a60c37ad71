import json
import shutil
import threading
from collections import Counter

import numpy as np
import pytest
import torch

from nekogao.config.schema import AugmentConfig
from nekogao.errors import ConfigError, InputError, PairSetError
from nekogao.pairs import manifest
from nekogao.pairs import pair_set as pairs
from nekogao.pictures import characters, images, photographs
from nekogao.pictures.domains import built_in


@pytest.fixture
def broken(pair_set, tmp_path):
    """A copy to damage."""
    shutil.copytree(pair_set, tmp_path / "set")
    return tmp_path / "set"


def test_a_set_holds_what_it_was_built_from(pair_set, faces):
    found = pairs.PairSet.open(pair_set)
    assert (len(found), found.size, found.domains) == (4, 32, ["gray", "edges"])
    for item, target, gray, edges in zip(
        found.items, found.targets, found.sources["gray"], found.sources["edges"], strict=True
    ):
        expected = images.fit(images.read(faces / f"{item.id}.png"), 32, "crop")
        assert np.array_equal(target, expected)
        assert np.array_equal(gray, images.luma(target))
        assert np.array_equal(edges, built_in("edges").source(target))
        assert item.origin["file"] == str((faces / f"{item.id}.png").resolve())


def test_building_is_deterministic(pair_set, faces, tmp_path):
    pairs.build(faces, tmp_path / "again", size=32)
    for path in pair_set.rglob("*"):
        if path.is_file():
            assert (
                path.read_bytes() == (tmp_path / "again" / path.relative_to(pair_set)).read_bytes()
            )


def test_names_that_clash_stay_apart(tmp_path):
    face = np.zeros((32, 32, 3), np.uint8)
    for category in ("cats", "dogs"):
        (tmp_path / "in" / category).mkdir(parents=True)
        images.write(tmp_path / "in" / category / "a.png", face)
    pairs.build(tmp_path / "in", tmp_path / "out", size=32)
    items = pairs.PairSet.open(tmp_path / "out").items
    assert [(i.id, i.category) for i in items] == [("a", "cats"), ("a-2", "dogs")]


def test_a_picture_that_cannot_be_read_leaves_no_set(faces, tmp_path):
    shutil.copytree(faces, tmp_path / "in")
    (tmp_path / "in" / "zzz.png").write_text("no picture")
    with pytest.raises(InputError, match="zzz.png: is not a picture"):
        pairs.build(tmp_path / "in", tmp_path / "out", size=32)
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize("size", [0, 16, 100, 129, 1024])
def test_a_size_that_is_no_power_of_two_is_refused(faces, tmp_path, size):
    with pytest.raises(ConfigError, match=f"size {size}: must be a power of two from 32 to 512"):
        pairs.build(faces, tmp_path / "out", size=size)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_every_epoch_shows_every_item_once_and_every_domain_equally(pair_set, size):
    found = pairs.PairSet.open(pair_set)
    key = {t.tobytes(): i.id for t, i in zip(found.targets, found.items, strict=True)}
    seen = Counter()
    for step in range(24 // size):
        batch = found.batch(step, domains=["gray", "edges"], size=size, seed=5)
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
        found = pairs.PairSet.open(pair_set)
        return found.batch(step, domains=["gray"], size=3, seed=seed, augment=augment)

    torch.manual_seed(1)
    first = draw(7, 0)
    torch.manual_seed(2)
    again = draw(7, 0)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.target, draw(8, 0).target)
    assert not torch.equal(first.target, draw(7, 1).target)


def test_a_phase_must_name_domains_of_the_set(pair_set):
    found = pairs.PairSet.open(pair_set)
    assert found.resolve(["all"]) == ["gray", "edges"]
    with pytest.raises(ConfigError, match="names the domain 'depth', but .* has gray, edges"):
        found.resolve(["gray", "depth"])


def test_the_fingerprint_is_that_of_the_pictures(faces, tmp_path):
    shutil.copytree(faces, tmp_path / "elsewhere")
    pairs.build(faces, tmp_path / "a", size=32)
    pairs.build(tmp_path / "elsewhere", tmp_path / "b", size=32)
    pairs.build(faces, tmp_path / "c", size=32, low=9)
    prints = [pairs.PairSet.open(tmp_path / out).fingerprint for out in "abc"]
    assert prints[0] == prints[1] != prints[2]


def test_a_sound_set_has_no_faults(pair_set):
    assert pairs.examine(pair_set) == []


def test_the_doctor_lists_every_fault_at_once(broken):
    items = pairs.PairSet.open(broken).items
    (broken / items[0].target).unlink()
    (broken / items[1].sources["gray"]).write_text("no picture")
    images.write(broken / items[2].sources["edges"], np.zeros((16, 32), np.uint8))
    images.write(broken / items[3].target, np.zeros((32, 32, 3), np.uint8))
    faults = pairs.examine(broken)
    assert len(faults) == 4
    for item, fault, reason in zip(
        items, faults, ["no such file", "is not a picture", "is 32x16", "is not the file"],
        strict=True,
    ):  # fmt: skip
        assert fault.startswith(f"{item.id}: ") and reason in fault and "\n" not in fault


def test_training_data_is_refused_when_a_picture_changed(broken):
    found = pairs.PairSet.open(broken)
    images.write(broken / found.items[0].target, np.zeros((32, 32, 3), np.uint8))
    with pytest.raises(PairSetError, match="is not the file that was written"):
        _ = found.targets


def edit(folder, line, **changes):
    path = folder / manifest.NAME
    lines = path.read_text().splitlines()
    lines[line] = json.dumps({**json.loads(lines[line]), **changes})
    path.write_text("\n".join(lines))


@pytest.mark.parametrize(
    ("line", "changes", "message"),
    [
        (0, {"format": 9}, "format 9, this version reads 1"),
        (0, {"domains": {"gray": {"name": "gray", "kind": "blur"}}}, "damaged header"),
        (0, {"size": "big"}, "damaged header"),
        (1, {"target": "../../secret.png"}, "leads out of"),
        (1, {"sources": {}}, "sources for no domain, the set has gray, edges"),
        (1, {"bogus": 1}, "damaged item"),
        (2, {"id": "kuro"}, "the id kuro stands twice"),
    ],
)
def test_a_damaged_manifest_is_refused_with_its_line(broken, line, changes, message):
    edit(broken, line, **changes)
    with pytest.raises(PairSetError, match=message):
        pairs.PairSet.open(broken)
    (fault,) = pairs.examine(broken)
    assert message in fault


def test_a_folder_that_is_no_set_is_refused(tmp_path):
    for folder, message in ((tmp_path, "has no pairs.jsonl"), (tmp_path / "x", "no such folder")):
        with pytest.raises(InputError, match=message):
            pairs.PairSet.open(folder)
        with pytest.raises(InputError, match=message):
            pairs.examine(folder)


def test_the_doctor_notices_doubles(broken):
    path = broken / manifest.NAME
    lines = path.read_text().splitlines()
    twin = {**json.loads(lines[1]), "id": "twin"}
    path.write_text("\n".join([*lines, json.dumps(twin)]))
    assert pairs.examine(broken) == ["twin: the same pictures as kuro. Remove one of the two."]


def test_a_link_that_leaves_the_folder_is_not_followed(broken, tmp_path):
    found = pairs.PairSet.open(broken)
    path = broken / found.items[0].target
    path.rename(tmp_path / "secret.png")
    path.symlink_to(tmp_path / "secret.png")
    with pytest.raises(PairSetError, match=f"^{found.items[0].id}: target: .*leads out of"):
        found.picture(0, "target")
    (fault,) = pairs.examine(broken)
    assert "leads out of" in fault


@pytest.mark.parametrize(
    "path", ["/etc/secret.png", "target/../../secret.png", "..\\secret.png", "C:\\secret.png"]
)
def test_paths_that_lead_out_are_refused_at_opening(broken, path):
    edit(broken, 1, target=path)
    with pytest.raises(PairSetError, match="line 2: .*secret.png: leads out of"):
        pairs.PairSet.open(broken)


def test_dots_in_a_name_lead_nowhere(broken):
    edit(broken, 1, target="target/a..b.png")
    assert pairs.PairSet.open(broken).items[0].target == "target/a..b.png"


def test_lines_are_counted_as_an_editor_counts_them(broken):
    path = broken / manifest.NAME
    lines = path.read_text().splitlines()
    # Python's splitlines would break a line at U+2028, which JSON may hold as it is.
    lines[1] = json.dumps({**json.loads(lines[1]), "category": "a\u2028b"}, ensure_ascii=False)
    path.write_text("\n\n".join([*lines, "{"]), encoding="utf-8")
    with pytest.raises(PairSetError, match=f"line {2 * len(lines) + 1}: is not JSON"):
        pairs.PairSet.open(broken)
    path.write_bytes(b"\xff")
    with pytest.raises(PairSetError, match="is not text"):
        pairs.PairSet.open(broken)


def test_a_set_built_from_drawings_is_that_of_their_files(tmp_path):
    drawn = dict(characters.many_faces(20, 32))
    photographs.write_folder(drawn, tmp_path / "faces")
    assert pairs.build(tmp_path / "faces", tmp_path / "a", size=32) == 20
    assert pairs.build_from(iter(drawn.items()), tmp_path / "b", size=32) == 20
    one, two = pairs.PairSet.open(tmp_path / "a"), pairs.PairSet.open(tmp_path / "b")
    assert one.fingerprint == two.fingerprint
    assert pairs.examine(tmp_path / "b") == []
    assert two.items[3].origin == {"file": "", "box": None, "sha256": ""}


def test_an_error_between_drawings_leaves_no_set(tmp_path):
    def drawings():
        yield from characters.many_faces(30, 32)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pairs.build_from(drawings(), tmp_path / "out", size=32)
    with pytest.raises(PairSetError, match="no item to write"):
        pairs.build_from([], tmp_path / "out", size=32)
    assert not list(tmp_path.iterdir())
    assert not [t for t in threading.enumerate() if t.name.startswith("nekogao-worker")]


def test_drawings_may_be_gray_and_share_a_name(tmp_path):
    given = [(name, np.full((40, 32), 9, np.uint8)) for name in ("a", "A", "a", "a-2", "a")]
    pairs.build_from(given, tmp_path / "out", size=32, domains=["gray"])
    found = pairs.PairSet.open(tmp_path / "out")
    assert [item.id for item in found.items] == ["a", "A-2", "a-3", "a-2-2", "a-4"]
    assert found.targets[0].shape == (32, 32, 3)
