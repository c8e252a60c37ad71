import json

import pytest

from nekogao.errors import PairSetError
from nekogao.pairs import manifest
from nekogao.pairs.doctor import examine
from nekogao.pairs.pair_set import PairSet


def edit(folder, line, **changes):
    path = folder / manifest.NAME
    lines = path.read_text().splitlines()
    lines[line] = json.dumps({**json.loads(lines[line]), **changes})
    path.write_text("\n".join(lines))


@pytest.mark.parametrize(
    ("line", "changes", "message"),
    [
        (0, {"format": 9}, "format 9, this version reads 1"),
        (0, {"domains": {"gray": {"name": "gray", "kind": "blur"}}}, "damaged header"),
        (0, {"size": "big"}, "damaged header"),
        (1, {"target": "../../secret.png"}, "leads out of"),
        (1, {"sources": {}}, "sources for no domain, the set has gray, edges"),
        (1, {"bogus": 1}, "damaged item"),
        (2, {"id": "kuro"}, "the id kuro is there twice"),
    ],
)
def test_a_damaged_manifest_is_refused_with_its_line(broken, line, changes, message):
    edit(broken, line, **changes)
    with pytest.raises(PairSetError, match=message):
        PairSet.open(broken)
    (fault,) = examine(broken)
    assert message in fault


@pytest.mark.parametrize(
    "path", ["/etc/secret.png", "target/../../secret.png", "..\\secret.png", "C:\\secret.png"]
)
def test_paths_that_lead_out_are_refused_at_opening(broken, path):
    edit(broken, 1, target=path)
    with pytest.raises(PairSetError, match="line 2: .*secret.png: leads out of"):
        PairSet.open(broken)


def test_dots_in_a_name_lead_nowhere(broken):
    edit(broken, 1, target="target/a..b.png")
    assert PairSet.open(broken).items[0].target == "target/a..b.png"


def test_lines_are_counted_as_an_editor_counts_them(broken):
    path = broken / manifest.NAME
    lines = path.read_text().splitlines()
    # Python's splitlines would break a line at U+2028, which JSON may hold as it is.
    lines[1] = json.dumps({**json.loads(lines[1]), "category": "a\u2028b"}, ensure_ascii=False)
    path.write_text("\n\n".join([*lines, "{"]), encoding="utf-8")
    with pytest.raises(PairSetError, match=f"line {2 * len(lines) + 1}: is not JSON"):
        PairSet.open(broken)
    path.write_bytes(b"\xff")
    with pytest.raises(PairSetError, match="is not text"):
        PairSet.open(broken)
