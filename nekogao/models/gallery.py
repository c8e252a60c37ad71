"""Galleries: folders of translated pictures and videos, each with where it came from."""

import glob
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np

from nekogao.errors import InputError, PictureError
from nekogao.files import inside, read_lines, sha256, write_atomically
from nekogao.models.translator import Options, Result, Translator
from nekogao.names import free_name, slug
from nekogao.pictures import images
from nekogao.pictures.domains import AS_IS
from nekogao.pictures.images import Picture

APPLIED = "applied.jsonl"
VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v"})
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


def _groups(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group


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
        return images.find(path, images.SUFFIXES | VIDEO_SUFFIXES)
    if path.exists() or not glob.has_magic(name):
        return [path]
    matches = sorted(map(Path, glob.glob(name, recursive=True)))  # noqa: PTH207
    files = [match for match in matches if match.is_file()]
    if not files:
        raise InputError(f"{name}: no file fits this pattern. Name pictures that exist.")
    return files


def apply(
    translator: Translator, names: Sequence[str], out: Path, options: Options | None = None
) -> Iterator[Applied]:
    """Translate files, folders and videos into a folder; what fails is told, the rest goes on.

    Outputs are named after their inputs; a name that is taken gets a number, so nothing is ever
    overwritten. `applied.jsonl` in the folder says what came from what.

    Raises ConfigError for options that fit no picture, InputError where `out` is no folder.
    """
    options = options or Options()
    translator.domain(options.domain)
    paths, faults = find_inputs(names)
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: exists and is not a folder. Name a folder for the outputs.")
    yield from faults
    for group in _groups(paths, _BATCH):
        readable: list[tuple[Path, Picture]] = []
        for path in group:
            try:
                if path.suffix.lower() in VIDEO_SUFFIXES:
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
            target = free_name(out, slug(path.stem), ".png")
            images.write(target, translator.row(result) if options.side_by_side else result.output)
            done = Applied(path, target, result)
            _record(out, done, translator, options)
            yield done


def _record(out: Path, done: Applied, translator: Translator, options: Options) -> None:
    assert done.output is not None
    domain = translator.domain(options.domain)
    row: dict[str, Any] = {
        "output": done.output.name,
        "input": str(done.path.resolve()),
        "sha256": sha256(done.path),
        "domain": domain.name if domain else AS_IS,
        "settle": options.settle,
        "side_by_side": options.side_by_side,
    }
    if done.result and done.result.nearest:
        row |= {"nearest": done.result.nearest, "distance": round(done.result.distance, 4)}
    with (out / APPLIED).open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_applied(folder: Path) -> list[dict[str, Any]]:
    """What `apply` recorded in a folder; damaged lines and outputs that are gone are left out."""
    path = folder / APPLIED
    if not path.is_file():
        return []
    rows = read_lines(path, "output")
    return [row for row in rows if inside(folder, row["output"]).is_file()]


def _apply_video(translator: Translator, path: Path, out: Path, options: Options) -> Applied:
    if not path.is_file():
        raise PictureError(f"{path}: no such file. Name a video that exists.")
    capture = cv2.VideoCapture(str(path))
    try:
        rate = capture.get(cv2.CAP_PROP_FPS) or 25.0
        frames = _frames(capture)
        first = next(frames, None)
        if first is None:
            raise PictureError(f"{path}: no frame can be read. Replace the file.")
        out.mkdir(parents=True, exist_ok=True)
        target = free_name(out, slug(path.stem), ".mp4")
        counts: list[int] = []

        def write(temporary: Path) -> None:
            counts.append(_write_video(translator, first, frames, temporary, rate, options))

        write_atomically(target, write)
    finally:
        capture.release()
    done = Applied(path, target, frames=counts[0])
    _record(out, done, translator, options)
    return done


def _frames(capture: cv2.VideoCapture) -> Iterator[Picture]:
    while True:
        ok, frame = capture.read()
        if not ok:
            return
        yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)


def _write_video(
    translator: Translator,
    first: Picture,
    rest: Iterator[Picture],
    path: Path,
    rate: float,
    options: Options,
) -> int:
    def rows() -> Iterator[Picture]:
        yield from _translated_frames(translator, [first], options)
        for group in _groups(rest, _BATCH):
            yield from _translated_frames(translator, group, options)

    # The writer chooses the container by suffix, which the temporary name lacks.
    with_suffix = path.with_suffix(".mp4")
    writer, count = None, 0
    try:
        for picture in rows():
            if writer is None:
                shape = (picture.shape[1], picture.shape[0])
                code = cv2.VideoWriter.fourcc(*"mp4v")
                writer = cv2.VideoWriter(str(with_suffix), code, rate, shape)
                if not writer.isOpened():
                    raise InputError(f"{path}: this OpenCV cannot write mp4 video.")
            writer.write(cv2.cvtColor(images.rgb(picture), cv2.COLOR_RGB2BGR))
            count += 1
    finally:
        if writer is not None:
            writer.release()
        if with_suffix.exists():
            with_suffix.rename(path)
    return count


def _translated_frames(
    translator: Translator, frames: Sequence[Picture], options: Options
) -> Iterator[Picture]:
    for result in translator.translate(frames, options):
        yield translator.row(result) if options.side_by_side else result.output
