"""One self-contained HTML page that shows what a run did."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from nekogao.config.plain import dump_toml, to_dict
from nekogao.config.schema import TrainConfig
from nekogao.errors import NekogaoError, PictureError, RunError
from nekogao.files import sha256, write_text
from nekogao.models.applied import APPLIED, AppliedRow, read_applied
from nekogao.models.families import family_of
from nekogao.names import last_part
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.report import figures, films, unseen
from nekogao.report.films import Film
from nekogao.report.inline import embed, render, text_of
from nekogao.report.unseen import Unseen
from nekogao.runs.about import About
from nekogao.runs.folder import Run
from nekogao.runs.metrics import Measurement, Stage, boundaries, stages
from nekogao.runs.places import portable

_CARD = 160
"""Side of a small picture in pixels."""
_MOST_PAIRS = 60
MOST_APPLIED = 60
"""Translated pictures that the page shows; the others are linked."""


@dataclass(frozen=True)
class PairCard:
    """One pair of the set."""

    id: str
    category: str
    origin: str
    """The file that it was made from."""
    target: str
    sources: list[str]


@dataclass(frozen=True)
class AppliedCard:
    """One picture that the network was applied to."""

    row: AppliedRow
    given: str
    """What was put in; empty where that file is gone."""
    picture: str
    """What came out."""


@dataclass(frozen=True)
class Link:
    """An output that the page names and does not show."""

    name: str
    href: str
    """Relative to the page; empty where the file is neither in the run folder nor beside it."""


@dataclass(frozen=True, kw_only=True)
class RunPage:
    """All that the template shows."""

    name: str
    about: About
    origin: str
    """The run that this one went on from; empty where it began by itself."""
    config: TrainConfig
    described: str
    """What its family says of its settings."""
    domains: list[str]
    stages: list[Stage]
    last: dict[str, Measurement]
    """Domain -> its last measurement."""
    items: int
    trained: int
    """Pairs that were trained on."""
    curves: str
    films: list[Film]
    unseen: list[Unseen]
    """Domain by domain what was never seen; empty where nothing was left out."""
    pairs: list[PairCard]
    applied: list[AppliedCard]
    more: list[Link]
    """Outputs beyond those that are shown."""
    configuration: str
    rerun: str
    seconds: float
    css: str
    script: str


def build_report(
    run: str | Path,
    applied: str | Path | None = None,
    pairs: str | Path | None = None,
) -> Path:
    """Write RUN/report.html and return its path.

    >>> nekogao.build_report("runs/cats").as_posix()
    'runs/cats/report.html'

    Args:
        run: A run folder; it need not be finished.
        applied: A folder that `apply` wrote; RUN/applied by default, if there is one.
        pairs: The pair set whose pictures are shown; the run's own by default, if it is found.

    Raises:
        RunError: There is no run, or nothing was measured yet.
        InputError: `applied` or `pairs` was given, and is no such folder.
    """
    folder = Run.open(run)
    rows = folder.read_metrics()
    if not rows:
        raise RunError(f"{run}: nothing was measured yet. Train it with `nekogao train {run}`.")
    about = folder.about()
    opened = _opened(folder, about, pairs)
    domains = list(dict.fromkeys(row.domain for row in rows))
    shown, more = _applied(folder, Path(applied) if applied else None)
    page = RunPage(
        name=folder.folder.resolve().name,
        about=about,
        origin=last_part(about.origin.run),
        config=about.train,
        described=family_of(about.train.model).describe(about.train.model),
        domains=domains,
        stages=stages(rows, list(map(str, about.train.phases))),
        last={row.domain: row for row in rows},
        items=about.pairs.items,
        trained=about.pairs.items - about.train.hold_out,
        curves=figures.curves(rows, domains, boundaries(rows, list(map(str, about.train.phases)))),
        films=films.films(folder),
        unseen=unseen.unseen(folder, rows, about),
        pairs=_pairs(opened),
        applied=shown,
        more=more,
        configuration=dump_toml(to_dict(about.train)),
        rerun=_rerun(folder, about),
        seconds=max(row.seconds for row in rows),
        css=text_of("page.css") + text_of("unseen.css"),
        script=text_of("page.js"),
    )
    write_text(folder.report, render("page.html", vars(page)))
    return folder.report


def _card(picture: Picture) -> str:
    return embed(images.fit(picture, _CARD, "pad"))


def _opened(run: Run, about: About, given: str | Path | None) -> PairSet | None:
    """The pair set: the one named, which is noted in the run, or that of the run, if found.

    A run folder of somebody else may name any pair set of this machine: unless it is named here,
    only one with the fingerprint that the run recorded is shown.
    """
    if given is not None:
        named = PairSet.open(given)
        run.remember_pairs(named)
        return named
    try:
        pairs = run.open_pairs()
    except NekogaoError:
        return None
    return pairs if pairs.fingerprint == about.pairs.fingerprint else None


def _pairs(pairs: PairSet | None) -> list[PairCard]:
    """The pair set's pictures, as far as they are there."""
    if pairs is None:
        return []
    try:
        return [
            PairCard(
                id=item.id,
                category=item.category,
                origin=last_part(item.origin.file),
                target=_card(pairs.picture(i, "target")),
                sources=[_card(pairs.picture(i, domain)) for domain in pairs.domains],
            )
            for i, item in enumerate(pairs.items[:_MOST_PAIRS])
        ]
    except NekogaoError:
        return []


