import typing

import pytest

from nekogao.bench import suite
from nekogao.bench.findings import Findings, Line
from nekogao.cli.bench import SectionName
from nekogao.config.pairs import PairConfig
from nekogao.errors import ConfigError, InputError
from nekogao.pairs.build import build
from nekogao.pairs.pair_set import PairSet


@pytest.fixture
def sections(monkeypatch):
    """Sections that only note which pair set they saw, in the real ones' places."""

    def make(name):
        def measure(work):
            note = f"{len(PairSet.open(work.pairs))} pairs, after {', '.join(work.done)}"
            return Findings([Line(name=name, value=None, unit="", note=note)])

        return measure

    table = {name: make(name) for name in suite.SECTIONS}
    monkeypatch.setattr(suite, "SECTIONS", table)
    return list(table)


def test_the_command_offers_exactly_the_sections():
    assert typing.get_args(SectionName) == tuple(suite.SECTIONS)
    assert set(suite.SECTIONS) >= suite.LONG


def test_sections_run_in_order_on_the_embedded_faces(sections):
    done = list(suite.run())
    without = [name for name in sections if name not in suite.NEEDS_CLIP]
    assert [section.name for section in done] == without
    assert done[-1].found.rows[0].note == f"10 pairs, after {', '.join(without[:-1])}"


def test_quick_leaves_the_long_ones_out_unless_they_are_named(sections, pair_set):
    assert [s.name for s in suite.run(pair_set, quick=True)] == [
        name for name in sections if name not in ("textbook", "unseen")
    ]
    named = [s.name for s in suite.run(pair_set, ["textbook", "help"], quick=True)]
    assert named == ["help", "textbook"]


def test_a_set_without_edges_is_refused_before_anything_is_measured(sections, faces, tmp_path):
    build(faces, tmp_path / "set", PairConfig(domains=("gray",), size=32))
    with pytest.raises(ConfigError, match="'edges'"):
        next(suite.run(tmp_path / "set"))
    with pytest.raises(InputError, match="absent"):
        next(suite.run(tmp_path / "absent"))
