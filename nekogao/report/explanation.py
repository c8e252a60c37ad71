"""`explain`: from pictures to a page, cards and JSON."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nekogao.errors import InputError
from nekogao.explain.answers import LOW_R2, ask
from nekogao.explain.explanation import Explanation, explain
from nekogao.explain.record import record
from nekogao.explain.subject import Subject
from nekogao.explain.survey import ENOUGH, Survey, level_of, survey
from nekogao.files import check_new_folder, new_folder, write_text
from nekogao.models.gallery import VIDEO_SUFFIXES, Applied, find_inputs
from nekogao.names import free_name, slug
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.report import card, scatter
from nekogao.report.inline import embed, render, text_of

PAGE, DATA, CARDS = "explain.html", "explain.json", "cards"
MOST_CARDS = 60
"""Cards that the page itself carries; the others are files only."""
_THUMBNAIL = 72


def explain_pictures(
    subject: Subject, names: Sequence[str], out: Path, title: str = ""
) -> Iterator[Applied | Explanation | Path]:
    """Explain pictures, folders and glob patterns; write a page, cards and JSON to a new folder.

    Yields an Applied for every picture that cannot be read, an Explanation for every other, and
    in the end the page's path, unless there was nothing to explain.

    Raises InputError where `out` is taken, ConfigError where the domain makes no sources.
    """
    check_new_folder(out)
    paths, faults = find_inputs(names)
    named: list[tuple[Path, Picture]] = []
    for path in paths:
        try:
            named.append((path, _read(path)))
        except InputError as error:
            faults.append(Applied(path, error=str(error)))
    yield from faults
    if not named:
        return
    answers = ask(subject, named)
    found = survey(subject, answers)
    explanations = []
    with new_folder(out) as folder:
        (folder / CARDS).mkdir()
        cards = []
        for explanation in explain(subject, answers, found):
            path = free_name(folder / CARDS, slug(explanation.answer.path.stem), ".png")
            images.write(path, card.draw(explanation, subject))
            cards.append(f"{CARDS}/{path.name}")
            explanations.append(explanation)
            yield explanation
        told = [fault.error for fault in faults]
        data = record(subject, found, explanations, cards, told)
        write_text(folder / DATA, json.dumps(data, indent=1) + "\n")
        context = _context(subject, found, explanations, cards, told)
        write_text(folder / PAGE, render(PAGE, {**context, "title": title or out.name}))
    yield out / PAGE


def _read(path: Path) -> Picture:
    if path.suffix.lower() in VIDEO_SUFFIXES:
        raise InputError(f"{path}: is a video, and only pictures are explained. Name pictures.")
    return images.read(path)


def _small(picture: Picture) -> str:
    return embed(images.resize(picture, _THUMBNAIL, _THUMBNAIL))


def _context(
    subject: Subject,
    found: Survey,
    explanations: Sequence[Explanation],
    cards: Sequence[str],
    faults: Sequence[str],
) -> dict[str, Any]:
    """All that the template shows."""
    faces = [_small(target) for target in subject.faces.targets]
    given = [_small(explanation.answer.picture) for explanation in explanations]
    level, measure = level_of(found.deciding)
    ends = [e.answer.settling for e in explanations if e.answer.settling]
    return {
        "domain": subject.domain_name,
        "ids": subject.faces.ids,
        "faces": faces,
        "colours": scatter.colours(len(faces)),
        "note": subject.faces.note,
        "faults": faults,
        "found": found,
        "level": level,
        "measure": measure,
        "enough": ENOUGH,
        "low_r2": LOW_R2,
        "stored": sum(end.stored and end.kind == "fixed" for end in ends),
        "ends": len(ends),
        "r2": _median([e.answer.memory.span.r2 for e in explanations]),
        "copied": _median([e.answer.memory.copied for e in explanations]),
        "effective": _median([e.answer.memory.span.effective for e in explanations]),
        "explanations": explanations,
        "given": given,
        "groups": _groups(found, explanations),
        "map": _map(found),
        "outliers": [(i, e.answer.oddities) for i, e in enumerate(explanations)
                     if e.answer.oddities],
        "cards": [
            _card(explanation, subject, path)
            for explanation, path in zip(explanations[:MOST_CARDS], cards, strict=False)
        ],
        "css": text_of("page.css") + text_of("explained.css"),
    }  # fmt: skip


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return (ordered[half] + ordered[-half - 1]) / 2


def _groups(found: Survey, explanations: Sequence[Explanation]) -> list[dict[str, Any]]:
    """Face by face, the fullest first: which pictures fall to it at once, and which settle."""
    order = sorted(range(len(found.once)), key=lambda face: -found.once[face])
    groups = []
    for face in order:
        once = [i for i, e in enumerate(explanations) if e.answer.face == face]
        settled = [
            i for i, e in enumerate(explanations)
            if (s := e.answer.settling) and s.face == face and s.stored and s.kind == "fixed"
        ]  # fmt: skip
        groups.append({"face": face, "once": once, "settled": settled})
    return groups


def _map(found: Survey) -> dict[str, Any]:
    faces, pictures = scatter.marks(found.face_places, found.picture_places)
    return {
        "width": scatter.WIDTH,
        "height": scatter.HEIGHT,
        "faces": faces,
        "pictures": pictures,
    }


def _card(explanation: Explanation, subject: Subject, path: str) -> dict[str, Any]:
    answer = explanation.answer
    return {
        "explanation": explanation,
        "path": path,
        "memory": answer.memory,
        "strip": [(words, embed(shown)) for words, shown in card.strip(explanation, subject)],
        "flips": [(words, embed(shown)) for words, shown in card.flip_strip(explanation)],
        "levels": explanation.levels,
    }


def default_out(model: Path) -> Path:
    """Where explanations of a run go: RUN/explained, or the next free number."""
    return free_name(model, "explained", "")
