"""Bent faces: second answers to drawings, put together from the training pairs.

A network answers a drawing of another cat with a face that it remembers. Exemplars bend that face
to the drawing, so that a maker's lines are followed.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from nekogao.config.compose import compose
from nekogao.errors import InputError
from nekogao.files import sha256
from nekogao.models.applied import read_applied
from nekogao.models.gallery import apply
from nekogao.models.options import Options
from nekogao.models.translator import Translator
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import drawings, images
from nekogao.pictures.domains import LINES
from nekogao.runs.events import Event, Interrupted, Said
from nekogao.runs.folder import Run
from nekogao.training.loop import train

RECIPE = "exemplar"
ENDING = "-bent"
"""Of the run's name, after the name of the network's."""


def drawn(paths: Sequence[Path]) -> list[Path]:
    """Those of some files that are line drawings; animations and videos are none."""
    found = []
    for path in paths:
        try:
            picture = images.read(path)
        except InputError:
            continue
        if drawings.recognise(picture) is not None:
            found.append(path)
    return found


def answers(
    run: Run, pairs: PairSet, paths: Sequence[Path], stop: Callable[[], bool]
) -> Iterator[Event]:
    """Answer drawings by bent faces, in a run beside the network's.

    Args:
        run: The network's run.
        pairs: Its pair set; where no domain of it is one of lines, nothing is done.
        paths: The drawings.
        stop: Asked after every answer.
    """
    domain = next((d.name for d in pairs.header.domains.values() if d.kind in LINES), None)
    beside = Run(run.folder.with_name(run.folder.name + ENDING))
    done = {(row.input, row.sha256) for row in read_applied(beside.applied)}
    new = [path for path in paths if (str(path.resolve()), sha256(path)) not in done]
    if domain is None or not new:
        return
    config = None if beside.exists else compose(RECIPE, phases=[f"{domain}:1"])
    for event in train(beside.folder, pairs, config, stop=stop):
        if isinstance(event, Interrupted):
            yield event
            return
    translator = Translator.load(beside.folder)
    for made in apply(translator, list(map(str, new)), beside.applied, Options()):
        what = made.error or f"{made.path} -> {made.output}  from your faces, bent: {made.words}"
        yield Said(what, fault=bool(made.error))
        if stop():
            yield Interrupted(0)
            return
