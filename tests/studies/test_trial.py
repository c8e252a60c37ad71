import pytest

from nekogao.config.schema import TrainConfig
from nekogao.errors import DiskError, DivergedError
from nekogao.studies import trial
from nekogao.studies.trial import Trial, carry_out, outcome


def failing(monkeypatch, tmp_path, error):
    def train(*arguments, **options):
        raise error
        yield

    monkeypatch.setattr(trial, "train", train)
    config = TrainConfig(phases=("gray:1",), seed=3)
    return Trial(tmp_path / "cell-s3", tmp_path, config, {"a": "b"}, ("retention",), 1)


def test_a_fault_of_the_run_is_written_down(monkeypatch, tmp_path):
    one = failing(monkeypatch, tmp_path, DivergedError("step 3: the loss is nan"))
    found = carry_out(one)
    assert found == outcome(one) and found.failed == "step 3: the loss is nan"
    assert (found.seed, found.choices, found.measures) == (3, {"a": "b"}, {})


@pytest.mark.parametrize("error", [DiskError("no room"), OSError(28, "no room"), MemoryError()])
def test_a_fault_of_the_machine_can_be_tried_again(monkeypatch, tmp_path, error):
    one = failing(monkeypatch, tmp_path, error)
    with pytest.raises(type(error)):
        carry_out(one)
    assert outcome(one) is None
