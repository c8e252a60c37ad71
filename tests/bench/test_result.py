import json
import re

import pytest

from nekogao.bench import result
from nekogao.bench.findings import Findings, Line, Section
from nekogao.bench.translation import Usages
from nekogao.errors import InputError

HELP = Section(
    "help", 2.0, Findings([Line(name="help", value=0.4, unit="s")], Usages([0.4], [2**28]))
)


def test_what_is_written_can_be_read(tmp_path):
    out = tmp_path / "bench.json"
    result.write(out, result.about(3e11, None, quick=True), [HELP])
    data = json.loads(out.read_text())
    assert data["schema"] == 1 and data["quick"] is True and data["pairs"] is None
    assert data["matmul_flops_per_second"] == 3e11
    assert set(data["versions"]) == {"python", "torch", "nekogao"}
    assert data["machine"]["threads"] == 1 and data["machine"]["memory_bytes"] > 2**28
    found = data["sections"]["help"]
    assert found["took"] == 2.0 and found["seconds"] == [0.4] and found["peak_bytes"] == [2**28]
    assert found["rows"][0]["goals"] == [{"goal": "<= 0.3 s", "reached": False}]


def test_the_commit_is_that_of_the_packages_checkout(monkeypatch, tmp_path):
    known = result.checkout()
    assert known is None or re.fullmatch("[0-9a-f]{40}", known.commit)
    (tmp_path / "nekogao").mkdir()
    monkeypatch.setattr(result.nekogao, "__file__", str(tmp_path / "nekogao" / "__init__.py"))
    assert result.checkout() is None  # installed somewhere else
    (tmp_path / ".git").mkdir()
    assert result.checkout() is None  # not a repository after all


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "bench.json").touch()
    with pytest.raises(InputError, match="bench.json: exists already. Name another file"):
        result.check_new_file(tmp_path / "bench.json")
    with pytest.raises(InputError, match="absent: no such folder"):
        result.check_new_file(tmp_path / "absent" / "bench.json")
    result.check_new_file(tmp_path / "new.json")


def test_of_two_that_begin_at_once_one_is_refused(tmp_path):
    out, about = tmp_path / "bench.json", result.about(3e11, None, quick=True)
    result.begin(out, about)
    assert json.loads(out.read_text())["sections"] == {}
    with pytest.raises(InputError, match="bench.json: exists already"):
        result.begin(out, about)
