import os

import pytest
from PIL import Image

from nekogao.errors import InputError
from nekogao.pictures import decoding, finding


def paint(path, kind="PNG"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), "red").save(path, kind)


def below(root, found):
    return [path.relative_to(root).as_posix() for path in found.pictures]


def test_pictures_are_found_in_order_and_the_rest_is_counted_by_suffix(tmp_path):
    with pytest.raises(InputError, match="no pictures in this folder"):
        finding.find(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        finding.find(tmp_path / "absent")
    (tmp_path / "b").mkdir()
    for name in ("b/2.JPG", "1.png", ".hidden.png", "a.heic", "b.heic", "c.HEIC"):
        (tmp_path / name).touch()
    found = finding.survey(tmp_path)
    assert below(tmp_path, found) == ["1.png", "b/2.JPG"]
    (note,) = found.notes()
    assert "3 files left out: .heic (3)" in note
    with pytest.raises(InputError, match=r"no pictures in this folder; .*5 files left out"):
        finding.find(tmp_path, frozenset({".bmp"}))


KINDS = {"jfif": "JPEG", "jpe": "JPEG", "avif": "AVIF", "jp2": "JPEG2000", "tga": "TGA",
         "mpo": "MPO", "apng": "PNG", "dib": "DIB", "pbm": "PPM"}  # fmt: skip


def test_every_kind_that_pillow_decodes_is_taken_and_read(tmp_path):
    for suffix, kind in KINDS.items():
        paint(tmp_path / f"a.{suffix}", kind)
    found = finding.survey(tmp_path)
    assert len(found.pictures) == len(KINDS) and not found.notes()
    assert all(decoding.read(path).shape == (8, 8, 3) for path in found.pictures)
    # Of the kind MPO Pillow says that JPEG opens it.
    registered = Image.registered_extensions()
    assert {s for s in finding.SUFFIXES if registered.get(s) not in Image.OPEN} == {".mpo"}


def test_a_file_without_a_suffix_is_a_picture_where_it_can_be_opened(tmp_path):
    paint(tmp_path / "portrait", "JPEG")
    (tmp_path / "README").write_text("words")
    found = finding.survey(tmp_path)
    assert below(tmp_path, found) == ["portrait"]
    assert "1 file left out: no suffix (1)" in found.notes()[0]


def test_linked_folders_are_followed_loops_end_and_dangling_links_are_reported(tmp_path):
    paint(tmp_path / "set" / "own" / "a.png")
    paint(tmp_path / "shared" / "cats" / "b.png")
    paint(tmp_path / "shared" / "cats" / "c.png")
    (tmp_path / "set" / "cats").symlink_to("../shared/cats")
    (tmp_path / "set" / "absent.png").symlink_to("../shared/absent.png")
    (tmp_path / "set" / "own" / "loop").symlink_to("..")
    (tmp_path / "shared" / "cats" / "back").symlink_to(tmp_path / "set")
    found = finding.survey(tmp_path / "set")
    assert below(tmp_path / "set", found) == ["cats/b.png", "cats/c.png", "own/a.png"]
    notes = "\n".join(found.notes())
    assert "absent.png: left out: a link to what does not exist" in notes
    assert "loop: left out: a link to a folder that is here" in notes


def test_a_folder_that_is_here_keeps_its_name_when_a_link_leads_to_it(tmp_path):
    paint(tmp_path / "own" / "a.png")
    (tmp_path / "cats").symlink_to("own")
    assert below(tmp_path, finding.survey(tmp_path)) == ["own/a.png"]


def test_one_name_that_is_not_unicode_does_not_hide_the_others(tmp_path):
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.png")).touch()
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    paint(tmp_path / "a.png")
    found = finding.survey(tmp_path)
    assert below(tmp_path, found) == ["a.png"]
    assert "not UTF-8; rename it" in found.notes()[0]
    found.notes()[0].encode()


def test_a_pipe_is_no_picture(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    paint(tmp_path / "b.png")
    assert "no file (1)" in finding.survey(tmp_path).notes()[0]
