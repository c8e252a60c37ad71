import pytest

from nekogao.bench import timing


def test_tasks_run_in_turn_and_each_has_its_own_seconds():
    now, order = [0.0], []

    def task(name, seconds):
        def run():
            order.append(name)
            now[0] += seconds * (1 + len(order))  # the machine drifts

        return run

    tasks = {"slow": task("slow", 2.0), "fast": task("fast", 1.0)}
    seconds = timing.interleave(tasks, 3, warmup=1, clock=lambda: now[0])
    assert order == ["slow", "fast"] * 4
    assert seconds == {"slow": [8.0, 12.0, 16.0], "fast": [5.0, 7.0, 9.0]}
    assert timing.ratio(seconds["slow"], seconds["fast"]) == pytest.approx(12 / 7)


def test_a_drift_that_both_feel_leaves_the_ratio_as_it_is():
    fast = [1.0, 5.0, 2.0]
    assert timing.ratio([2 * seconds for seconds in fast], fast) == 2


def test_the_share_compares_each_repeat_with_the_rate_next_to_it():
    # 100 operations at 100, 50 and 25 a second: 1, 2 and 4 s would be the least.
    assert timing.share(100, [2.0, 4.0, 16.0], [100.0, 50.0, 25.0]) == 0.5
