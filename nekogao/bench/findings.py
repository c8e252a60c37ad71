"""What a section of the bench finds, and the goals that it is compared with."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row of the table."""

    name: str
    value: float | None
    """What was measured; None where it was never reached."""
    unit: str
    baseline: float | None = None
    """What it is compared with, in the same unit."""
    ratio: float | None = None
    """How many times better than the baseline."""
    share: float | None = None
    """Share of the arithmetic limit."""
    note: str = ""
    """What a reader must know to read the numbers rightly."""


@dataclass(frozen=True)
class Goal:
    """What a number of a row should be."""

    what: Literal["value", "ratio", "share"]
    number: float
    least: bool
    """Whether it should be at least so much, or at most."""

    def reached(self, row: Line) -> bool:
        """Whether the row reaches it; what was not measured reaches none."""
        got = getattr(row, self.what)
        if got is None:
            return False
        return got >= self.number if self.least else got <= self.number

    def text(self, unit: str) -> str:
        """As in the table: `>= 1.8x`, `>= 70 %`, `<= 10 ms`."""
        amount = {
            "value": f"{self.number:g} {unit}",
            "ratio": f"{self.number:.3g}x",
            "share": f"{self.number:.0%}",
        }
        return f"{'>=' if self.least else '<='} {amount[self.what]}".rstrip()


def at_least(what: Literal["value", "ratio", "share"], number: float) -> Goal:
    """More is better."""
    return Goal(what, number, least=True)


def at_most(number: float) -> Goal:
    """Of what is measured, less is better."""
    return Goal("value", number, least=False)


GOALS: dict[str, tuple[Goal, ...]] = {
    "step-article": (at_least("ratio", 1.8), at_least("share", 0.7)),
    "step-unet256": (at_least("ratio", 1.25), at_least("share", 0.85)),
    "translate-fast": (at_most(10),),
    "apply": (at_most(2.5), at_most(1.2)),
    "help": (at_most(0.3),),
    "fast-edges": (at_most(30), at_most(5)),
    "fast-both": (at_most(60),),
    "fast-memory": (at_most(1024),),
    "textbook": (at_least("ratio", 20),),
    "capacity-10": (at_most(5),),
    "capacity-10-memory": (at_most(400),),
    "capacity-30": (at_most(40),),
    "capacity-100": (at_most(180),),
    "capacity-100-minute": (at_least("value", 0.75),),
    "capacity-300": (at_most(900),),
    "capacity-10-at-256": (at_most(60),),
    "capacity-10-at-512": (at_most(240),),
    "capacity-100-at-256-memory": (at_most(1024),),
    "scale-1000": (at_least("ratio", 1 / 1.1),),
    "scale-100000": (at_least("ratio", 0.95),),
    "open-100000": (at_most(2),),
    "winner-1000": (at_least("ratio", 5),),
    "agreement-1000": (at_least("ratio", 5),),
    "finished-1000": (at_least("ratio", 5),),
    "import-1000": (at_most(512),),
    "explain-1000": (at_most(1024),),
    "report-1000": (at_least("ratio", 5),),
    "unseen-edges-mae": (at_most(0.0134), at_most(0.0120)),
    "unseen-edges-ssim": (at_least("value", 0.940), at_least("value", 0.950)),
    "unseen-edges-sharpness": (at_least("value", 0.94), at_most(1.05)),
    "unseen-edges-left-out": (at_least("value", 0.912), at_least("value", 0.930)),
    "unseen-edges-flicker": (at_least("ratio", 1 / 1.2),),
    "unseen-edges-exact": (at_least("value", 100),),
    "unseen-gray-mae": (at_most(0.0100), at_most(0.0085)),
    "unseen-gray-ssim": (at_least("value", 0.958), at_least("value", 0.970)),
    "unseen-gray-flicker": (at_least("ratio", 1 / 1.2),),
    "unseen-gray-exact": (at_least("value", 100),),
    "unseen-labels-exact": (at_least("value", 100),),
    "unseen-edges-1-mae": (at_most(0.055), at_most(0.045)),
    "unseen-edges-1-ssim": (at_least("value", 0.745), at_least("value", 0.790)),
    "unseen-edges-1-folds": (at_most(0.1),),
    "unseen-edges-1-edits": (at_least("value", 0.990),),
    "unseen-edges-1-exact": (at_least("value", 100),),
    "unseen-painted-mae": (at_most(0.0205), at_most(0.0185)),
    "unseen-painted-ssim": (at_least("value", 0.852), at_least("value", 0.870)),
    "unseen-painted-sharpness": (at_least("value", 0.94),),
    "unseen-painted-picture": (at_most(1), at_most(0.3)),
    "unseen-painted-flicker": (at_least("ratio", 1 / 1.2),),
    "unseen-painted-exact": (at_least("value", 100),),
    "unseen-set-up": (at_most(3),),
    "unseen-picture": (at_most(0.1),),
    "unseen-picture-large": (at_most(0.5),),
    "unseen-picture-many": (at_least("ratio", 0.5),),
}
"""Name of a row -> goals, for two CPU cores. Missed goals are reported but are no errors. Those of
the section `unseen` are for the sequence carphone, what must be reached before what is wanted."""


@dataclass(frozen=True)
class Readings:
    """Everything that a section measured, every repeat included; each section has its own kind."""

    def to_json(self) -> dict[str, Any]:
        """The numbers as they are in the JSON file."""
        return asdict(self)


@dataclass(frozen=True)
class Findings:
    """What a section found."""

    rows: list[Line]
    numbers: Readings = Readings()


@dataclass(frozen=True)
class Section:
    """A section that is done."""

    name: str
    seconds: float
    """How long it took."""
    found: Findings


@dataclass
class Workplace:
    """What the sections work with."""

    pairs: Path
    """A pair set with the domains edges and gray."""
    scratch: Path
    """A folder for what a section writes."""
    quick: bool
    """Whether to measure less often."""
    sets: Path | None = None
    """Where drawn pair sets are kept for the next time; None draws them anew."""
    clip: Path | None = None
    """A video whose frames are translated unseen; None where none was named."""
    done: dict[str, Findings] = field(default_factory=dict)
    """Name of a section -> what it found, of those that are done."""

    def repeats(self, usual: int) -> int:
        """How often to measure: a third of the usual when quick, at least twice."""
        return max(2, usual // 3) if self.quick else usual


def rows_of(sections: Iterable[Section]) -> list[Line]:
    """The rows of all sections, in order."""
    return [row for section in sections for row in section.found.rows]
