"""Sets change into new sets: pairs are added or left out, and the old set stays as it is."""

import hashlib
import os
import shutil

import numpy as np
import pytest

import nekogao
from nekogao.cli import main
from nekogao.errors import ConfigError, InputError, PairSetError, PictureError
from nekogao.pairs import manifest
from nekogao.pairs.pair_set import PairSet
from nekogao.pairs.revision import Revision
from nekogao.pictures import characters, images, photographs


def contents(folder):
    return {p.relative_to(folder): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in folder.rglob("*") if p.is_file()}  # fmt: skip


@pytest.fixture
def more(tmp_path):
    """A folder of two further faces, one under a name that the set has."""
    drawn = {who.name: characters.draw_face(who, 64) for who in characters.CHARACTERS[4:6]}
    photographs.write_folder(drawn, tmp_path / "more")
    return tmp_path / "more"


def test_a_larger_set_is_what_one_build_of_all_would_have_made(pair_set, faces, more, tmp_path):
    before = contents(pair_set)
    found = nekogao.add_pairs(pair_set, more, tmp_path / "larger")
    assert found == Revision(kept=4, added=2)
    assert contents(pair_set) == before
    shutil.copytree(faces, tmp_path / "all")
    shutil.copytree(more, tmp_path / "all", dirs_exist_ok=True)
    nekogao.build_pairs(tmp_path / "all", tmp_path / "built", nekogao.PairConfig(size=32))
    larger, built = PairSet.open(tmp_path / "larger"), PairSet.open(tmp_path / "built")
    assert sorted(larger.ids) == sorted(built.ids) and larger.header == built.header
    for name in built.ids:
        for kind in ("target", *built.domains):
            one = larger.picture(larger.ids[name], kind)
            assert np.array_equal(one, built.picture(built.ids[name], kind)), (name, kind)


def test_files_are_shared_and_order_and_ids_are_kept(pair_set, more, tmp_path):
    nekogao.add_pairs(pair_set, more, tmp_path / "larger")
    old, new = PairSet.open(pair_set), PairSet.open(tmp_path / "larger")
    assert new.items[:4] == old.items
    for item in old.items:
        for relative in item.files().values():
            assert (pair_set / relative).samefile(tmp_path / "larger" / relative)


def test_where_nothing_can_be_linked_files_are_copied(pair_set, tmp_path, monkeypatch):
    def refused(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refused)
    first = next(iter(PairSet.open(pair_set).ids))
    nekogao.remove_pairs(pair_set, [first], tmp_path / "smaller")
    smaller = PairSet.open(tmp_path / "smaller")
    assert len(smaller.targets) == 3 and first not in smaller.ids


def test_what_was_added_can_be_left_out_again(pair_set, more, tmp_path):
    nekogao.add_pairs(pair_set, more, tmp_path / "larger")
    new = list(PairSet.open(tmp_path / "larger").ids)[4:]
    assert nekogao.remove_pairs(tmp_path / "larger", new, tmp_path / "again").kept == 4
    assert contents(tmp_path / "again") == contents(pair_set)
    assert PairSet.open(tmp_path / "again").fingerprint == PairSet.open(pair_set).fingerprint


def test_pictures_that_the_set_was_made_from_are_left_out(pair_set, faces, more, tmp_path):
    shutil.copytree(faces, more, dirs_exist_ok=True)
    found = nekogao.add_pairs(pair_set, more, tmp_path / "larger")
    assert (found.kept, found.added) == (4, 2)
    assert sorted(found.known) == sorted(PairSet.open(pair_set).ids)


def test_another_picture_of_the_same_name_gets_a_number(pair_set, tmp_path):
    first = next(iter(PairSet.open(pair_set).ids))
    images.write(tmp_path / "a.png", np.zeros((40, 40, 3), np.uint8))
    (tmp_path / "new").mkdir()
    (tmp_path / "a.png").rename(tmp_path / "new" / f"{first}.png")
    nekogao.add_pairs(pair_set, tmp_path / "new", tmp_path / "larger")
    assert list(PairSet.open(tmp_path / "larger").ids)[-1] == f"{first}-2"


