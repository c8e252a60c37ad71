import json

import numpy as np

from nekogao.pairs import manifest
from nekogao.pairs.doctor import examine
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images


def test_a_sound_set_has_no_faults(pair_set):
    assert examine(pair_set) == []


def test_the_doctor_lists_every_fault_at_once(broken):
    items = PairSet.open(broken).items
    (broken / items[0].target).unlink()
    (broken / items[1].sources["gray"]).write_text("no picture")
    images.write(broken / items[2].sources["edges"], np.zeros((16, 32), np.uint8))
    images.write(broken / items[3].target, np.zeros((32, 32, 3), np.uint8))
    faults = examine(broken)
    assert len(faults) == 4
    for item, fault, reason in zip(
        items, faults, ["no such file", "is not a picture", "is 32x16", "is not the file"],
        strict=True,
    ):  # fmt: skip
        assert fault.startswith(f"{item.id}: ") and reason in fault and "\n" not in fault


def test_the_doctor_notices_doubles(broken):
    path = broken / manifest.NAME
    lines = path.read_text().splitlines()
    twin = {**json.loads(lines[1]), "id": "twin"}
    path.write_text("\n".join([*lines, json.dumps(twin)]))
    assert examine(broken) == ["twin: the same pictures as kuro. Remove one of the two."]


def test_a_size_that_no_network_takes_is_a_fault(broken):
    path = broken / manifest.NAME
    path.write_text(path.read_text().replace('"size": 32', '"size": 31', 1))
    faults = examine(broken)
    assert "size 31: each side must be from 32 to 512 pixels" in faults[0]
    assert all("is 32x32, the set is 31x31" in fault for fault in faults[1:])
