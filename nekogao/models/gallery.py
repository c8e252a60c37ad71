"""Galleries: folders of translated pictures and videos, each with where it came from."""

import glob
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Literal

import numpy as np

from nekogao.errors import InputError, PictureError, expect
from nekogao.files import append_text, sha256, write_first_free
from nekogao.models import provenance
from nekogao.models.applied import APPLIED, AppliedRow
from nekogao.models.file import MOST_THUMBNAILS
from nekogao.models.translator import Fitted, Options, Result, Translator
from nekogao.names import counted, same_name_key, slug
from nekogao.pictures import animations, images, labels, strokes, video
from nekogao.pictures.decoding import guarded
from nekogao.pictures.domains import AS_IS, LABELS
from nekogao.pictures.images import Picture
from nekogao.workers import groups

_BATCH = 16
_UNSURE = 0.05
"""Share of a picture that may be like nothing in the pairs without a word."""
_NAMED = 5
"""Labels that a note names."""


@dataclass(frozen=True)
class Applied:
    """What became of one input file."""

    path: Path
    output: Path | None = None
    result: Result | None = None
    frames: int = 0
    """Frames of a video or an animation; 0 for a picture."""
    nearest: str = ""
    """The training face that it, or most of its frames, resembles most; empty where not asked."""
    distance: float = 0.0
    """How far it is from that face, the mean of such frames: MAE on [0, 1]."""
    note: str = ""
    """What a person should know of the output; empty where all is as usual."""
    error: str = ""
    """Why there is no output; empty where there is one."""


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


def apply(
    translator: Translator,
    names: str | Path | Sequence[str | Path],
    out: str | Path,
    options: Options | None = None,
) -> Iterator[Applied]:
    """Translate files, folders and videos into a folder.

    What fails is reported and the rest goes on. Outputs are named after their inputs; a name that
    is taken gets a number, so nothing is ever overwritten. `applied.jsonl` in the folder says what
    came from what. Videos come out as mp4, with their sound where PyAV is installed, animations as
    their own kind, both with all frames and their timing. Of pictures and frames one is held at
    its full size at a time.

    Args:
        translator: The network.
        names: Pictures, videos, folders and glob patterns.
        out: A folder, which is made where it is missing.
        options: How; the defaults of Options where None.

    Raises:
        ConfigError: The options fit no picture.
        InputError: `out` is no folder.
    """
    options, out = Options() if options is None else options, Path(out)
    expect(options, Options)
    expect(translator, Translator, "Load one with nekogao.load(path).")
    translator.domain(options.domain)
    paths, faults = find_inputs(named(names))
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: exists and is not a folder. Name a folder for the outputs.")
    if (out / APPLIED).is_symlink():
        raise InputError(
            f"{out / APPLIED}: is a link, and what is written there would land elsewhere. "
            "Delete it, or name another folder."
        )
    yield from faults
    present = out.iterdir() if out.is_dir() else ()
    taken = {same_name_key(path.name) for path in present}
    work = _Work(translator, out, options, taken)
    for kind, group in _segments(paths):
        if kind == "pictures":
            yield from _apply_pictures(work, group)
            continue
        translate = _apply_video if kind == "video" else _apply_animation
        try:
            yield translate(work, group[0])
        except (PictureError, InputError) as error:
            yield Applied(group[0], error=str(error))


@dataclass(frozen=True)
class _Work:
    """What every input of one command shares."""

    translator: Translator
    out: Path
    options: Options
    taken: set[str]
    """Names in `out`, as systems have them that tell neither case nor composition apart."""

    def write(
        self, path: Path, suffix: str, write: Callable[[Path], None], ending: str = ""
    ) -> Path:
        """Let `write` fill the output of an input, under the first free name; return its path."""
        self.out.mkdir(parents=True, exist_ok=True)
        target = write_first_free(self.out, slug(path.stem) + ending, suffix, write, self.taken)
        self.taken.add(same_name_key(target.name))
        return target

    def shown(self, result: Result) -> Picture:
        """What is written of a result."""
        if self.options.side_by_side:
            return self.translator.row(result, self.options)
        return result.output


Kind = Literal["pictures", "video", "animation"]


def _kind(path: Path) -> Kind:
    if path.suffix.lower() in video.SUFFIXES:
        return "video"
    return "animation" if animations.is_animation(path) else "pictures"


def _segments(paths: Iterable[Path]) -> Iterator[tuple[Kind, list[Path]]]:
    """The inputs in order: pictures in groups, videos and animations alone."""
    for kind, same in groupby(paths, _kind):
        for group in groups(same, _BATCH if kind == "pictures" else 1):
            yield kind, group


def _apply_pictures(work: _Work, paths: Sequence[Path]) -> Iterator[Applied]:
    fitted: list[Fitted] = []
    notes: dict[Path, str] = {}
    errors: dict[Path, str] = {}
    for path in paths:
        try:
            with guarded(str(path)):
                picture, notes[path] = _ready(images.read(path), path, work)
                fitted.append(work.translator.fitted(picture, work.options))
        except PictureError as error:
            errors[path] = str(error)
    results = work.translator.results(fitted, work.options) if fitted else iter(())
    for path in paths:
        if path in errors:
            yield Applied(path, error=errors[path])
            continue
        for choice in range(1, work.options.choices + 1):
            yield _written(work, path, next(results), choice, notes[path])


