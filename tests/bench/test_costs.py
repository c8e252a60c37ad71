import pytest

import nekogao
from nekogao.bench import costs
from nekogao.bench.findings import Workplace
from nekogao.measures.law import Permutations
from nekogao.models.composition import Basis


@pytest.fixture
def work(tmp_path):
    return Workplace(tmp_path, tmp_path, quick=True)


def test_both_ways_name_the_same_winner():
    targets = costs.faces(10)
    assert targets.shape == (10, 128, 128, 3) and 0 <= targets.min() < targets.max() <= 1
    output = costs.blend(targets)
    assert Basis(targets).winner(output) == costs.plain_winner(output, targets)


def test_both_ways_give_the_same_p_value():
    winners, predictions = costs.forecasts(12, 3)
    for predicted in predictions:
        plain = costs.plain_p(predicted, winners, 2000)
        assert Permutations(winners, 2000).p(predicted) == pytest.approx(plain, abs=0.05)
        assert 0 < plain < 1


def test_a_winner_is_compared_with_factoring_anew(work):
    cost = costs.winner(work, 10)
    assert cost.row.name == "winner-10" and cost.row.value > 0 and cost.row.ratio > 0
    assert len(cost.seconds["nekogao"]) == len(cost.seconds["baseline"]) == 3


def test_a_finished_run_is_compared_with_decoding_its_set(work):
    cost = costs.finished(work, 10)
    (event,) = nekogao.train(work.scratch / "finished-10")
    assert event.already
    assert cost.row.name == "finished-10" and cost.row.value > 0 and cost.row.baseline > 0


def test_a_report_is_compared_with_reading_all_its_pictures(work):
    cost = costs.report(work, 3)
    assert cost.row.name == "report-3" and cost.row.value > 0 and cost.row.baseline > 0
    page = (work.scratch / "run-3" / "report.html").read_text()
    assert page.count('alt="output for') == 3
