import pytest

from nekogao.bench.findings import GOALS, Line, Workplace, at_least, at_most


def test_a_goal_is_reached_at_its_number():
    row = Line(name="x", value=10.0, unit="ms", ratio=1.8, share=0.69)
    assert at_most(10).reached(row) and not at_most(9.9).reached(row)
    assert at_least("ratio", 1.8).reached(row) and not at_least("share", 0.7).reached(row)


def test_what_was_not_measured_has_not_reached_its_goal():
    row = Line(name="x", value=None, unit="s")
    assert not at_most(10).reached(row) and not at_least("ratio", 0).reached(row)


def test_goals_as_text():
    texts = [goal.text("ms") for goal in (*GOALS["step-article"], *GOALS["translate-fast"])]
    assert texts == [">= 1.8x", ">= 70%", "<= 10 ms"]


@pytest.mark.parametrize(("quick", "usual", "times"), [(False, 5, 5), (True, 15, 5), (True, 3, 2)])
def test_quick_measures_a_third_as_often_but_twice(quick, usual, times, tmp_path):
    assert Workplace(tmp_path, tmp_path, quick).repeats(usual) == times
