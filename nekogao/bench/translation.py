"""Translating a picture: in a loaded process, and as a whole command."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import torch

from nekogao.bench import baselines
from nekogao.bench.baselines import Baseline
from nekogao.bench.findings import Findings, Line, Readings, Workplace
from nekogao.bench.processes import command, run
from nekogao.bench.steps import header
from nekogao.bench.timing import Seconds, Task, interleave, ratio
from nekogao.config.compose import compose
from nekogao.models import file
from nekogao.models.families import family_of, resolved
from nekogao.models.model import Model
from nekogao.models.translator import Translator
from nekogao.pictures import characters, images, photographs
from nekogao.training.state import new_state

_SIZE, _FACES = 128, 10
BASELINES: dict[str, Callable[[int], Baseline] | None] = {
    "fast": None,
    "article": baselines.article,
    "pix2pix": baselines.textbook_unet,
}
"""Recipe -> the textbook's form of its generator, where there is one."""
_TENSORS = "from picture to picture; the baseline begins and ends with a tensor"


@dataclass(frozen=True)
class Times(Readings):
    """Seconds of each repeat in a loaded process."""

    seconds: Seconds


@dataclass(frozen=True)
class Usages(Readings):
    """What each run of a whole command used."""

    seconds: list[float]
    peak_bytes: list[int]


def save_untrained(recipe: str, path: Path) -> Path:
    """Write the model of a recipe as it is before training: it is as fast as a trained one."""
    about = header(_SIZE)
    config = resolved(compose(recipe), about, pairs=_FACES)
    model = Model(
        kind=config.model.kind,
        shape=family_of(config.model).shape(config.model, about),
        network=new_state(config, about, batch=2).learner.network,
        domains=about.domains,
        last=next(iter(about.domains)),
        faces=photographs.ten_faces(file.THUMBNAIL),
    )
    file.save(path, model)
    return path


def translate(work: Workplace) -> Findings:
    """One 128x128 picture in a loaded process, from picture to picture.

    The baselines begin and end with a tensor, so they have less to do.
    """
    picture = characters.draw_face(characters.CHARACTERS[0], _SIZE)
    source = torch.zeros(1, 1, _SIZE, _SIZE)
    tasks: dict[str, Task] = {}
    for name, make in BASELINES.items():
        model = save_untrained(name, work.scratch / f"{name}.safetensors")
        tasks[name] = partial(Translator.load(model), picture, settle=0)
        if make:
            baseline = make(_SIZE)
            baseline.generator.eval()
            tasks[f"{name} baseline"] = partial(baseline.translate, source)
    seconds = interleave(tasks, work.repeats(30))
    rows = []
    for name in BASELINES:
        own, plain = seconds[name], seconds.get(f"{name} baseline")
        rows.append(
            Line(
                name=f"translate-{name}",
                value=1000 * median(own),
                unit="ms",
                baseline=1000 * median(plain) if plain else None,
                ratio=ratio(plain, own) if plain else None,
                note=_TENSORS if plain else "",
            )
        )
    return Findings(rows, Times(seconds))


def apply(work: Workplace) -> Findings:
    """`nekogao apply` on one picture, the whole process."""
    model = save_untrained("fast", work.scratch / "apply.safetensors")
    picture = work.scratch / "face.png"
    images.write(picture, characters.draw_face(characters.CHARACTERS[0], _SIZE))
    return _whole("apply", work, "apply", model, picture, "--out", work.scratch / "applied")


def show_help(work: Workplace) -> Findings:
    """`nekogao --help`, the whole process."""
    return _whole("help", work, "--help")


def _whole(name: str, work: Workplace, *arguments: str | Path) -> Findings:
    # The first run fills the disk's cache and writes the .pyc files, so it does not count.
    _, *usages = (run(*command(*arguments)) for _ in range(1 + work.repeats(5)))
    seconds = [usage.seconds for usage in usages]
    row = Line(name=name, value=median(seconds), unit="s")
    return Findings([row], Usages(seconds, [usage.peak for usage in usages]))
