"""The pair sets of a study: named folders, or sets that it builds itself."""

from pathlib import Path

from nekogao.config.pairs import PairConfig
from nekogao.errors import ConfigError
from nekogao.names import slug
from nekogao.pairs.build import build_from
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import characters, photographs
from nekogao.studies.grid import DRAWN, TEN_FACES, Study

SETS = "sets"


def locate(study: Study, pairs: str, out: Path) -> Path:
    """Where a set is: in OUT/sets if the study builds it, else relative to the study file."""
    if pairs == TEN_FACES or pairs.startswith(DRAWN):
        return out / SETS / slug(pairs)
    return study.path.parent / pairs


def open_all(study: Study, out: Path) -> dict[str, PairSet]:
    """Every set of a study, built into OUT/sets where it is not there yet.

    Raises ConfigError for a count that is none, and what PairSet.open raises.
    """
    found = {}
    for pairs in dict.fromkeys(cell.pairs for cell in study.cells):
        folder = locate(study, pairs, out)
        if folder.is_relative_to(out / SETS) and not folder.is_dir():
            _build(pairs, folder, study.about.size)
        found[pairs] = PairSet.open(folder)
    return found


def _build(pairs: str, folder: Path, size: int | str) -> None:
    if pairs == TEN_FACES:
        build_from(photographs.ten_faces(size).items(), folder, PairConfig(size=size))
        return
    count = pairs.removeprefix(DRAWN)
    if not (count.isascii() and count.isdigit() and int(count) > 0):
        raise ConfigError(f"pairs = {pairs!r}: must be {DRAWN}N with N faces, as in {DRAWN}20.")
    build_from(characters.many_faces(int(count), size), folder, PairConfig(size=size))
