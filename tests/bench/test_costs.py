import pytest

import nekogao
from nekogao.bench import costs
from nekogao.bench.findings import Workplace
from nekogao.measures.composition import Basis
from nekogao.measures.law import Permutations
from nekogao.pictures import images


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


def test_pictures_to_import_are_large_and_share_their_pixels(tmp_path):
    sides = costs.write_pictures(tmp_path, 3)
    for side in sides:
        paths = images.find(side)
        assert [path.name for path in paths] == ["0000.jpg", "0001.jpg", "0002.jpg"]
        assert images.read(paths[2]).shape == (1200, 1600, 3)
        assert paths[0].samefile(paths[2])


def test_an_import_is_compared_with_its_pictures_at_full_size(work):
    cost = costs.import_folders(work, 2, repeats=1)
    assert cost.row.baseline == 2 * 2 * 1600 * 1200 * 3 / 2**20
    assert cost.row.value == cost.peak_bytes[0] / 2**20 > 50
