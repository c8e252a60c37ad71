"""Mutated files: every reader either reads one or refuses it on one line.

The seed is fixed, so that what failed fails again. Each reader meets 2,000 mutations of a good
file; a quick run of the same, with 100, is among the usual tests.
"""

import copy
import io
import json
import random
import tomllib
from collections import Counter
from pathlib import Path

import pytest
import tomli_w
import torch

from nekogao.config.compose import compose
from nekogao.errors import NekogaoError
from nekogao.models import file
from nekogao.models.applied import APPLIED, read_applied
from nekogao.report.figures import curves
from nekogao.runs.about import read as read_about
from nekogao.runs.folder import Run
from nekogao.runs.metrics import stages
from nekogao.studies import grid
from tests.models.test_junyanz import weights

TOKENS = [b"[", b"]", b"{", b"}", b'"', b"'", b"=", b":", b",", b"\n", b"#", b"-1", b"1e999",
          b"nan",
          b"NaN", b"Infinity", b"inf", b"null", b"true", b'"x"', b"[]", b"{}", b"[[[[[[", b"0x",
          b"9" * 30, b"9" * 400, b"9" * 5000,
          b"\\u0000", b"\\ud800", b"\xff", b"\x00", b"\x1b[31m",
          b"\xe2\x80\xa8", b"\xc2\x85", b"[" * 3000, b"a." * 3000, b"1979-05-27", b"../..",
          b"0.5", b"3", b'"edges:1"', b"edges", b"all"]  # fmt: skip

STUDY = """
name = "Rates"
prediction = "None."
pairs = "drawn:2"
size = 32
seeds = [0, 1]
measures = ["retention"]
[base]
phases = ["edges:1"]
generator = {width = 2}
[axes]
batch = [1, 2]
[axes.rate.low]
optimizer = {lr = 1e-3}
[axes.rate.high]
optimizer = {lr = 1e-2}
"""


