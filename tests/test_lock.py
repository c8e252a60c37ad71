"""One writer for one folder: who holds it is named, and nobody who died holds it."""

import os
import platform
import signal
import subprocess
import sys
import threading

import pytest

from nekogao import lock
from nekogao.errors import BusyError
from nekogao.files import new_folder

HOLD = (
    "import sys, pathlib\nfrom nekogao.lock import writing\n"
    "with writing(pathlib.Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()\n"
)


@pytest.fixture
def holder(tmp_path):
    """Another process that holds `tmp_path / 'run'`."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_writer_is_told_who_writes_since_when(tmp_path, holder):
    words = rf"run: is being written by process {holder.pid} on {platform.node()} since 20\d\d-"
    with pytest.raises(BusyError, match=words), lock.writing(tmp_path / "run"):
        pass
    with pytest.raises(BusyError, match=words), new_folder(tmp_path / "run"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [".run.lock"]


def test_a_killed_writer_does_not_block_the_next(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / ".run.lock").is_file()
    with lock.writing(tmp_path / "run"):
        assert str(os.getpid()) in (tmp_path / ".run.lock").read_text()
    assert not list(tmp_path.iterdir())


def test_two_threads_of_one_process_exclude_each_other(tmp_path):
    refused = []

    def write():
        try:
            with lock.writing(tmp_path / "run"):
                pass
        except BusyError as error:
            refused.append(str(error))

    with lock.writing(tmp_path / "run"):
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert len(refused) == 1 and f"process {os.getpid()}" in refused[0]


def test_a_link_to_the_folder_is_the_same_folder(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to("run")
    link = lock.writing(tmp_path / "link")
    with lock.writing(tmp_path / "run"), pytest.raises(BusyError), link:
        pass


def test_of_many_threads_exactly_one_writes_at_a_time(tmp_path):
    inside, most, entered = [0], [0], []

    def write():
        for _ in range(200):
            try:
                with lock.writing(tmp_path / "run"):
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                    entered.append(1)
                    inside[0] -= 1
            except BusyError:
                pass

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] and entered and not list(tmp_path.iterdir())


def test_folders_above_that_were_made_for_nothing_are_deleted(tmp_path):
    with lock.writing(tmp_path / "a" / "b" / "run"):
        pass
    assert not list(tmp_path.iterdir())
