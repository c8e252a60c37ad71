"""Use a network on people's pictures: uint8 arrays of any size, files and PIL images."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args, overload

import numpy as np
from PIL import Image
from torch import Tensor

from nekogao.errors import ConfigError, InputError, expect
from nekogao.models import file
from nekogao.models.family import Answer, Wish
from nekogao.models.model import Model
from nekogao.models.runner import Runner
from nekogao.names import Fit
from nekogao.pictures import images
from nekogao.pictures.domains import AS_IS, Domain
from nekogao.pictures.images import Picture
from nekogao.pictures.labels import is_map
from nekogao.sizes import Size
from nekogao.workers import groups

_MOST_CHOICES = 64
_GROUP = 16
"""Frames that go through a network together."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How pictures are brought to the network and back.

    Raises ConfigError where a value is none that its field describes.
    """

    domain: str | None = None
    """The domain to make sources with; None takes the model's last, `as-is` takes the pictures
    themselves as sources."""
    fit: Fit = "stretch"
    """How a picture gets the network's proportions: crop, pad or stretch."""
    restore: bool = False
    """Whether outputs get their picture's own size back."""
    settle: int = 0
    """How often the output is fed back through the domain."""
    side_by_side: bool = False
    """Whether to write picture, source and output in one row."""
    nearest: bool = False
    """Whether to name the training face that an output resembles most."""
    freedom: float | None = None
    """How far an exemplar model may leave what it remembers, from 0, the remembered target as it
    is, to 1, as the source has it; None leaves it to the model."""
    choices: int = 1
    """How many answers of an exemplar model to give for every picture, the best first."""
    provenance: bool = False
    """Whether to show, beside every output of an exemplar model, where its pixels come from."""
    auto: bool = False
    """Whether white lines on black become black on white where the model was given such."""

    def __post_init__(self) -> None:
        if self.fit not in get_args(Fit):
            raise ConfigError(f"fit is {self.fit!r}: expected one of {', '.join(get_args(Fit))}.")
        if type(self.settle) is not int or self.settle < 0:
            raise ConfigError(f"settle is {self.settle!r}: expected a count, 0 or more.")
        if type(self.choices) is not int or not 1 <= self.choices <= _MOST_CHOICES:
            raise ConfigError(
                f"choices is {self.choices!r}: expected a count from 1 to {_MOST_CHOICES}."
            )
        free = self.freedom
        if free is not None and (type(free) not in (int, float) or not 0 <= free <= 1):
            raise ConfigError(f"freedom is {free!r}: expected a number from 0 to 1.")
        for name in ("restore", "side_by_side", "nearest", "provenance", "auto"):
            if type(value := getattr(self, name)) is not bool:
                raise ConfigError(f"{name} is {value!r}: expected True or False.")


@dataclass(frozen=True)
class Result:
    """One translated picture."""

    picture: Picture
    """The input, fitted."""
    source: Picture
    """What the network saw, before settling."""
    output: Picture
    """What it made of it."""
    nearest: str = ""
    """Id of the training face with the smallest MAE; empty where not asked for."""
    distance: float = 0.0
    """That MAE, on [0, 1], between thumbnails."""
    answer: Answer | None = None
    """Where its pixels come from, before settling; None where the model cannot tell."""


@dataclass(frozen=True)
class Fitted:
    """A picture brought to the network's size; its own pixels are no longer needed."""

    picture: Picture
    height: int
    """Of the picture itself."""
    width: int


