"""Plans: how large the pictures are and how long to train, in the time that there is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nekogao.config.compose import compose
from nekogao.config.schema import TrainConfig
from nekogao.errors import ConfigError
from nekogao.models.families import family_of, resolved
from nekogao.names import counted
from nekogao.pairs.item import Header
from nekogao.pictures.domains import built_in
from nekogao.sizes import Size
from nekogao.training.pace import seconds_per_update

RECIPE = "fast"
DOMAINS = ("gray", "edges")
USUAL = Size(128, 128)
_LARGER = (Size(512, 512), Size(256, 256))
_SMALLER = Size(64, 64)
EPOCHS = 150
"""Passes over the faces unless a time is given; the recipe's own."""
_FEWEST = 40
"""Epochs below which smaller pictures are the better choice."""
_ENLARGED = 4 / 3
"""Faces are enlarged by no more than this to reach a larger size."""
_PREVIEWS = 10
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h)?")
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600}

_PREVIEW = 0.30
_OTHERWISE = 4.0
_FOR_EACH = 0.15
"""What else takes time, in seconds, where an update of the usual ten faces takes _UPDATE: a
preview of ten faces; loading, law and report; and translating one picture."""
_UPDATE = 0.030


_BENDING, _TAKEN_IN, _BENT = 1.0, 0.2, 0.3
"""The same for bent faces: once, for each face taken in, and for each drawing."""


def parse_time(text: str) -> float:
    """Seconds in a text such as 30s, 2m or 1h; a number alone is seconds.

    Raises ConfigError for anything else, and for no time at all.
    """
    found = _SECONDS.fullmatch(text.strip().lower())
    seconds = float(found[1]) * _UNITS[found[2] or "s"] if found else 0.0
    if not seconds:
        raise ConfigError(f"time {text!r}: must be a time such as 30s, 2m or 1h.")
    return seconds


@dataclass(frozen=True)
class Pace:
    """How fast this machine trains on so many faces."""

    faces: int
    seconds: float
    """Of one update on pictures of the usual size."""

    @classmethod
    def measured(cls, faces: int) -> "Pace":
        """Time a few updates; takes about a second."""
        return cls(faces, seconds_per_update(_config(1), _header(USUAL), faces))

    def epoch(self, size: Size) -> float:
        """Seconds of one pass over the faces at a size."""
        config = resolved(_config(1), _header(size), self.faces)
        batch = min(int(config.batch), self.faces)
        return self.seconds * self._work(size) / self._work(USUAL) * self.faces / batch

    def _work(self, size: Size) -> int:
        config = resolved(_config(1), _header(size), self.faces)
        operations = family_of(config.model).operations
        assert operations is not None
        return operations(config, _header(size), min(int(config.batch), self.faces))

    def training(self, size: Size, epochs: float) -> float:
        """Seconds of training with its previews."""
        previews = _PREVIEWS * _PREVIEW * self._slower * min(self.faces, 16) / 10
        return epochs * self.epoch(size) + previews * size.width * size.height / 128**2

    def around(self, pictures: int) -> float:
        """Seconds of everything before and after, for so many pictures to translate."""
        return (_OTHERWISE + _FOR_EACH * pictures) * self._slower

    def bending(self, faces: int, drawings: int) -> float:
        """Seconds of answering so many drawings by bent faces; see nekogao.workshop.bent."""
        if not drawings:
            return 0.0
        return (_BENDING + _TAKEN_IN * faces + _BENT * drawings) * self._slower

    @property
    def _slower(self) -> float:
        config = resolved(_config(1), _header(USUAL), 10)
        operations = family_of(config.model).operations
        assert operations is not None
        usual = operations(config, _header(USUAL), 10)
        return self.seconds / self._work(USUAL) * usual / _UPDATE


@dataclass(frozen=True)
class Plan:
    """What is trained, and how long it is expected to take."""

    size: Size
    epochs: int

    @property
    def words(self) -> str:
        """The plan in a few words."""
        return f"{self.size} pixels, {counted(self.epochs, 'epoch')}"


def plan(pace: Pace, budget: float | None, sides: Sequence[int]) -> Plan:
    """What fits into a time.

    Without a time the faces are trained on at the usual size for the usual epochs. With one, it
    is filled: the largest size for which the usual epochs fit, and that is not much larger than
    the faces are, and then as many epochs as there is time for.

    Args:
        pace: Of this machine.
        budget: Seconds for training; None for as long as it usually takes.
        sides: The shorter sides of the faces in the photographs, in pixels.
    """
    if budget is None:
        return Plan(USUAL, EPOCHS)
    middle = sorted(sides)[len(sides) // 2]
    for size in (*_LARGER, USUAL):
        fits = size == USUAL or size.shorter <= middle * _ENLARGED
        epochs = _fitting(pace, size, budget)
        if fits and epochs >= (_FEWEST if size == USUAL else EPOCHS):
            return Plan(size, epochs)
    return Plan(_SMALLER, _fitting(pace, _SMALLER, budget))


def refitted(pace: Pace, planned: Plan, budget: float | None) -> Plan:
    """The same size with as many epochs as now fit into the time that is left."""
    return planned if budget is None else Plan(planned.size, _fitting(pace, planned.size, budget))


def _fitting(pace: Pace, size: Size, budget: float) -> int:
    return max(1, int((budget - pace.training(size, 0)) / pace.epoch(size)))


def configuration(planned: Plan, seed: int | None = None) -> TrainConfig:
    """The configuration of a plan's run."""
    return _config(planned.epochs, seed)


def _config(epochs: int, seed: int | None = None) -> TrainConfig:
    every = max(1, epochs // _PREVIEWS)
    return compose(RECIPE, phases=[f"all:{epochs}"], seed=seed, overrides={"every": every})


def _header(size: Size) -> Header:
    domains = {name: built_in(name) for name in DOMAINS}
    return Header(size=size, target_channels=3, domains=domains)
