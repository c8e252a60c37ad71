"""All sections of the bench, and running them."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from nekogao.bench import capacity, costs, drawn, learning, scale, steps, translation, unseen
from nekogao.bench.findings import Findings, Section, Workplace
from nekogao.errors import ConfigError
from nekogao.pairs.build import build
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import photographs

SECTIONS: dict[str, Callable[[Workplace], Findings]] = {
    "step-article": steps.article,
    "step-unet256": steps.unet256,
    "translate": translation.translate,
    "apply": translation.apply,
    "help": translation.show_help,
    "fast": learning.fast,
    "textbook": learning.textbook,
    "capacity": capacity.capacity,
    "scale": scale.scale,
    "costs": costs.costs,
    "drawings": drawn.drawings,
    "unseen": unseen.unseen,
    "profile": steps.profiles,
}
"""Name -> what measures it, in the order in which they run: later ones may use what is done."""
LONG = frozenset({"textbook"})
"""Left out when quick, unless named."""
NEEDS_CLIP = frozenset({"unseen"})
"""Left out where no clip is named, unless they are; then they say what they need."""
DOMAINS = ("edges", "gray")


def run(
    pair_set: Path | None = None,
    only: Sequence[str] = (),
    quick: bool = False,
    sets: Path | None = None,
    clip: Path | None = None,
) -> Iterator[Section]:
    """Measure; a section comes as soon as it is done.

    Args:
        pair_set: A pair set with the domains edges and gray; None takes the ten embedded faces.
        only: Keys of SECTIONS; empty for all.
        quick: Whether to measure less often and leave out what takes many minutes.
        sets: Where drawn pair sets are kept for the next time; None draws them anew.
        clip: A video for the sections in NEEDS_CLIP.

    Raises:
        InputError: There is no such pair set.
        ConfigError: It lacks a domain, or a section is named that needs a clip, and no clip is.
        PictureError: The clip cannot be read.
        RunError: A command that is measured failed.
    """
    names = [n for n in SECTIONS if (n in only if only else not (quick and n in LONG))]
    if clip is None and not only:
        names = [name for name in names if name not in NEEDS_CLIP]
    if clip is None and NEEDS_CLIP & set(names):
        raise ConfigError(unseen.NEEDS)
    if clip is not None:
        unseen.check(clip, quick)
    if pair_set is not None:
        PairSet.open(pair_set).resolve(DOMAINS)
    with tempfile.TemporaryDirectory(prefix="nekogao-bench-") as scratch:
        work = Workplace(pair_set or Path(scratch, "pairs"), Path(scratch), quick, sets, clip)
        if pair_set is None:
            photographs.write_folder(photographs.ten_faces(), work.scratch / "faces")
            build(work.scratch / "faces", work.pairs)
        for name in names:
            begun = time.perf_counter()
            work.done[name] = SECTIONS[name](work)
            yield Section(name, time.perf_counter() - begun, work.done[name])
