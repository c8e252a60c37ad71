"""What must not take more memory with more pictures: each is a process of its own.

`python -m nekogao.bench.streams MODEL FOLDER` answers the pictures of a folder, as `explain` does.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from nekogao.bench.findings import Line, Workplace
from nekogao.bench.processes import command, run
from nekogao.bench.translation import save_untrained
from nekogao.pictures import characters, images
from nekogao.reasons.answers import ask
from nekogao.reasons.subject import Subject

_WIDTH, _HEIGHT = 1600, 1200
"""Of the pictures."""
_MIB = 2**20


@dataclass(frozen=True)
class Stream:
    """The memory that so many pictures took."""

    row: Line
    peak_bytes: list[int]
    """Of the process, in every repeat."""


def import_folders(work: Workplace, count: int, repeats: int) -> Stream:
    """`nekogao import --folders` with so many pairs of large pictures."""
    sides = write_pictures(work.scratch / f"import-{count}", count)
    outs = (work.scratch / f"import-{count}" / f"set-{repeat}" for repeat in range(repeats))
    used = [run(*command("import", out, "--folders", *sides)).peak for out in outs]
    return _stream(f"import-{count}", used, 2 * count)


def explain(work: Workplace, count: int, repeats: int) -> Stream:
    """Answering so many large pictures, as `nekogao explain` does before it looks for flips."""
    given, _ = write_pictures(work.scratch / f"explain-{count}", count)
    model = save_untrained("fast", work.scratch / f"explain-{count}" / "model.safetensors")
    used = [run("-m", "nekogao.bench.streams", model, given).peak for _ in range(repeats)]
    return _stream(f"explain-{count}", used, count)


def _stream(name: str, used: list[int], pictures: int) -> Stream:
    full = pictures * _WIDTH * _HEIGHT * 3
    row = Line(
        name=name,
        value=median(used) / _MIB,
        unit="MiB",
        baseline=full / _MIB,
        ratio=full / median(used),
        note=f"peak memory of the process; the baseline is computed: {pictures} pictures of "
        f"{_WIDTH}x{_HEIGHT} RGB at full size alone",
    )
    return Stream(row, used)


def write_pictures(folder: Path, count: int) -> tuple[Path, Path]:
    """Two folders of so many large pictures with the same stems; all are links to one file."""
    sides = folder / "sources", folder / "targets"
    face = images.resize(characters.draw_face(characters.CHARACTERS[0], 512), _WIDTH, _HEIGHT)
    for side in sides:
        side.mkdir(parents=True)
        first = side / "0000.jpg"
        images.write(first, face)
        for number in range(1, count):
            (side / f"{number:04d}.jpg").hardlink_to(first)
    return sides


def answer(model: Path, folder: Path) -> int:
    """How many pictures of a folder were answered."""
    subject = Subject.load(model)
    return sum(
        1 for _ in ask(subject, "output", ((p, images.read(p)) for p in images.find(folder)))
    )


STREAMS: tuple[Callable[[Workplace, int, int], Stream], ...] = (import_folders, explain)
"""What is measured, in order."""


if __name__ == "__main__":
    print(answer(Path(sys.argv[1]), Path(sys.argv[2])))
