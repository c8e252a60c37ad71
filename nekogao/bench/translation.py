"""Translating a picture: in a loaded process, and as a whole command."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import torch

from nekogao.bench import baselines
from nekogao.bench.baselines import Baseline
from nekogao.bench.findings import Findings, Row, Workplace
from nekogao.bench.processes import command, run
from nekogao.bench.steps import header
from nekogao.bench.timing import Task, interleave, ratio
from nekogao.config.plain import from_dict, recipe
from nekogao.config.schema import TrainConfig
from nekogao.models import file as weights
from nekogao.models.translator import Translator
from nekogao.pictures import characters, images, photographs
from nekogao.training.state import generator_shape, new_state

_SIZE = 128
BASELINES: dict[str, Callable[[int], Baseline] | None] = {
    "fast": None,
    "article": baselines.article,
    "pix2pix": baselines.textbook_unet,
}
"""Recipe -> the textbook's form of its generator, where there is one."""


_TENSORS = "from picture to picture; the baseline begins and ends with a tensor"


def save_untrained(recipe_name: str, path: Path) -> Path:
    """Write the model of a recipe as it is before training: it is as fast as a trained one."""
    config = from_dict(TrainConfig, recipe(recipe_name))
    about = header(_SIZE)
    faces = photographs.ten_faces(weights.THUMBNAIL)
    weights.save(
        path,
        shape=generator_shape(config.generator, about),
        state=new_state(config, about, 2).generator.state_dict(),
        domains=about.domains,
        last=next(iter(about.domains)),
        faces=faces,
    )
    return path


def translate(work: Workplace) -> Findings:
    """One 128x128 picture in a loaded process, from picture to picture.

    The baselines begin with a tensor and end with one: they have less to do.
    """
    picture = characters.draw_face(characters.CHARACTERS[0], _SIZE)
    source = torch.zeros(1, 1, _SIZE, _SIZE)
    tasks: dict[str, Task] = {}
    for name, make in BASELINES.items():
        model = save_untrained(name, work.scratch / f"{name}.safetensors")
        tasks[name] = partial(Translator.load(model), picture)
        if make:
            baseline = make(_SIZE)
            baseline.generator.eval()
            tasks[f"{name} baseline"] = partial(baseline.translate, source)
    seconds = interleave(tasks, work.repeats(30))
    rows = []
    for name in BASELINES:
        own, plain = seconds[name], seconds.get(f"{name} baseline")
        rows.append(
            Row(
                name=f"translate-{name}",
                value=1000 * median(own),
                unit="ms",
                baseline=1000 * median(plain) if plain else None,
                ratio=ratio(plain, own) if plain else None,
                note=_TENSORS if plain else "",
            )
        )
    return Findings(rows, {"seconds": seconds})


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
    # The first run fills the disk's cache, and leaves no .pyc to be written.
    _, *outcomes = (run(*command(*arguments)) for _ in range(1 + work.repeats(5)))
    seconds = [outcome.seconds for outcome in outcomes]
    peaks = [outcome.peak for outcome in outcomes]
    row = Row(name=name, value=median(seconds), unit="s")
    return Findings([row], {"seconds": seconds, "peak_bytes": peaks})
