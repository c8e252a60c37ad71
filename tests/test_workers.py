import sys
import threading
from itertools import count

import pytest

from nekogao import workers
from nekogao.workers import THREADS, ahead


def running():
    return [t.name for t in threading.enumerate() if t.name.startswith("nekogao-worker")]


def test_results_come_in_the_order_of_their_arguments():
    held = threading.Event()

    def slow_first(number):
        if number == 0:
            assert held.wait(10)
        if number == 1:
            held.set()
        return number * 2

    assert THREADS > 1
    assert list(ahead(slow_first, range(50))) == [2 * n for n in range(50)]
    assert not running()


def test_no_more_is_begun_than_the_depth():
    drawn = []
    arguments = (drawn.append(n) or n for n in count())
    results = ahead(lambda n: n, arguments, depth=3)
    assert next(results) == 0 and drawn == [0, 1, 2, 3]
    assert next(results) == 1 and drawn == [0, 1, 2, 3, 4]
    assert running()
    results.close()
    assert not running()


def test_an_error_is_raised_where_its_result_is_due():
    def fail_at_two(number):
        if number == 2:
            raise ValueError("two")
        return number

    results = ahead(fail_at_two, count())
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)
    assert not running()


def test_an_error_of_the_caller_ends_the_threads():
    def use():
        for result in ahead(lambda n: n, count()):
            if result == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        use()
    assert not running()


@pytest.mark.parametrize(("files", "share"), [
    ({"cpu.max": "150000 100000\n"}, 2),
    ({"cpu.max": "max 100000\n"}, sys.maxsize),
    ({"cpu.max": "50000 100000\n"}, 1),
    ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
    ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, sys.maxsize),
    ({"cpu.max": "nonsense"}, sys.maxsize),
    ({}, sys.maxsize),
])  # fmt: skip
def test_a_container_has_as_many_cores_as_its_time_comes_to(tmp_path, monkeypatch, files, share):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(workers, "_GROUPS", tmp_path)
    assert workers._share() == share
    assert 1 <= workers.cores() <= share
