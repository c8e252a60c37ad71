import json

import pytest

from nekogao.runs.metrics import Measurement, stages


def measurement(**changes):
    numbers = {"mae": 0.1, "psnr": 20.0, "ssim": 0.5, "skill": 0.5, "identity": 1.0}
    return Measurement(**{"step": 0, "epoch": 0.0, "phase": 0, "domain": "gray", **numbers,
                          **changes})  # fmt: skip


def test_a_row_reads_what_it_writes():
    row = measurement(step=3, trained=("gray", "edges"), sharpness=1.5, losses={"l1": 0.25})
    assert Measurement.from_row(json.loads(row.to_json())) == row


def test_rows_of_old_and_of_later_versions_can_be_read():
    old = json.loads(measurement().to_json())
    assert "sharpness" not in old and Measurement.from_row(old).sharpness is None
    assert Measurement.from_row({**old, "colour": 1}) == measurement()


@pytest.mark.parametrize("change", [{"step": "3"}, {"skill": "good"}, {"trained": 3}])
def test_a_row_of_other_types_is_no_measurement(change):
    with pytest.raises(TypeError):
        Measurement.from_row({**json.loads(measurement().to_json()), **change})
    with pytest.raises(TypeError):
        Measurement.from_row({"step": 3})


def test_stages_are_the_last_rows_of_each_phase():
    rows = [measurement(step=s, phase=p, domain=d) for s, p in ((0, 0), (5, 1), (9, 1), (12, 2))
            for d in ("gray", "edges")]  # fmt: skip
    found = stages(rows, ["edges:3", "gray:1"])
    assert [stage.name for stage in found] == ["before training", "edges:3", "gray:1"]
    assert [row.step for row in found[1].measurements] == [9, 9]
    assert stages(rows, [])[2].name == "2"


@pytest.mark.parametrize("change", [
    {"step": 10**30}, {"step": True}, {"step": -1}, {"mae": 10**400}, {"mae": None}, {"phase": -1},
    {"epoch": float("nan")}, {"seconds": float("inf")}, {"losses": 3}, {"losses": {"l1": "a"}},
    {"losses": [1]}, {"sharpness": []}, {"domain": None}, {"domain": ["gray"]}, {"trained": [3]},
])  # fmt: skip
def test_a_row_that_nothing_can_be_drawn_of_is_no_measurement(change):
    with pytest.raises(TypeError):
        Measurement.from_row({**json.loads(measurement().to_json()), **change})


def test_the_psnr_of_a_copy_is_a_measure():
    row = json.loads(measurement(psnr=float("inf")).to_json())
    assert Measurement.from_row(row).psnr == float("inf")