def mutated(data: bytes, rng: random.Random) -> bytes:
    """`data` with one to four changes: bytes, tokens, values, lines, pieces."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(found) + 1)
        match rng.randrange(7):
            case 0 if found:
                found[at % len(found)] = rng.randrange(256)
            case 1:
                found[at:at] = rng.choice(TOKENS)
            case 2:
                del found[at : at + rng.randint(1, 40)]
            case 3:
                del found[at:]
            case 4:
                piece = found[at : at + rng.randint(1, 60)]
                found[at:at] = piece
            case 5:  # a value: what stands between = or : and the end of the line or a comma
                start = max(found.find(b"=", at), found.find(b":", at)) + 1
                ends = [e for e in (found.find(b"\n", start), found.find(b",", start)) if e > 0]
                if start and ends:
                    found[start : min(ends)] = rng.choice(TOKENS)
            case _:
                lines = found.split(b"\n")
                rng.shuffle(lines)
                found = bytearray(b"\n".join(lines))
    return bytes(found)


JUNK = [None, True, -1, 0, 3, 10**18, 2**70, 0.5, -0.5, float("nan"), float("inf"), "", "x",
        "5,6", "all",
        "gray", "edges:1", "\x1b[31m", "a\u2028b", "../../x", [], [1], ["x"], [[["x"]]], {},
        {"a": 1},
        {"kind": "x"}, {"name": 3}]  # fmt: skip


def replaced(data, rng: random.Random):
    """`data` with one to three of its values replaced, removed or renamed, at any depth."""
    for _ in range(rng.randint(1, 3)):
        place = data
        while True:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            if not keys:
                break
            key = rng.choice(list(keys))
            if isinstance(place[key], (dict, list)) and rng.random() < 0.8:
                place = place[key]
                continue
            match rng.randrange(4):
                case 0:
                    del place[key]
                case 1 if isinstance(place, dict):
                    place[rng.choice(["x", "a\nb", "kind", "width", ""])] = place.pop(key)
                case _:
                    place[key] = copy.deepcopy(rng.choice(JUNK))
            break
    return data


def without_none(data):
    if isinstance(data, dict):
        return {key: without_none(value) for key, value in data.items() if value is not None}
    return [without_none(v) for v in data if v is not None] if isinstance(data, list) else data


def restructured(name: str, data: bytes, rng: random.Random) -> bytes:
    """A file that is sound TOML, JSON Lines or safetensors, with other values in it."""
    if name.endswith(".toml"):
        return tomli_w.dumps(without_none(replaced(tomllib.loads(data.decode()), rng))).encode()
    if name.endswith(".jsonl"):
        lines = data.decode().splitlines()
        at = rng.randrange(len(lines))
        lines[at] = json.dumps(replaced(json.loads(lines[at]), rng))
        return ("\n".join(lines) + "\n").encode()
    if name.endswith(".safetensors"):
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        about = replaced(json.loads(header["__metadata__"][file.FORMAT]), rng)
        header["__metadata__"][file.FORMAT] = json.dumps(about)
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        return len(text).to_bytes(8, "little") + text + data[8 + size :]
    state = torch.load(io.BytesIO(data), weights_only=True)
    key = rng.choice(list(state))
    if rng.random() < 0.3:
        state[rng.choice(["module." + key, "x", 3])] = state.pop(key)
    else:
        junk = [3, None, torch.zeros(()), torch.zeros(3, 4), torch.zeros(4, 4, 4, 4).half(),
                state[key].flatten(), state[key][..., :0] if state[key].ndim else state[key],
                state[key] / 0, state[key].to_sparse(), state[key].to("meta")]  # fmt: skip
        state[key] = rng.choice(junk)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def recipe(path: Path) -> None:
    compose(path)
    compose(path, generator="unet", phases=["edges:1"], seed=3, overrides={"generator.width": 3})


def metrics(path: Path) -> None:
    rows = Run(path.parent).read_metrics()
    if rows:
        stages(rows, ["edges:1"])
        for row in rows:
            f"{row.identity:.0%} {row.mae:.4f} {row.psnr:.2f} {row.step} {row.epoch:6.1f}"
            row.to_json()


def drawn(path: Path) -> None:
    rows = Run(path.parent).read_metrics()
    if rows:
        curves(rows, list(dict.fromkeys(row.domain for row in rows)), [(0.0, "edges:1")])


def applied(path: Path) -> None:
    for row in read_applied(path.parent):
        row.to_json()
        Path(row.input)


def samples(finished: Path, tmp_path: Path) -> dict:
    """Reader -> (name of its file, good bytes, what reads it)."""
    torch.save(weights(), tmp_path / "good.pth")
    rows = [{"output": f"{n}.png", "input": f"/home/{n}.jpg", "sha256": "a" * 64, "domain": "gray",
             "settle": 0, "nearest": "kuro", "distance": 0.25} for n in "abc"]  # fmt: skip
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    return {
        "config": ("a.toml", (finished / "run.toml").read_bytes(), recipe),
        "run.toml": ("run.toml", (finished / "run.toml").read_bytes(), read_about),
        "study": ("study.toml", STUDY.encode(), grid.read),
        "metrics.jsonl": ("metrics.jsonl", (finished / "metrics.jsonl").read_bytes(), metrics),
        "figures": ("metrics.jsonl", _head(finished / "metrics.jsonl"), drawn),
        "applied.jsonl": (APPLIED, lines.encode(), applied),
        "safetensors": ("m.safetensors", (finished / "model.safetensors").read_bytes(), file.load),
        "pth": ("net.pth", (tmp_path / "good.pth").read_bytes(), file.load),
    }


def _head(path: Path) -> bytes:
    return b"".join(path.read_bytes().splitlines(keepends=True)[:4])


READERS = ("config", "run.toml", "study", "metrics.jsonl", "figures", "applied.jsonl",
           "safetensors", "pth")  # fmt: skip


def header_only(data: bytes, rng: random.Random) -> bytes:
    """A safetensors file with another header: of the same length, and now and then of another."""
    size = int.from_bytes(data[:8], "little")
    header, rest = mutated(data[8 : 8 + size], rng), data[8 + size :]
    length = size if rng.random() < 0.1 else len(header)
    return length.to_bytes(8, "little") + header + rest


def fuzz(finished, tmp_path, reader, count):
    name, good, read = samples(finished, tmp_path)[reader]
    for output in "abc":
        (tmp_path / f"{output}.png").touch()
    path, rng, outcomes, failed = tmp_path / name, random.Random(reader), Counter(), {}
    path.write_bytes(good)
    read(path)
    for number in range(count):
        if number % 2:
            path.write_bytes(restructured(name, good, rng))
        else:
            change = header_only if reader == "safetensors" and number % 4 else mutated
            path.write_bytes(change(good, rng))
        try:
            read(path)
            outcomes["read"] += 1
        except NekogaoError as error:
            outcomes["refused"] += 1
            if "\n" in str(error) or len(str(error)) > 2000:
                failed[number] = f"no line: {str(error)[:300]!r}"
        except Exception as error:
            failed[number] = f"{type(error).__name__}: {str(error)[:300]}"
    print(f"{reader}: {dict(outcomes)}, {len(failed)} of {count} failed")
    assert not failed, "\n".join(f"{k}: {v}" for k, v in list(failed.items())[:20])


@pytest.mark.parametrize("reader", READERS)
def test_a_mutated_file_is_read_or_refused_on_one_line(finished, tmp_path, reader):
    fuzz(finished, tmp_path, reader, 10 if reader == "figures" else 100)


@pytest.mark.slow
@pytest.mark.parametrize("reader", [reader for reader in READERS if reader != "figures"])
def test_two_thousand_mutated_files_are_read_or_refused_on_one_line(finished, tmp_path, reader):
    fuzz(finished, tmp_path, reader, 2000)
