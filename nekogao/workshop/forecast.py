"""The forecast: how long all of `make` takes on this machine, and how much time is left."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nekogao.errors import PictureError
from nekogao.names import counted
from nekogao.pictures import images, outlines
from nekogao.pictures.detection import Kind, detect
from nekogao.workshop import bent
from nekogao.workshop import plan as plans
from nekogao.workshop.plan import Pace

_LATE = 4 / 3
"""Times the seconds that were given beyond which it is said that they are not enough."""


@dataclass
class Forecast:
    """What one call of `make` has to do, and the time for it."""

    photos: Path
    pictures: Sequence[Path]
    """To translate in the end."""
    kind: Kind | None
    """Whose faces are looked for; None where photographs are taken whole."""
    seconds: float | None
    """How long it may take in all; None for as long as it usually takes."""
    begun: float
    """When that time began to run, by `time.perf_counter`."""
    _pace: Pace | None = None

    def words(self, photographs: Sequence[str]) -> str:
        """What is done with photographs, paths below `photos`, and how long that takes."""
        sides = [shorter_side(self.photos / path) for path in photographs]
        looking = self._looking(self.photos / photographs[0]) * len(photographs)
        count = len(photographs)
        around = looking + self._around(count)
        planned = plans.plan(self.pace(count), self.seconds and self.seconds - around, sides)
        total = around + self.pace(count).training(planned.size, planned.epochs)
        late = self.seconds is not None and total > _LATE * self.seconds
        return (
            f"{counted(count, 'photograph')}, {planned.words}: about {_shown(total)} in all on "
            f"this machine{' to be as short as it can' if late else ''}"
        )

    def pace(self, faces: int) -> Pace:
        """How fast this machine trains on so many faces, measured once."""
        if self._pace is None or self._pace.faces != faces:
            self._pace = Pace.measured(faces)
        return self._pace

    def left(self, faces: int) -> float | None:
        """Seconds that are left to train on so many faces; None where no time was given."""
        if self.seconds is None:
            return None
        return self.seconds - (time.perf_counter() - self.begun) - self._around(faces)

    @cached_property
    def drawings(self) -> list[Path]:
        """Those of the pictures to translate that are line drawings."""
        return bent.drawn(self.pictures)

    def _around(self, faces: int) -> float:
        """Seconds of what comes before and after the training."""
        pace = self.pace(faces)
        return pace.around(len(self.pictures)) + pace.bending(faces, len(self.drawings))

    def _looking(self, photograph: Path) -> float:
        """Seconds of looking for a face in one photograph."""
        begun = time.perf_counter()
        if self.kind is not None:
            with suppress(PictureError):
                detect(images.read(photograph), self.kind)
        return time.perf_counter() - begun


def shorter_side(path: Path) -> int:
    """Of a picture, in pixels; of one that cannot be read, the usual."""
    try:
        outline = outlines.read(path)
    except PictureError:
        return plans.USUAL.shorter
    return min(outline.width, outline.height)


def _shown(seconds: float) -> str:
    """A duration as a person says it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
