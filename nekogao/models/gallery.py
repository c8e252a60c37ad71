"""Galleries: folders of translated pictures and videos, each with where it came from."""

import glob
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import islice
from pathlib import Path
from typing import TypeVar

from nekogao.errors import InputError, PictureError
from nekogao.files import inside, read_lines, sha256, write_first_free
from nekogao.models import video
from nekogao.models.translator import Options, Result, Translator
from nekogao.names import slug
from nekogao.pictures import images
from nekogao.pictures.domains import AS_IS
from nekogao.pictures.images import Picture

APPLIED = "applied.jsonl"
_BATCH = 16

Item = TypeVar("Item")


@dataclass(frozen=True)
class Applied:
    """What became of one input file."""

    path: Path
    output: Path | None = None
    result: Result | None = None
    frames: int = 0
    """Frames of a video; 0 for a picture."""
    error: str = ""
    """Why there is no output; empty where there is one."""


def groups(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of `size`, the last one perhaps shorter."""
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group


def named(names: str | Path | Sequence[str | Path]) -> list[str]:
    """One name or several as a list of texts."""
    return [str(names)] if isinstance(names, (str, Path)) else [str(name) for name in names]


def find_inputs(names: Sequence[str]) -> tuple[list[Path], list[Applied]]:
    """The files meant by names, folders and glob patterns, in order, each once; and the faults.

    A folder or a pattern that holds no picture is a fault. A file that does not exist is among
    the files: that it is not there comes out when it is read.
    """
    found: list[Path] = []
    faults: list[Applied] = []
    for name in names:
        try:
            found += _find(name)
        except InputError as error:
            faults.append(Applied(Path(name), error=str(error)))
    return list(dict.fromkeys(found)), faults


def _find(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        return images.find(path, images.SUFFIXES | video.SUFFIXES)
    if path.exists() or not glob.has_magic(name):
        return [path]
    matches = sorted(map(Path, glob.glob(name, recursive=True)))  # noqa: PTH207
    files = [match for match in matches if match.is_file()]
    if not files:
        raise InputError(f"{name}: no file fits this pattern. Name pictures that exist.")
    return files


@dataclass(frozen=True, kw_only=True)
class AppliedRow:
    """One output and what it came from: a line of applied.jsonl."""

    output: str
    """The output's file name."""
    input: str = ""
    """The path of the picture or video that it was made from."""
    sha256: str = ""
    """That file's hash."""
    domain: str = ""
    settle: int = 0
    side_by_side: bool = False
    nearest: str = ""
    """The training face that it resembles most; empty where that was not asked for."""
    distance: float = 0.0
    """How far it is from that face: MAE on [0, 1]."""

    def to_json(self) -> str:
        """The row as one line of JSON."""
        row = asdict(self)
        if not self.nearest:
            del row["nearest"], row["distance"]
        return json.dumps(row, ensure_ascii=False)


def apply(
    translator: Translator,
    names: str | Path | Sequence[str | Path],
    out: str | Path,
    options: Options | None = None,
) -> Iterator[Applied]:
    """Translate files, folders and videos into a folder.

    What fails is reported and the rest goes on. Outputs are named after their inputs; a name that
    is taken gets a number, so nothing is ever overwritten. `applied.jsonl` in the folder says what
    came from what.

    Args:
        translator: The network.
        names: Pictures, videos, folders and glob patterns.
        out: A folder, which is made where it is missing.
        options: How; the defaults of Options where None.

    Raises:
        ConfigError: The options fit no picture.
        InputError: `out` is no folder.
    """
    options, out = options or Options(), Path(out)
    translator.domain(options.domain)
    paths, faults = find_inputs(named(names))
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: exists and is not a folder. Name a folder for the outputs.")
    yield from faults
    for group in groups(paths, _BATCH):
        readable: list[tuple[Path, Picture]] = []
        for path in group:
            try:
                if path.suffix.lower() in video.SUFFIXES:
                    yield _apply_video(translator, path, out, options)
                else:
                    readable.append((path, images.read(path)))
            except (PictureError, InputError) as error:
                yield Applied(path, error=str(error))
        if not readable:
            continue
        out.mkdir(parents=True, exist_ok=True)
        results = translator.translate([picture for _, picture in readable], options)
        for (path, _), result in zip(readable, results, strict=True):
            shown = translator.row(result) if options.side_by_side else result.output
            target = images.write_first_free(out, slug(path.stem), shown)
            done = Applied(path, target, result)
            _record(out, done, translator, options)
            yield done


def _record(out: Path, done: Applied, translator: Translator, options: Options) -> None:
    assert done.output is not None
    domain = translator.domain(options.domain)
    near = done.result if done.result and done.result.nearest else None
    row = AppliedRow(
        output=done.output.name,
        input=str(done.path.resolve()),
        sha256=sha256(done.path),
        domain=domain.name if domain else AS_IS,
        settle=options.settle,
        side_by_side=options.side_by_side,
        nearest=near.nearest if near else "",
        distance=round(near.distance, 4) if near else 0.0,
    )
    with (out / APPLIED).open("a", encoding="utf-8") as handle:
        handle.write(row.to_json() + "\n")


def read_applied(folder: Path) -> list[AppliedRow]:
    """What `apply` recorded in a folder; damaged lines and outputs that are gone are left out."""
    path = folder / APPLIED
    if not path.is_file():
        return []
    known = {f.name for f in fields(AppliedRow)}
    rows = (
        AppliedRow(**{name: value for name, value in row.items() if name in known})
        for row in read_lines(path, "output")
    )
    return [row for row in rows if inside(folder, row.output).is_file()]


def _apply_video(translator: Translator, path: Path, out: Path, options: Options) -> Applied:
    with video.reading(path) as clip:
        out.mkdir(parents=True, exist_ok=True)
        counts: list[int] = []

        def write(temporary: Path) -> None:
            frames = _translated(translator, clip.frames, options)
            counts.append(video.write(temporary, frames, clip.rate))

        target = write_first_free(out, slug(path.stem), ".mp4", write)
    done = Applied(path, target, frames=counts[0])
    _record(out, done, translator, options)
    return done


def _translated(
    translator: Translator, frames: Iterator[Picture], options: Options
) -> Iterator[Picture]:
    for group in groups(frames, _BATCH):
        for result in translator.translate(group, options):
            yield translator.row(result) if options.side_by_side else result.output
