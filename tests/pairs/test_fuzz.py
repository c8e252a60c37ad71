"""Whatever a file holds, its reader gives it or refuses it in one line."""

import json
import random
import shutil

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nekogao.errors import NekogaoError
from nekogao.pairs import manifest
from nekogao.pairs.datasets import read_sides
from nekogao.pairs.doctor import examine
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import boxes, characters

COUNT = 2000
"""Mutated files of each kind."""

TOKENS = [b"Infinity", b"NaN", b"-1", b"1e999", b"null", b"[]", b"{}", b'""', b"\\ud800", b"\0",
          b"\xff", b"\n", b",", b'"', b"true", b"9" * 30, b"=1", b"../", b"[" * 3000]  # fmt: skip


def mutated(data, rng):
    """`data` with one to four bytes or words changed, cut out, doubled or put in."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(found) + 1)
        end = min(len(found), at + rng.randint(1, 12))
        change = rng.choice(["flip", "cut", "double", "put", "replace", "end"])
        if change == "flip" and at < len(found):
            found[at] ^= 1 << rng.randrange(8)
        elif change == "cut":
            del found[at:end]
        elif change == "double":
            found[at:at] = found[at:end]
        elif change == "put":
            found[at:at] = rng.choice(TOKENS)
        elif change == "replace":
            found[at:end] = rng.choice(TOKENS)
        elif change == "end" and rng.random() < 0.2:
            del found[at:]
    return bytes(found)


def outcome(call):
    """Whether a reader gave something; it may refuse, in one line."""
    try:
        call()
    except NekogaoError as error:
        assert str(error) and "\n" not in str(error)
        return False
    return True


def fuzz(path, call):
    rng, original = random.Random(10), path.read_bytes()
    counts = [0, 0]
    for number in range(COUNT):
        path.write_bytes(mutated(original, rng))
        try:
            counts[outcome(call)] += 1
        except Exception as error:
            kept = path.with_name(f"failed-{number}{path.suffix}")
            kept.write_bytes(path.read_bytes())
            raise AssertionError(f"{kept}: {error!r}") from error
    assert sum(counts) == COUNT and min(counts) > COUNT // 20


@pytest.mark.slow
def test_mutated_manifests_are_read_or_refused(broken):
    fuzz(broken / manifest.NAME, lambda: (examine(broken), PairSet.open(broken).fingerprint))


@pytest.mark.slow
def test_mutated_tables_of_boxes_are_read_or_refused(tmp_path):
    path, photo = tmp_path / "b.csv", tmp_path / "a.png"
    path.write_text("file,x,y,width,height,angle,kind,score,crop,sha256\n"
                    "a.png,1,2,30,40,-15.0,cat,20.0,a/a.png,00ff\n"
                    '"a.png",5,6,7,8,,,,,\n')  # fmt: skip

    def read():
        for row in boxes.match(path, tmp_path, [photo]).get(photo, []):
            boxes.check_inside(path, row, 60, 50)

    fuzz(path, read)


@pytest.mark.slow
@pytest.mark.parametrize("packed", [False, True])
def test_mutated_hdf5_files_are_read_or_refused(tmp_path, packed):
    path = tmp_path / "x.h5"
    faces = np.stack([characters.draw_face(who, 32) for who in characters.CHARACTERS[:2]])
    options = {"compression": "gzip", "chunks": (1, 32, 32, 3)} if packed else {}
    with h5py.File(path, "w") as file:
        for kind in ("raw", "gen"):
            file.create_dataset(f"train_data_{kind}", data=faces, **options)
    rng, original = random.Random(11), path.read_bytes()
    for number in range(COUNT // 2):
        # What is wrong with the pixels is no matter of the reader's: most changes go to the rest.
        head = mutated(original[:2600], rng)
        path.write_bytes(head + original[2600:])
        try:
            outcome(lambda: read_sides(path))
        except Exception as error:
            shutil.copy(path, tmp_path / f"failed-{number}.h5")
            raise AssertionError(f"failed-{number}.h5: {error!r}") from error


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.slow
@given(line=st.integers(0, 2), value=PLAIN, data=st.data())
def test_a_field_of_any_type_is_read_or_refused(pair_set, tmp_path_factory, line, value, data):
    folder = tmp_path_factory.mktemp("fuzzed")
    rows = [json.loads(row) for row in (pair_set / manifest.NAME).read_text().splitlines()]
    place = rows[line]
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = value
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / manifest.NAME).write_text(text, encoding="utf-8")
    outcome(lambda: (examine(folder), PairSet.open(folder).fingerprint))


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"format": ' + "[" * 100_000, '{"format": Infinity}', '{"format": NaN}',
     '{"format": 1, "size": 1e999, "target_channels": 3, "domains": {}}',
     '{"format": 1, "size": -Infinity, "target_channels": 3, "domains": {}}',
     '{"format": 1, "size": 32, "target_channels": 3, "domains": {"a": 5}}',
     '{"format": 1, "size": 32, "target_channels": 3, "domains": [["a"]]}',
     '{"format": 1, "size": true, "target_channels": 3, "domains": {"a": {}}}',
     '{"format": 1, "size": 32, "target_channels": 3, "domains": {"a": {"name": 5, "kind": []}}}',
     '{"format": 1, "size": ' + "9" * 5000 + "}"],
    ids=range(11),
)  # fmt: skip
def test_a_header_that_is_none_is_one_fault(broken, text):
    (broken / manifest.NAME).write_text(text + "\n")
    (fault,) = examine(broken)
    assert "line 1: " in fault and "\n" not in fault and len(fault) < 500


@pytest.mark.parametrize(
    "changes",
    [{"id": 5}, {"id": ["a"]}, {"target": None}, {"target": "a\0b"}, {"target": "\ud800.png"},
     {"target": ""}, {"sources": []}, {"sources": {"gray": 1, "edges": "a"}}, {"origin": "x"},
     {"origin": {"box": ["a"]}}, {"origin": {"sources": {"a": 3}}}, {"sha256": {"target": 9}},
     {"sha256": 3}, {"category": {}}, {"origin": {"file": {}}}],
    ids=str,
)  # fmt: skip
def test_an_item_with_a_field_of_a_wrong_type_is_one_fault(broken, changes):
    path = broken / manifest.NAME
    lines = path.read_text().splitlines()
    lines[1] = json.dumps({**json.loads(lines[1]), **changes})
    path.write_text("\n".join(lines))
    (fault,) = examine(broken)
    assert "line 2: " in fault and "\n" not in fault


def test_a_name_that_is_too_long_is_a_fault_of_its_item(broken):
    path = broken / manifest.NAME
    path.write_text(path.read_text().replace("target/kuro.png", f"target/{'k' * 300}.png"))
    (fault,) = examine(broken)
    assert fault.startswith("kuro: target: ")
