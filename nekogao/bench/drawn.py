"""Drawings by pens that no run has seen: how many come to rest on the face they show."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from nekogao.bench.findings import Findings, Line, Readings, Workplace
from nekogao.bench.pens import PENS
from nekogao.config.compose import compose
from nekogao.config.pairs import PairConfig
from nekogao.models.options import Options
from nekogao.models.translator import Translator
from nekogao.pairs.build import build_from
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.runs.folder import Run
from nekogao.training.loop import train

ARMS: dict[str, tuple[str, ...]] = {
    "edges": ("edges",),
    "sketch": ("sketch",),
    "edges-sketch": ("edges", "sketch"),
    "gray-edges": ("gray", "edges"),
    "gray-edges-sketch": ("gray", "edges", "sketch"),
}
"""Name -> the domains that a run mixes; all have the same updates."""
BEFORE = "canny"
"""The row of what was done before drawings were recognised: Canny's edges of the drawing, in the
runs on edges alone."""
_EPOCHS = 150
_SEEDS = 5


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One run, asked about every drawing."""

    arm: str
    seed: int
    right: Mapping[str, list[bool]]
    """Pen -> for each face, whether its drawing came to rest on it."""
    own: float
    """The same share of the faces' own sources, all domains together."""
    skill: Mapping[str, float]
    """Domain -> SSIM of the trained sources at the end."""


@dataclass(frozen=True, kw_only=True)
class DrawnNumbers(Readings):
    """Every run."""

    epochs: int
    runs: list[Drawn]

    def to_json(self) -> dict[str, Any]:
        """As everywhere."""
        return {"epochs": self.epochs, "runs": [asdict(each) for each in self.runs]}


def drawings(work: Workplace) -> Findings:
    """Train every arm on the targets of the pair set and show it drawings of them by each pen."""
    pairs = PairSet.open(work.pairs)
    faces = {name: images.rgb(pairs.picture(i, "target")) for name, i in pairs.ids.items()}
    drawn = {name: [pen(face) for face in faces.values()] for name, pen in PENS.items()}
    runs: list[Drawn] = []
    for arm, domains in ARMS.items():
        place = work.scratch / f"drawn-{arm}"
        build_from(faces.items(), place, PairConfig(size=str(pairs.size), domains=domains))
        for seed in range(1 if work.quick else _SEEDS):
            run = _trained(place, work.scratch / f"drawn-{arm}-{seed}", seed)
            runs.append(_asked(run, arm, seed, faces, drawn, Options(nearest=True)))
            if arm == "edges":
                runs.append(
                    _asked(run, BEFORE, seed, faces, drawn, Options(domain="edges", nearest=True))
                )
    return Findings(_rows(runs), DrawnNumbers(epochs=_EPOCHS, runs=runs))


def _trained(pairs: Path, folder: Path, seed: int) -> Run:
    config = compose("fast", phases=[f"all:{_EPOCHS}"], seed=seed, overrides={"every": _EPOCHS})
    for _ in train(folder, pairs, config):
        pass
    return Run.open(folder)


def _asked(
    run: Run,
    arm: str,
    seed: int,
    faces: Mapping[str, Picture],
    drawn: Mapping[str, Sequence[Picture]],
    options: Options,
) -> Drawn:
    translator = Translator.load(run.model)

    def on_their_face(pictures: Sequence[Picture], how: Options) -> list[bool]:
        found = translator.translate(pictures, how)
        return [each.nearest == name for each, name in zip(found, faces, strict=True)]

    last = {row.domain: row.ssim for row in run.read_metrics()}
    own = [
        on_their_face(list(faces.values()), Options(domain=domain, nearest=True))
        for domain in last
    ]
    return Drawn(
        arm=arm,
        seed=seed,
        right={pen: on_their_face(pictures, options) for pen, pictures in drawn.items()},
        own=mean(mean(each) for each in own),
        skill=last,
    )


def _rows(runs: Sequence[Drawn]) -> list[Line]:
    rows = []
    for pen in PENS:
        before = _share([run for run in runs if run.arm == BEFORE], pen)
        for arm in ARMS:
            alike = [run for run in runs if run.arm == arm]
            each = ", ".join(f"{sum(run.right[pen])}" for run in alike)
            skill = mean(mean(run.skill.values()) for run in alike)
            rows.append(
                Line(
                    name=f"drawn-{arm}-{pen}", value=_share(alike, pen), unit="%", baseline=before,
                    note=f"right by seed: {each} of {len(alike[0].right[pen])}; SSIM of trained "
                    f"sources {skill:.3f}, on their face {mean(run.own for run in alike):.0%}",
                )
            )  # fmt: skip
    return rows


def _share(runs: Sequence[Drawn], pen: str) -> float:
    return 100 * mean(mean(run.right[pen]) for run in runs)