def _written(work: _Work, path: Path, result: Result, choice: int, note: str) -> Applied:
    """Write what came of a picture, and what is to be known of it."""
    ending = f"-choice-{choice}" if work.options.choices > 1 else ""
    target = work.write(path, ".png", partial(images.write_as, "PNG", work.shown(result)), ending)
    if work.options.provenance:
        _write_provenance(work, path, result, ending)
    notes = [note] if note else []
    if result.answer is not None and result.answer.unsure >= _UNSURE:
        notes.append(
            f"{path}: {result.answer.unsure:.0%} of it is like nothing in the pairs. See where "
            "with --provenance."
        )
    done = Applied(
        path, target, result, nearest=result.nearest, distance=result.distance,
        note=" ".join(notes),
    )  # fmt: skip
    _record(work, done)
    return done


def _write_provenance(work: _Work, path: Path, result: Result, ending: str) -> None:
    """Write the map of where an output comes from, and its numbers."""
    assert result.answer is not None
    known = work.translator.model.faces
    # Of larger sets a model file has some faces only, whose order is not that of the pairs.
    ids = list(known) if len(known) < MOST_THUMBNAILS else []
    drawn = provenance.draw(result.answer)
    work.write(path, ".png", partial(images.write_as, "PNG", drawn), f"{ending}-{provenance.NAME}")
    write = partial(provenance.write, result.answer, ids)
    work.write(path, ".npz", write, f"{ending}-{provenance.NAME}")


def _ready(picture: Picture, path: Path, work: _Work) -> tuple[Picture, str]:
    """A picture as it is to be fitted, and what was done to it.

    Ready sources often come as A|B in one picture, which would be squeezed together.
    """
    picture, note = _readied(picture, path, work)
    height, width = picture.shape[:2]
    as_is = work.translator.domain(work.options.domain) is None
    size = work.translator.size
    twice = width % 2 == 0 and width * size.height == 2 * height * size.width
    if note or not as_is or work.options.fit != "stretch" or not twice:
        return picture, note
    return picture[:, : width // 2], (
        f"{path}: {width}x{height}, taken as A|B: the left half is the source. To use the whole, "
        "give --fit pad or --fit crop."
    )


def _readied(picture: Picture, path: Path, work: _Work) -> tuple[Picture, str]:
    """A ready source as the model was given such, and what was done to it or should be."""
    translator = work.translator
    if translator.domain(work.options.domain) is not None:
        return picture, ""
    known = translator.model.domains.values()
    if any(domain.kind == "edges" for domain in known) and strokes.is_negative(picture):
        if work.options.auto:
            return np.bitwise_not(picture), f"{path}: white lines on black, inverted."
        return picture, (
            f"{path}: white lines on black; the model was given black lines on white. Give --auto "
            "to invert it."
        )
    palettes = [domain.palette for domain in known if domain.kind == LABELS]
    if len(palettes) != 1:
        return picture, ""
    flat = images.as_channels(picture, len(palettes[0][0]))
    others = labels.strays(flat, palettes[0])
    if not others or len(others) > labels.MOST:
        return picture, ""
    most = ", ".join(" ".join(map(str, colour)) for colour, _ in others.most_common(_NAMED))
    return labels.snap(flat, palettes[0]), (
        f"{path}: no pair has the {counted(len(others), 'label')} {most}; taken as the nearest "
        "labels that pairs have."
    )


def _record(work: _Work, done: Applied) -> None:
    assert done.output is not None
    options = work.options
    domain = work.translator.domain(options.domain)
    row = AppliedRow(
        output=done.output.name,
        input=str(done.path.resolve()),
        sha256=sha256(done.path),
        domain=domain.name if domain else AS_IS,
        settle=options.settle,
        side_by_side=options.side_by_side,
        nearest=done.nearest,
        distance=round(done.distance, 4),
        unsure=round(done.result.answer.unsure, 4) if done.result and done.result.answer else 0.0,
    )
    append_text(work.out / APPLIED, row.to_json() + "\n")


def _apply_video(work: _Work, path: Path) -> Applied:
    seen: list[Near] = []
    with video.reading(path) as clip:
        frames = _translated(work, clip.frames, seen)
        name = f"{work.out / slug(path.stem)}.mp4"
        notes: list[str] = []
        target = work.write(
            path, ".mp4", lambda hidden: notes.append(video.write(hidden, frames, clip, name))
        )
    return _applied(work, path, target, seen, *notes)


def _apply_animation(work: _Work, path: Path) -> Applied:
    seen: list[Near] = []
    with animations.reading(path) as animation:
        made = list(_translated(work, animation.frames, seen))
        target = work.write(
            path, animation.suffix, lambda hidden: animations.write(hidden, made, animation)
        )
    return _applied(work, path, target, seen)


Near = tuple[str, float]
"""The training face nearest to a frame, and its distance."""


def _translated(work: _Work, frames: Iterator[Picture], seen: list[Near]) -> Iterator[Picture]:
    """What is written of each frame; the faces nearest to them go to `seen`."""
    fitted = (work.translator.fitted(frame, work.options) for frame in frames)
    for result in work.translator.frames(fitted, work.options):
        seen.append((result.nearest, result.distance))
        yield work.shown(result)


def _applied(
    work: _Work, path: Path, target: Path, seen: Sequence[Near], note: str = ""
) -> Applied:
    """What became of a video or an animation."""
    ((nearest, count),) = Counter(face for face, _ in seen).most_common(1)
    distance = sum(near for face, near in seen if face == nearest) / count
    done = Applied(path, target, frames=len(seen), nearest=nearest, distance=distance, note=note)
    _record(work, done)
    return done
