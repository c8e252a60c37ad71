"""The intake: from people's pictures, of any size and kind, to what a network takes."""

from dataclasses import dataclass
from functools import cached_property

from nekogao.errors import ConfigError
from nekogao.models import readings
from nekogao.models.options import Options
from nekogao.models.runner import Runner
from nekogao.names import Fit
from nekogao.pictures import drawings, images
from nekogao.pictures.domains import AS_IS, LINES, Domain
from nekogao.pictures.drawings import Drawing
from nekogao.pictures.images import Picture
from nekogao.pictures.labels import is_map

_LOOKED_AT = 10
"""Faces of which is asked whether they are drawings."""


@dataclass(frozen=True)
class Fitted:
    """A picture brought to the network's size; its own pixels are no longer needed."""

    picture: Picture
    height: int
    """Of the picture itself."""
    width: int
    domain: Domain | None
    """What makes a source of it; None where it is taken as a source."""
    why: str = ""
    """Why that domain; empty where it was named."""
    drawing: Drawing | None = None
    """What it looks like, where it is a line drawing whose lines are the source."""
    readings: tuple[Picture, ...] = ()
    """What such a drawing may stand for: sources, of which the network chooses."""


class Intake:
    """Takes in pictures for one network: which domain, which size, what a drawing stands for."""

    def __init__(self, runner: Runner) -> None:
        self.runner, self.model, self.size = runner, runner.model, runner.size

    def domain(self, name: str | None) -> Domain | None:
        """The domain of that name, the one trained last for None; None for `as-is`.

        Raises ConfigError where it is unknown.
        """
        known = self.model.domains
        name = name or self.model.last or AS_IS
        if name == AS_IS:
            return None
        if name not in known:
            raise ConfigError(
                f"unknown domain {name!r}: the model was trained on {', '.join(known)}. Choose "
                f"from these, or {AS_IS} for ready sources."
            )
        return known[name]

    def fitted(self, picture: Picture, options: Options, like: Fitted | None = None) -> Fitted:
        """A picture at the network's size, with the domain that makes a source of it.

        Args:
            picture: uint8, h w 3 or h w, of any size.
            options: How.
            like: The frame before, whose domain a frame of a sequence takes.
        """
        height, width = picture.shape[:2]
        drawing = self._drawing(picture, options, like)
        if like is not None:
            domain, why = like.domain, like.why
        elif drawing is not None:
            domain, why = self._lines, drawing.words
        else:
            domain, why = self.domain(options.domain), self._why(options)
        made = self._fit(picture, domain, options.fit)
        found: tuple[Picture, ...] = ()
        if drawing is not None and domain is not None:
            lines = drawings.lines(picture, self.size, options.fit, drawing)
            found = (images.as_channels(lines, domain.channels), self.runner.source(made, domain))
        return Fitted(made, height, width, domain, why, drawing, found)

    def _drawing(self, picture: Picture, options: Options, like: Fitted | None) -> Drawing | None:
        """What sort of drawing a picture is, where its lines are to be the source."""
        if options.domain is not None or self._lines is None:
            return None
        if like is not None:
            return like.drawing and (drawings.recognise(picture) or like.drawing)
        found = drawings.recognise(picture)
        return None if found is not None and self._gives_drawings else found

    @cached_property
    def _lines(self) -> Domain | None:
        """The domain that drawings belong to: edges, or else sketches; the last where several."""
        known = self.model.domains
        fit = [domain for domain in known.values() if domain.kind in LINES]
        last = known.get(self.model.last)
        if last in fit:
            fit.append(last)
        return next((d for d in reversed(fit) if d.kind == "edges"), fit[-1] if fit else None)

    @cached_property
    def _gives_drawings(self) -> bool:
        """Whether the faces themselves are drawings, whose edges are others than their lines."""
        faces = list(self.model.faces.values())
        drawn = sum(drawings.recognise(face) is not None for face in faces[:_LOOKED_AT])
        return 2 * drawn > len(faces[:_LOOKED_AT])

    def _why(self, options: Options) -> str:
        """Why pictures go through the domain that they go through, where there is a choice."""
        makeable = [known for known in self.model.domains.values() if not known.imported]
        return "trained last" if options.domain is None and len(makeable) > 1 else ""

    def source(self, given: Fitted) -> Picture:
        """The source of a picture that was taken in, uint8 h w or h w 3."""
        if given.readings and given.domain is not None:
            return readings.best(self.runner, given.readings, given.domain)
        return self.runner.source(given.picture, given.domain)

    def _fit(self, picture: Picture, domain: Domain | None, how: Fit) -> Picture:
        """A picture of the network's size; a ready label map keeps its colours."""
        palettes = [known.palette for known in self.model.domains.values() if known.palette]
        ready = domain is None and any(is_map(picture, palette) for palette in palettes)
        return images.fit(picture, self.size, how, nearest=ready)
