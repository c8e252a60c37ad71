import errno
import json
import os
import threading
from pathlib import Path

import pytest

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


def test_two_threads_may_write_one_file_at_once(tmp_path):
    both_have_written = threading.Barrier(2, timeout=10)
    texts, errors = ("a" * 1000, "b" * 2000), []

    def write(text):
        def fill(temporary):
            temporary.write_text(text)
            both_have_written.wait()

        try:
            files.write_atomically(tmp_path / "a.txt", fill)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and (tmp_path / "a.txt").read_text() in texts
    assert [child.name for child in tmp_path.iterdir()] == ["a.txt"]


def test_temporary_files_match_the_pattern_that_leftovers_are_deleted_by(tmp_path):
    seen = []

    def fill(temporary):
        temporary.write_text("new")
        seen.extend(tmp_path.glob(".*.tmp"))

    files.write_atomically(tmp_path / "a.txt", fill)
    assert len(seen) == 1


def test_files_and_folders_have_the_permissions_that_the_umask_leaves(tmp_path):
    (tmp_path / "plain").touch()
    (tmp_path / "plain-folder").mkdir()
    files.write_text(tmp_path / "a.txt", "new")
    with files.new_folder(tmp_path / "folder"):
        pass
    for ours, plain in (("a.txt", "plain"), ("folder", "plain-folder")):
        assert (tmp_path / ours).stat().st_mode == (tmp_path / plain).stat().st_mode


def test_writing_never_changes_the_umask_to_an_open_one(tmp_path, monkeypatch):
    set_to, really = [], os.umask

    def note(mask):
        set_to.append(mask)
        return really(mask)

    monkeypatch.setattr(os, "umask", note)
    files.write_text(tmp_path / "a.txt", "new")
    assert 0 not in set_to


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


def test_lines_that_a_crash_cut_off_are_left_out(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"step": 1}\n[3]\n{"epoch": 2}\n{"step": 2, "x": "\xc3')
    assert files.read_lines(path, "step") == [{"step": 1}]
    assert files.read_lines(path) == [{"step": 1}, {"epoch": 2}]


def test_a_name_is_claimed_by_one_writer_alone(tmp_path):
    (tmp_path / "a.txt").write_text("somebody's")
    (tmp_path / "a-3.txt").symlink_to("nowhere")
    taken = []

    def write(text):
        for _ in range(20):
            taken.append((files.write_first_free(
                tmp_path, "a", ".txt", lambda path: path.write_text(text)), text))  # fmt: skip

    threads = [threading.Thread(target=write, args=[str(number)]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({path for path, _ in taken}) == len(taken) == 80
    assert all(path.read_text() == text for path, text in taken)
    assert (tmp_path / "a.txt").read_text() == "somebody's"
    assert len(list(tmp_path.iterdir())) == 82, "and no temporary file is left"


@pytest.mark.parametrize("links", [True, False])
def test_names_are_claimed_without_links_too(tmp_path, monkeypatch, links):
    if not links:  # as FAT has none

        def refuse(self, target):
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr("pathlib.Path.hardlink_to", refuse)

    def write(path):
        path.write_text("new")

    names = [files.write_first_free(tmp_path, "a", ".txt", write).name for _ in range(3)]
    assert names == ["a.txt", "a-2.txt", "a-3.txt"]
    files.write_new(tmp_path / "b.txt", write)
    with pytest.raises(InputError, match="b.txt: exists already. Name another file"):
        files.write_new(tmp_path / "b.txt", pytest.fail)
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == dict.fromkeys(
        [*names, "b.txt"], "new")  # fmt: skip


def test_a_new_file_is_refused_where_the_name_was_taken_meanwhile(tmp_path):
    def write(path):
        path.write_text("new")
        (tmp_path / "a.txt").write_text("somebody's")

    with pytest.raises(InputError, match="exists already"):
        files.write_new(tmp_path / "a.txt", write)
    assert [p.read_text() for p in tmp_path.iterdir()] == ["somebody's"]


def test_the_folder_that_one_works_in_is_not_replaced(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name in (".", "./", str(tmp_path / "here"), "../here"):
        with pytest.raises(InputError, match="in use as a folder to work in"):
            files.check_new_folder(Path(name))


@pytest.mark.parametrize("name", ["a\u2028b", "a\u0085b", "a\u2029b", "a\x0bb", "a\x1cb", "a\fb"])
def test_a_line_is_one_object_whatever_the_names_in_it(tmp_path, name):
    path = tmp_path / "a.jsonl"
    rows = [{"name": name}, {"name": "next"}]
    files.write_text(path, "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))
    assert files.read_lines(path, "name") == rows


@pytest.mark.parametrize("line", ["[" * 100_000, "9" * 5000, '{"a":' * 5000, "\ud800", "{}x", ""])
def test_lines_that_are_no_json_are_left_out(tmp_path, line):
    path = tmp_path / "a.jsonl"
    files.write_text(path, f'{line}\n{{"step": 1}}\n')
    assert files.read_lines(path, "step") == [{"step": 1}]


def test_bytes_of_names_that_are_no_text_survive_json(tmp_path):
    name = os.fsdecode(b"caf\xe9.png")
    files.append_text(tmp_path / "a.jsonl", json.dumps({"name": name}, ensure_ascii=False) + "\n")
    assert files.read_lines(tmp_path / "a.jsonl") == [{"name": name}]


def test_errors_name_the_file_and_not_the_hidden_one(tmp_path):
    path = tmp_path / "a.txt"

    def missing(temporary):
        (temporary / "deeper").write_text("x")

    def full(temporary):
        raise OSError(errno.ENOSPC, "No space left on device")

    def refused(temporary):
        raise InputError(f"{temporary}: is no picture. Name another.")

    for write in (missing, full):
        with pytest.raises(OSError) as caught:
            files.write_atomically(path, write)
        assert str(caught.value.filename).startswith(str(path)) and ".tmp" not in str(caught.value)
    with pytest.raises(InputError, match=f"^{path}: is no picture. Name another.$"):
        files.write_atomically(path, refused)
    out = tmp_path / "out"
    with pytest.raises(OSError) as caught, files.new_folder(out) as folder:
        (folder / "a" / "b").write_text("x")
    assert caught.value.filename == str(out / "a" / "b")
    if (full_device := Path("/dev/full")).exists():
        with pytest.raises(OSError) as caught:
            files.append_text(full_device, "x\n")
        assert caught.value.filename == "/dev/full"
