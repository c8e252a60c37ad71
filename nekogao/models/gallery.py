"""Galleries: folders of translated pictures and videos, each with where it came from."""

import glob
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Literal, NamedTuple

from nekogao.errors import InputError, PictureError, expect
from nekogao.files import append_text, sha256, write_first_free
from nekogao.models import provenance, ready_sources
from nekogao.models.answer import Answer
from nekogao.models.applied import APPLIED, AppliedRow
from nekogao.models.family import Patchwork
from nekogao.models.file import MOST_THUMBNAILS
from nekogao.models.intake import Fitted
from nekogao.models.options import Options
from nekogao.models.translator import Translator
from nekogao.names import counted, same_name_key, slug
from nekogao.pictures import animations, images, video
from nekogao.pictures.decoding import guarded
from nekogao.pictures.images import Picture
from nekogao.workers import groups

_BATCH = 16
_UNSURE = 0.05
"""Share of a picture that may be like nothing in the pairs without a word."""


@dataclass(frozen=True)
class Applied:
    """What became of one input file."""

    path: Path
    output: Path | None = None
    answer: Answer | None = None
    """None for a video or an animation."""
    frames: int = 0
    """Frames of a video or an animation; 0 for a picture."""
    nearest: str = ""
    """The training face that it, or most of its frames, resembles most; empty where not asked."""
    distance: float = 0.0
    """How far it is from that face, the mean of such frames: MAE on [0, 1]."""
    words: str = ""
    """How the output came about: its domain, why that one, and how it settled."""
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

    >>> cats = nekogao.load("runs/cats")
    >>> for done in nekogao.apply(cats, ["photos", "cup.png"], "out"):
    ...     print(done.path, "->", done.output, done.error or done.answer.rest)
    photos/kuro.png -> out/kuro.png fixed
    photos/mike.png -> out/mike.png fixed
    photos/sora.png -> out/sora.png fixed
    photos/tora.png -> out/tora.png fixed
    cup.png -> out/cup.png fixed

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

    def shown(self, answer: Answer) -> Picture:
        """What is written of a result."""
        if self.options.side_by_side:
            return self.translator.row(answer, self.options)
        return answer.output


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
                picture, notes[path] = ready_sources.ready(
                    images.read(path), path, work.translator, work.options
                )
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


def _written(work: _Work, path: Path, answer: Answer, choice: int, note: str) -> Applied:
    """Write what came of a picture, and what is to be known of it."""
    ending = f"-choice-{choice}" if work.options.choices > 1 else ""
    target = work.write(path, ".png", partial(images.write_as, "PNG", work.shown(answer)), ending)
    if work.options.provenance:
        _write_provenance(work, path, answer.patchwork, ending)
    notes = [note] if note else []
    if answer.patchwork is not None and answer.patchwork.unsure >= _UNSURE:
        notes.append(
            f"{path}: {answer.patchwork.unsure:.0%} of it is like nothing in the pairs. See where "
            "with --provenance."
        )
    done = Applied(
        path, target, answer, nearest=answer.nearest, distance=answer.distance,
        words=answer.words, note=" ".join(notes),
    )  # fmt: skip
    unsure = answer.patchwork.unsure if answer.patchwork else 0.0
    _record(work, done, _Seen.of(answer), unsure)
    return done


def _write_provenance(work: _Work, path: Path, patchwork: Patchwork | None, ending: str) -> None:
    """Write the map of where an output comes from, and its numbers."""
    assert patchwork is not None
    known = work.translator.model.faces
    # Of larger sets a model file has some faces only, whose order is not that of the pairs.
    ids = list(known) if len(known) < MOST_THUMBNAILS else []
    drawn = provenance.draw(patchwork)
    work.write(path, ".png", partial(images.write_as, "PNG", drawn), f"{ending}-{provenance.NAME}")
    write = partial(provenance.write, patchwork, ids)
    work.write(path, ".npz", write, f"{ending}-{provenance.NAME}")


def _record(work: _Work, done: Applied, how: "_Seen", unsure: float = 0.0) -> None:
    """Note what an output came from."""
    assert done.output is not None
    options = work.options
    row = AppliedRow(
        output=done.output.name,
        input=str(done.path.resolve()),
        sha256=sha256(done.path),
        domain=how.domain,
        settle=how.steps,
        side_by_side=options.side_by_side,
        nearest=done.nearest,
        distance=round(done.distance, 4),
        unsure=round(unsure, 4),
    )
    append_text(work.out / APPLIED, row.to_json() + "\n")


def _apply_video(work: _Work, path: Path) -> Applied:
    seen: list[_Seen] = []
    with video.reading(path) as clip:
        frames = _translated(work, clip.frames, seen)
        name = f"{work.out / slug(path.stem)}.mp4"
        notes: list[str] = []
        target = work.write(
            path, ".mp4", lambda hidden: notes.append(video.write(hidden, frames, clip, name))
        )
    return _applied(work, path, target, seen, *notes)


def _apply_animation(work: _Work, path: Path) -> Applied:
    seen: list[_Seen] = []
    with animations.reading(path) as animation:
        made = list(_translated(work, animation.frames, seen))
        target = work.write(
            path, animation.suffix, lambda hidden: animations.write(hidden, made, animation)
        )
    return _applied(work, path, target, seen)


class _Seen(NamedTuple):
    """What is kept of the answer to one frame."""

    nearest: str
    distance: float
    domain: str
    why: str
    steps: int

    @classmethod
    def of(cls, answer: Answer) -> "_Seen":
        return cls(answer.nearest, answer.distance, answer.domain, answer.why, answer.steps)


def _translated(work: _Work, frames: Iterator[Picture], seen: list[_Seen]) -> Iterator[Picture]:
    """What is written of each frame; what is kept of their answers goes to `seen`."""

    def fitted() -> Iterator[Fitted]:
        first: Fitted | None = None
        for frame in frames:
            made = work.translator.fitted(frame, work.options, first)
            first = first or made
            yield made

    for answer in work.translator.frames(fitted(), work.options):
        seen.append(_Seen.of(answer))
        yield work.shown(answer)


def _applied(
    work: _Work, path: Path, target: Path, seen: Sequence[_Seen], note: str = ""
) -> Applied:
    """What became of a video or an animation."""
    ((nearest, count),) = Counter(each.nearest for each in seen).most_common(1)
    distance = sum(each.distance for each in seen if each.nearest == nearest) / count
    how = seen[0]._replace(steps=max(each.steps for each in seen))
    words = f"by {how.domain}" + (f" ({how.why})" if how.why else "")
    if how.steps:
        words += f", each frame settled in at most {counted(how.steps, 'step')}"
    done = Applied(
        path, target, frames=len(seen), nearest=nearest, distance=distance, words=words, note=note
    )
    _record(work, done, how)
    return done