class Translator(Runner):
    """A network in use. Call it with a PIL image, a path, or a uint8 array."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.originals: Callable[[str], Picture | None] = lambda face: None
        """The training face of an id at its own size, where somebody has it; where nobody does,
        the thumbnail in the model file is shown."""

    @classmethod
    def load(cls, path: str | Path) -> "Translator":
        """Load a run folder, a model.safetensors, or a foreign U-Net (`.pth`).

        Raises WeightsError where there is no model, or it is damaged.
        """
        return cls(file.open_model(path))

    @overload
    def __call__(
        self, image: Image.Image | str | Path, options: Options | None = None
    ) -> Image.Image: ...

    @overload
    def __call__(self, image: Picture, options: Options | None = None) -> Picture: ...

    def __call__(self, image: object, options: Options | None = None) -> Image.Image | Picture:
        """Translate one picture.

        An array (uint8, height x width x 3 or height x width) gives an array of the network's
        size, anything else a PIL image.

        Raises:
            PictureError: The file cannot be read.
            InputError: The array has another type or shape, or no pixel.
            ConfigError: The domain is unknown.
        """
        if isinstance(image, np.ndarray):
            checked = images.check_picture(image, "the picture")
            return self.translate([checked], options)[0].output
        if isinstance(image, Image.Image):
            picture = images.from_pil(image)
        elif isinstance(image, (str, Path)):
            picture = images.read(Path(image))
        else:
            raise InputError(
                f"a picture of type {type(image).__name__}: expected a path, a PIL image, or a "
                "uint8 array of height x width x 3. Convert it first."
            )
        return Image.fromarray(self.translate([picture], options)[0].output)

    def domain(self, name: str | None) -> Domain | None:
        """The domain of that name; None for `as-is`. Raises ConfigError where it is unknown."""
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

    def translate(
        self, pictures: Sequence[Picture], options: Options | None = None
    ) -> list[Result]:
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

    def fitted(self, picture: Picture, options: Options) -> Fitted:
        """The first half of `translate`, for one picture."""
        height, width = picture.shape[:2]
        made = self._fit(picture, self.domain(options.domain), options.fit)
        return Fitted(made, height, width)

    def results(self, fitted: Sequence[Fitted], options: Options) -> Iterator[Result]:
        """The second half of `translate`. With `restore` only the result in hand is large.

        Where several answers are asked for, a picture's follow each other, the best first.

        Raises ConfigError where the domain is unknown, or the model cannot do what is asked.
        """
        domain = self._check(options)
        if self.family.answer is not None:
            for each in fitted:
                source = self.source(each.picture, domain)
                for rank in range(options.choices):
                    yield self._answered(each, source, domain, options, Wish(rank=rank))
            return
        made = [self.source(each.picture, domain) for each in fitted]
        state = self._settled(self.outputs(images.to_tensor(made)), domain, options)
        for each, source, output in zip(fitted, made, images.from_tensor(state), strict=True):
            yield self._result(each, source, output, options)

    def frames(self, fitted: Iterable[Fitted], options: Options) -> Iterator[Result]:
        """The results of a sequence, each frame told of the one before where the model can use it.

        Raises ConfigError where the domain is unknown, or the model cannot do what is asked.
        """
        domain = self._check(options)
        if self.family.answer is None:
            for group in groups(fitted, _GROUP):
                yield from self.results(group, options)
            return
        before: Answer | None = None
        for each in fitted:
            source = self.source(each.picture, domain)
            result = self._answered(each, source, domain, options, Wish(before=before))
            before = result.answer
            yield result

    def _answered(
        self, given: Fitted, source: Picture, domain: Domain | None, options: Options, wish: Wish
    ) -> Result:
        """The result of a model that knows where its pixels come from."""
        wish = wish._replace(freedom=options.freedom)
        found = self.answer(source, None if domain is None else domain.name, wish)
        state = self._settled(images.to_tensor([found.output]), domain, options)
        (output,) = images.from_tensor(state)
        return self._result(given, source, output, options, found)

    def _settled(self, state: Tensor, domain: Domain | None, options: Options) -> Tensor:
        for _ in range(options.settle):
            state = self.turn(state, domain)
        return state

    def _fit(self, picture: Picture, domain: Domain | None, how: Fit) -> Picture:
        """A picture of the network's size; a ready label map keeps its colours."""
        palettes = [known.palette for known in self.model.domains.values() if known.palette]
        ready = domain is None and any(is_map(picture, palette) for palette in palettes)
        return images.fit(picture, self.size, how, nearest=ready)

    def _check(self, options: Options) -> Domain | None:
        """The domain that is asked for. Raises ConfigError for what this model cannot do."""
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
        return domain

    def _result(
        self,
        given: Fitted,
        source: Picture,
        output: Picture,
        options: Options,
        answer: Answer | None = None,
    ) -> Result:
        face, distance = self.nearest(output) if options.nearest else ("", 0.0)
        if options.restore:
            output = images.unfit(output, given.height, given.width, options.fit)
        return Result(given.picture, source, output, face, distance, answer)

    def nearest(self, output: Picture) -> tuple[str, float]:
        """The training face nearest to an output, by MAE of thumbnails on [0, 1]."""
        ids = list(self.model.faces)
        faces = np.stack(list(self.model.faces.values())).astype(np.float32)
        size = Size.shaped(faces.shape[1:])
        small = images.rgb(images.resize(output, *size)).astype(np.float32)
        distances = np.abs(faces - small).mean(axis=(1, 2, 3)) / 255
        best = int(distances.argmin())
        return ids[best], float(distances[best])

    def _face(self, name: str) -> Picture:
        found = self.originals(name)
        return self.model.faces[name] if found is None else found

    def row(self, result: Result, options: Options | None = None) -> Picture:
        """Picture, source, output and, where it was asked for, the nearest face in one row.

        With `restore` all have the size of the picture, otherwise the network's.
        """
        cells = [result.picture, result.source, result.output]
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


def load(path: str | Path) -> Translator:
    """Load a run folder, a model.safetensors, or a foreign U-Net (`.pth`).

    Raises WeightsError where there is no model, or it is damaged.
    """
    return Translator.load(path)
