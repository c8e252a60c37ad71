"""Use a network on people's pictures: uint8 arrays of any size, files and PIL images."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from PIL import Image
from torch import Tensor

from nekogao.errors import ConfigError, InputError, expect
from nekogao.models import file
from nekogao.models.answer import Answer
from nekogao.models.family import Patchwork, Wish
from nekogao.models.file import MOST_THUMBNAILS
from nekogao.models.intake import Fitted, Intake
from nekogao.models.model import Model
from nekogao.models.options import Options
from nekogao.models.remembered import Remembered, Share, shares_of_pixels
from nekogao.models.runner import Runner
from nekogao.models.settling import End, loop
from nekogao.pictures import images
from nekogao.pictures.domains import AS_IS, Domain
from nekogao.pictures.images import Picture
from nekogao.workers import groups

_GROUP = 16
"""Frames that go through a network together."""


class Translator(Runner):
    """A network in use. Call it with a PIL image, a path, or a uint8 array."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.originals: Callable[[str], Picture | None] = lambda face: None
        """The training face of an id at its own size, where somebody has it; where nobody does,
        the thumbnail in the model file is shown."""

    @cached_property
    def intake(self) -> Intake:
        """What takes pictures in; made when first asked, since it and this refer to each other."""
        return Intake(self)

    @classmethod
    def load(cls, path: str | Path) -> "Translator":
        """Load a run folder, a model.safetensors, or a foreign U-Net (`.pth`).

        Raises WeightsError where there is no model, or it is damaged.
        """
        return cls(file.open_model(path))

    @overload
    def __call__(
        self, image: Image.Image | str | Path, options: Options | None = None, **settings: Any
    ) -> Answer: ...

    @overload
    def __call__(
        self, image: Picture, options: Options | None = None, **settings: Any
    ) -> Answer: ...

    def __call__(self, image: object, options: Options | None = None, **settings: Any) -> Answer:
        """Translate one picture.

        >>> answer = nekogao.load("runs/cats")("cup.png", nearest=True)
        >>> answer  # doctest: +ELLIPSIS
        Answer(32x32, by gray (trained last), settled in ... steps, nearest face tora; mike ...%)
        >>> answer.picture.size, answer.domain, answer.rest
        ((32, 32), 'gray', 'fixed')

        Args:
            image: A PIL image, a path, or a uint8 array h w 3 or h w.
            options: How; the defaults of Options where None.
            settings: Fields of Options by name, over those in `options`.

        Raises:
            PictureError: The file cannot be read.
            InputError: The array has another type or shape, or no pixel.
            ConfigError: The domain is unknown, or a setting is none that Options has.
        """
        options = Options() if options is None else options
        expect(options, Options)
        if unknown := settings.keys() - vars(options).keys():
            known = ", ".join(vars(options))
            raise ConfigError(f"{min(unknown)}: is no option. Choose from {known}.")
        return self.translate([_opened(image)], replace(options, **settings))[0]

    def domain(self, name: str | None) -> Domain | None:
        """The domain of that name, the one trained last for None; None for `as-is`.

        Raises ConfigError where it is unknown.
        """
        return self.intake.domain(name)

    def translate(
        self, pictures: Sequence[Picture], options: Options | None = None
    ) -> list[Answer]:
        """Translate pictures of any sizes.

        Args:
            pictures: uint8 arrays, height x width x 3 or height x width; at least one.
            options: How; the defaults of Options where None.

        Raises:
            InputError: There is no picture, or one has another type or shape, or no pixel.
            ConfigError: The domain is unknown, or the model cannot do what is asked.
        """
        options = Options() if options is None else options
        self._check(options)
        if isinstance(pictures, np.ndarray) and pictures.ndim < 4:
            raise InputError("one array instead of several pictures. Give a list of arrays.")
        if not len(pictures):
            raise InputError("no picture to translate. Give at least one.")
        fitted = [
            self.fitted(images.check_picture(picture, f"picture {i}"), options)
            for i, picture in enumerate(pictures)
        ]
        return list(self.results(fitted, options))

    def fitted(self, picture: Picture, options: Options, like: Fitted | None = None) -> Fitted:
        """The first half of `translate`, for one picture.

        Args:
            picture: uint8, h w 3 or h w, of any size.
            options: How.
            like: The frame before, whose domain a frame of a sequence takes.
        """
        return self.intake.fitted(picture, options, like)

    def results(self, fitted: Sequence[Fitted], options: Options) -> Iterator[Answer]:
        """The second half of `translate`. With `restore` only the answer in hand is large.

        Where several answers are asked for, a picture's follow each other, the best first.

        Raises ConfigError where the domain is unknown, or the model cannot do what is asked.
        """
        self._check(options)
        if self.family.answer is not None:
            for each in fitted:
                for rank in range(options.choices):
                    yield self._put_together(each, options, Wish(rank=rank))
            return
        sources = [self.intake.source(each) for each in fitted]
        made = self.outputs(images.to_tensor(sources))
        ends = self._settled(made, [each.domain for each in fitted], options)
        for each, source, end in zip(fitted, sources, ends, strict=True):
            yield self._answer(each, source, end, options)

    def frames(self, fitted: Iterable[Fitted], options: Options) -> Iterator[Answer]:
        """The answers to a sequence, each frame told of the one before where the model can use it.

        Raises ConfigError where the domain is unknown, or the model cannot do what is asked.
        """
        self._check(options)
        if self.family.answer is None:
            for group in groups(fitted, _GROUP):
                yield from self.results(group, options)
            return
        before: Patchwork | None = None
        for each in fitted:
            answer = self._put_together(each, options, Wish(before=before))
            before = answer.patchwork
            yield answer

    def _put_together(self, given: Fitted, options: Options, wish: Wish) -> Answer:
        """The answer of a model that knows where its pixels come from."""
        domain, source = given.domain, self.intake.source(given)
        wish = wish._replace(freedom=options.freedom)
        found = self.answer(source, None if domain is None else domain.name, wish)
        (end,) = self._settled(images.to_tensor([found.output]), [domain], options)
        return self._answer(given, source, end, options, found)

    def turns(self, options: Options, domain: Domain | None) -> int | Literal["still"]:
        """How often an output is fed back through a domain: a number, or `still`."""
        if options.settle is not None:
            return options.settle
        recalls = self.family.recalls(self.model.network)
        return "still" if recalls and domain is not None and not domain.imported else 0

    def _settled(
        self, state: Tensor, domains: Sequence[Domain | None], options: Options
    ) -> list[End]:
        """Outputs after the closed loop, each through its own domain."""
        found: dict[int, End] = {}
        alike: dict[Domain | None, list[int]] = defaultdict(list)
        for place, domain in enumerate(domains):
            alike[domain].append(place)
        for domain, places in alike.items():
            turn = partial(self.turn, domain=domain)
            ends = loop(turn, state[places], self.turns(options, domain))
            found |= zip(places, ends, strict=True)
        return [found[place] for place in range(len(domains))]

    def _check(self, options: Options) -> None:
        """Raise ConfigError for what this model cannot do."""
        expect(options, Options)
        domain = self.domain(options.domain)
        if options.settle and domain is None:
            raise ConfigError(f"settle needs a domain to feed outputs back through, not {AS_IS}.")
        asked = options.freedom is not None or options.choices > 1 or options.provenance
        if asked and self.family.answer is None:
            raise ConfigError(
                f"freedom, choices and provenance: a model of the family {self.family.kind} has "
                "one answer, which comes from no single place. Train a run with --recipe exemplar."
            )
        if options.nearest and not self.model.faces:
            raise ConfigError("nearest: this model file holds no training faces to compare with.")

    def _answer(
        self, given: Fitted, source: Picture, end: End, options: Options,
        patchwork: Patchwork | None = None,
    ) -> Answer:  # fmt: skip
        """The answer, at the size that was asked for."""
        output, near = end.output, self.remembered.nearest(end.output) if self.remembered else None
        confidence = near.confidence if near else None
        weigh = partial(self._mixture, end.output)
        if patchwork is not None:
            confidence, weigh = 1 - patchwork.unsure, partial(self._pixels, patchwork)
        if options.restore:
            output = images.unfit(output, given.height, given.width, options.fit)
        return Answer(
            given=given.picture, source=source, output=output,
            domain=given.domain.name if given.domain else AS_IS, why=given.why,
            steps=end.turns, rest=end.rest,
            nearest=near.face if near and options.nearest else "",
            distance=near.distance if near and options.nearest else 0.0,
            confidence=confidence, patchwork=patchwork, weigh=weigh,
        )  # fmt: skip

    @cached_property
    def remembered(self) -> Remembered | None:
        """The training faces that outputs are compared with; None where the file has none."""
        return Remembered(self.model.faces) if self.model.faces else None

    def _mixture(self, output: Picture) -> tuple[Share, ...]:
        return self.remembered.shares(output) if self.remembered else ()

    def _pixels(self, patchwork: Patchwork) -> tuple[Share, ...]:
        ids = list(self.model.faces)
        # Of larger sets a file has some faces only, in no order of the pairs.
        return shares_of_pixels(patchwork.pair, ids) if len(ids) < MOST_THUMBNAILS else ()

    def _face(self, name: str) -> Picture:
        found = self.originals(name)
        return self.model.faces[name] if found is None else found

    def row(self, result: Answer, options: Options | None = None) -> Picture:
        """Picture, source, output and, where it was asked for, the nearest face in one row.

        With `restore` all have the size of the picture, otherwise the network's.
        """
        cells = [result.given, result.source, result.output]
        face = self._face(result.nearest) if result.nearest else None
        if options is None or not options.restore:
            cells += [] if face is None else [face]
            return images.tile([[images.resize(cell, *self.size) for cell in cells]])
        height, width = result.output.shape[:2]
        cells = [images.unfit(cell, height, width, options.fit) for cell in cells[:2]]
        cells.append(result.output)
        if face is not None:
            cells.append(images.centred(face, height, width))
        return images.tile([cells])


def _opened(image: object) -> Picture:
    """The pixels of an array, a PIL image, or a picture's file."""
    if isinstance(image, np.ndarray):
        return images.check_picture(image, "the picture")
    if isinstance(image, Image.Image):
        return images.from_pil(image)
    if isinstance(image, (str, Path)):
        return images.read(Path(image))
    raise InputError(
        f"a picture of type {type(image).__name__}: expected a path, a PIL image, or a "
        "uint8 array of height x width x 3. Convert it first."
    )


def load(path: str | Path) -> Translator:
    """Load a run folder, a model.safetensors, or a foreign U-Net (`.pth`).

    >>> cats = nekogao.load("runs/cats")
    >>> cats("cup.png", domain="edges").save("cat.png")

    Raises WeightsError where there is no model, or it is damaged.
    """
    return Translator.load(path)
