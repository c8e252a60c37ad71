import pytest
from hypothesis import given
from hypothesis import strategies as st

from nekogao import files
from nekogao.errors import InputError


def test_a_failed_write_leaves_the_old_content_and_no_rest(tmp_path):
    path = tmp_path / "a.txt"
    files.write_text(path, "old")

    def fail(temporary):
        temporary.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        files.write_atomically(path, fail)
    assert path.read_text() == "old"
    assert [child.name for child in tmp_path.iterdir()] == ["a.txt"]


def test_a_new_folder_is_complete_or_absent(tmp_path):
    out = tmp_path / "deep" / "out"
    with pytest.raises(RuntimeError), files.new_folder(out) as folder:
        (folder / "a").write_text("a")
        raise RuntimeError
    assert not out.exists() and not list(out.parent.iterdir())
    with files.new_folder(out) as folder:
        (folder / "a").write_text("a")
    assert (out / "a").read_text() == "a"


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "a").write_text("a")
    with pytest.raises(InputError, match="not empty"), files.new_folder(tmp_path):
        pass
    with pytest.raises(InputError, match="is not a folder"), files.new_folder(tmp_path / "a"):
        pass


def test_paths_that_leave_the_folder_are_refused(tmp_path):
    assert files.inside(tmp_path, "a/b.png") == tmp_path / "a" / "b.png"
    for bad in ("../x", "/etc/passwd", "a/../../x"):
        with pytest.raises(InputError, match="leads out of"):
            files.inside(tmp_path, bad)


def test_a_taken_name_gets_a_number(tmp_path):
    for expected in ("a.png", "a-2.png", "a-3.png"):
        path = files.free_name(tmp_path, "a", ".png")
        assert path.name == expected
        path.touch()


@given(st.text())
def test_a_slug_is_a_plain_file_name(text):
    name = files.slug(text)
    assert name and not set(name) & set('/\\:*?"<>| \n') and name not in {".", ".."}


@given(st.text(min_size=100))
def test_a_slug_leaves_room_for_suffixes(text):
    assert len(files.slug(text).encode()) <= 150


def test_lines_that_a_crash_cut_off_are_left_out(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"step": 1}\n[3]\n{"epoch": 2}\n{"step": 2, "x": "\xc3')
    assert files.read_lines(path, "step") == [{"step": 1}]
    assert files.read_lines(path) == [{"step": 1}, {"epoch": 2}]
