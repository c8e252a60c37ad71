"""Use a trained generator on pictures, through the domain it learned last."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
import torch
from PIL import Image

from nekogao.errors import ConfigError
from nekogao.models import file as weights
from nekogao.names import Fit
from nekogao.pictures import images
from nekogao.pictures.domains import AS_IS, Domain
from nekogao.pictures.images import Picture


@dataclass(frozen=True, kw_only=True)
class Options:
    """How pictures are brought to the generator and back."""

    domain: str | None = None
    """The domain to make sources with; None takes the model's last, `as-is` takes the pictures
    themselves as sources."""
    fit: Fit = "stretch"
    """How a picture becomes the generator's square."""
    restore: bool = False
    """Whether outputs get their picture's own size back."""
    settle: int = 0
    """How often the output is fed back through the domain."""
    side_by_side: bool = False
    """Whether to write picture, source and output in one row."""
    nearest: bool = False
    """Whether to name the training face that an output resembles most."""


@dataclass(frozen=True)
class Result:
    """One translated picture."""

    picture: Picture
    """The input, fitted."""
    source: Picture
    """What the generator saw, before settling."""
    output: Picture
    """What it made of it."""
    nearest: str = ""
    """Id of the training face with the smallest MAE; empty where not asked for."""
    distance: float = 0.0
    """That MAE, on [0, 1], between thumbnails."""


class Translator:
    """A loaded generator. Call it with a PIL image, a path, or a uint8 array."""

    def __init__(self, model: weights.Model) -> None:
        self.model = model
        self.generator = model.generator
        self.size = model.generator.size

    @classmethod
    def load(cls, path: str | Path) -> "Translator":
        """Load a run folder, a model.safetensors, or a foreign U-Net (`.pth`).

        Raises WeightsError where there is no model, or it is damaged.
        """
        path = Path(path)
        return cls(weights.load(path / weights.NAME if path.is_dir() else path))

    @overload
    def __call__(
        self, image: Image.Image | str | Path, options: Options | None = None
    ) -> Image.Image: ...

    @overload
    def __call__(self, image: Picture, options: Options | None = None) -> Picture: ...

    def __call__(
        self, image: Image.Image | str | Path | Picture, options: Options | None = None
    ) -> Image.Image | Picture:
        """Translate one picture.

        An array (height x width x 3, or height x width, uint8) gives an array, anything else a
        PIL image. Raises PictureError where it cannot be read, ConfigError where the domain is
        unknown.
        """
        if isinstance(image, np.ndarray):
            return self.translate([image], options)[0].output
        picture = (
            images.from_pil(image) if isinstance(image, Image.Image) else images.read(Path(image))
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

    def source(self, picture: Picture, domain: Domain | None) -> Picture:
        """The generator's input for a square picture of its size."""
        made = domain.source(picture) if domain else picture
        return images.as_channels(made, self.generator.source_channels)

    def translate(
        self, pictures: Sequence[Picture], options: Options | None = None
    ) -> list[Result]:
        """Translate pictures of any sizes, as one batch.

        Raises ConfigError where the domain is unknown or the model cannot do what is asked.
        """
        options = options or Options()
        domain = self.domain(options.domain)
        if options.settle and domain is None:
            raise ConfigError(f"settle needs a domain to feed outputs back through, not {AS_IS}.")
        if options.nearest and not self.model.faces:
            raise ConfigError("nearest: this model file holds no training faces to compare with.")
        fitted = [images.fit(picture, self.size, options.fit) for picture in pictures]
        sources = [self.source(picture, domain) for picture in fitted]
        outputs = self._generate(sources)
        for _ in range(options.settle):
            outputs = self._generate([self.source(output, domain) for output in outputs])
        results = []
        for picture, square, source, output in zip(
            pictures, fitted, sources, outputs, strict=True
        ):
            face, distance = self.nearest(output) if options.nearest else ("", 0.0)
            if options.restore:
                height, width = picture.shape[:2]
                output = images.unfit(output, height, width, options.fit)
            results.append(Result(square, source, output, face, distance))
        return results

    def _generate(self, sources: Sequence[Picture]) -> list[Picture]:
        with torch.inference_mode():
            return images.from_tensor(self.generator(images.to_tensor(sources)))

    def nearest(self, output: Picture) -> tuple[str, float]:
        """The training face nearest to an output, by MAE of thumbnails on [0, 1]."""
        ids = list(self.model.faces)
        faces = np.stack(list(self.model.faces.values())).astype(np.float32)
        side = faces.shape[1]
        small = images.rgb(images.resize(output, side, side)).astype(np.float32)
        distances = np.abs(faces - small).mean(axis=(1, 2, 3)) / 255
        best = int(distances.argmin())
        return ids[best], float(distances[best])

    def row(self, result: Result) -> Picture:
        """Picture, source, output and, where it was asked for, the nearest face in one row."""
        cells = [result.picture, result.source, result.output]
        if result.nearest:
            cells.append(self.model.faces[result.nearest])
        return images.tile([[images.resize(cell, self.size, self.size) for cell in cells]])


def load(path: str | Path) -> Translator:
    """Load a run folder, a model.safetensors, or a foreign U-Net (`.pth`).

    Raises WeightsError where there is no model, or it is damaged.
    """
    return Translator.load(path)