def test_a_damaged_old_set_is_found_and_nothing_is_left(pair_set, tmp_path):
    shutil.copytree(pair_set, tmp_path / "old")
    item = PairSet.open(pair_set).items[1]
    images.write(tmp_path / "old" / item.target, np.zeros((32, 32, 3), np.uint8))
    with pytest.raises(PairSetError, match="is not the file that was written"):
        nekogao.remove_pairs(tmp_path / "old", [PairSet.open(pair_set).items[0].id],
                             tmp_path / "new")  # fmt: skip
    assert sorted(p.name for p in tmp_path.iterdir()) == ["old"]


def test_what_cannot_be_done_is_said(pair_set, more, tmp_path):
    first = next(iter(PairSet.open(pair_set).ids))
    with pytest.raises(InputError, match=f"has no pair {first}x. Did you mean {first}?"):
        nekogao.remove_pairs(pair_set, [first + "x"], tmp_path / "new")
    with pytest.raises(InputError, match="no pair would be left"):
        nekogao.remove_pairs(pair_set, list(PairSet.open(pair_set).ids), tmp_path / "new")
    with pytest.raises(InputError, match="no pair was named"):
        nekogao.remove_pairs(pair_set, [], tmp_path / "new")
    with pytest.raises(InputError, match="not empty"):
        nekogao.add_pairs(pair_set, more, more)
    (more / "broken.png").write_bytes(b"no picture")
    with pytest.raises(PictureError, match="broken.png"):
        nekogao.add_pairs(pair_set, more, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_imported_sources_cannot_be_made_for_new_pictures(faces, more, tmp_path):
    from nekogao.config.pairs import FROM_IMPORTS
    from nekogao.pairs.imports import import_folders

    import_folders(tmp_path / "set", faces, faces, FROM_IMPORTS, domain="mine")
    with pytest.raises(ConfigError, match="the sources of mine were imported"):
        nekogao.add_pairs(tmp_path / "set", more, tmp_path / "new")


def test_the_commands_say_what_they_did(pair_set, more, tmp_path, capsys):
    larger, smaller = tmp_path / "larger", tmp_path / "smaller"
    assert main(["pairs", "add", str(pair_set), str(more), "--out", str(larger)]) == 0
    new = list(PairSet.open(larger).ids)[4:]
    assert f"4 items kept, 2 added ({', '.join(new)}), in {larger}" in capsys.readouterr().out
    assert main(["pairs", "remove", str(larger), *new, "--out", str(smaller)]) == 0
    assert f"4 items kept, 2 left out, in {smaller}" in capsys.readouterr().out
    assert main(["pairs", "add", str(larger), str(more), "--out", str(tmp_path / "same")]) == 0
    said = capsys.readouterr()
    assert "6 items kept, none added" in said.out
    assert "2 pictures left out, since the set was made from them" in said.err
    assert main(["pairs", "remove", str(larger), "nobody", "--out", str(tmp_path / "x")]) == 1
    assert capsys.readouterr().err.startswith("nekogao: ")


def test_a_set_of_hand_made_paths_keeps_them(pair_set, more, tmp_path):
    """Ids and file names need not agree in a set that a person wrote."""
    shutil.copytree(pair_set, tmp_path / "old")
    text = (tmp_path / "old" / manifest.NAME).read_text()
    first = next(iter(PairSet.open(pair_set).ids))
    taken = sorted(p.stem for p in more.rglob("*.png"))[0]
    (tmp_path / "old/target" / f"{first}.png").rename(tmp_path / "old/target" / f"{taken}.png")
    changed = text.replace(f"target/{first}.png", f"target/{taken}.png")
    (tmp_path / "old" / manifest.NAME).write_text(changed)
    nekogao.add_pairs(tmp_path / "old", more, tmp_path / "larger")
    larger = PairSet.open(tmp_path / "larger")
    assert len(larger.targets) == 6 and larger.items[0].target == f"target/{taken}.png"