def _applied(run: Run, folder: Path | None) -> tuple[list[AppliedCard], list[Link]]:
    """What the network was applied to: the first pictures shown, the others linked."""
    if folder is not None and not (folder / APPLIED).is_file():
        raise RunError(f"{folder}: has no {APPLIED}. Name a folder that `nekogao apply` wrote.")
    folder = folder or run.applied
    shown: list[AppliedCard] = []
    more: list[Link] = []
    for row in read_applied(folder):
        if len(shown) == MOST_APPLIED:
            more.append(Link(row.output, _href(run, folder / row.output)))
            continue
        try:
            output = images.read(folder / row.output)
        except PictureError:  # a video
            continue
        given = _given(row)
        wide = output.shape[1] > 2 * output.shape[0]
        shown.append(AppliedCard(row, given, embed(output) if wide else _card(output)))
    return shown, more


def _given(row: AppliedRow) -> str:
    """What was put in; empty where it has moved or changed.

    A folder of somebody else may name any file of this machine: only one whose bytes are those
    that were recorded is shown.
    """
    path = Path(row.input)
    try:
        if path.is_file() and sha256(path) == row.sha256:
            return _card(images.read(path))
    except (PictureError, OSError, ValueError):
        pass
    return ""


def _href(run: Run, path: Path) -> str:
    """A link from the report to a file in the run folder or beside it; empty for others.

    A longer way there would show the folders of this machine, and lead nowhere on another.
    """
    folder, found = run.folder.resolve(), path.resolve()
    if not found.is_relative_to(folder.parent):
        return ""
    return quote(Path(os.path.relpath(found, folder)).as_posix())


def _rerun(run: Run, about: About) -> str:
    """The command that gives the same run again, in the folder that holds the run."""
    name = run.folder.resolve().name

    def beside(path: str) -> str:
        if Path(path).is_absolute():  # a run of an earlier version
            path = portable(path, run.folder)
        return shlex.quote(os.path.normpath(f"{name}/{path}") if path[:3] == "../" else path)

    command = (
        f"nekogao train {shlex.quote(name + '-again')} --pairs {beside(about.pairs.path)} "
        f"--config {shlex.quote(name + '/run.toml')}"
    )
    if about.earlier:
        old = beside(str(PurePosixPath(about.origin.init_from).parent))
        phases = " ".join(shlex.quote(str(phase)) for phase in about.train.phases)
        return (
            f"nekogao switch {old} {shlex.quote(name + '-again')} "
            f"--pairs {beside(about.pairs.path)} --phases {phases}"
        )
    if about.origin.init_from:
        command += f" --init-from {beside(about.origin.init_from)}"
    return command
