"""Networks whose answers are known beforehand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from nekogao.models import convolutional
from nekogao.nets.generator import Generator
from nekogao.pictures import characters, images
from nekogao.pictures.domains import built_in
from nekogao.reasons.answers import Answer, ask
from nekogao.reasons.decider import measure
from nekogao.reasons.explanation import Explanation, flipped
from nekogao.reasons.laws import Law
from nekogao.reasons.subject import Subject, TrainedFaces
from nekogao.reasons.survey import Survey, survey, view_of
from tests.networks import ARTICLE, PAPER, translator

FACES = [characters.draw_face(who, 32) for who in characters.CHARACTERS[:4]]
IDS = [who.name for who in characters.CHARACTERS[:4]]


class Lookup(Generator):
    """Gives the face whose source is nearest by pixels, exactly."""

    def forward(self, source):
        known = images.to_tensor([images.luma(face) for face in FACES])
        nearest = torch.cdist(source.flatten(1), known.flatten(1)).argmin(1)
        return images.to_tensor(FACES)[nearest]


class Mixer(Lookup):
    """Gives a third of that face; the rest is its source upside down."""

    def forward(self, source):
        return (super().forward(source) + 2 * source.flip(2)) / 3


class ByLevel(Generator):
    """Gives the face whose source is nearest at the deepest level, exactly."""

    def forward(self, source):
        known = images.to_tensor([images.luma(face) for face in FACES])
        seen, stored = (self.encode(given)[-1].flatten(1) for given in (source, known))
        return images.to_tensor(FACES)[torch.cdist(seen, stored).argmin(1)]


class Copy(Generator):
    """Gives its source back."""

    def forward(self, source):
        return source.repeat(1, 3, 1, 1)


class Constant(Generator):
    """Gives the first face, whatever it is shown."""

    def forward(self, source):
        return images.to_tensor([FACES[0]] * len(source))


class Negative(Generator):
    """Gives its source's negative: a closed loop of period two."""

    def forward(self, source):
        return -source.repeat(1, 3, 1, 1)


def subject(kind: type[Generator], faces: list[np.ndarray] = FACES) -> Subject:
    """A network of that kind, asked in gray, that learned these faces."""
    torch.manual_seed(0)
    network = kind(**{**PAPER, **ARTICLE, "width": 2, "normalisation": "none"}).eval()
    known = TrainedFaces(IDS[: len(faces)], faces, [images.luma(face) for face in faces])
    asked = translator(network)
    asked.family = replace(asked.family, views=_views)
    return Subject(asked, built_in("gray"), known)


def _views(network: Generator, sources: torch.Tensor) -> dict[str, torch.Tensor]:
    """What a network computes on its way, which here has nothing to do with what comes out."""
    inside = convolutional.views(network, sources)
    return {**inside, "output": network(sources).flatten(1)}


def without_levels(kind: type[Generator]) -> Subject:
    """The same as a network of a family inside which nothing can be looked at."""
    who = subject(kind)
    who.translator.family = replace(who.translator.family, views=lambda network, sources: {})
    return who


def noise(seed: int, size: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)


LAWS: dict[tuple, Law] = {}
"""What decides for networks that were asked before: equal ones would only be measured again."""


def law_of(who: Subject) -> Law:
    """What decides for one of these networks, measured once per process."""
    kind, faces = type(who.translator.model.network), tuple(who.faces.ids)
    key = kind, faces, who.domain_name, tuple(who.views)
    if key not in LAWS:
        LAWS[key] = measure(who)
    return LAWS[key]


def asked(who: Subject, pictures: list[tuple[Path, np.ndarray]]) -> tuple[Law, list[Answer]]:
    """What decides, and the answers to some pictures."""
    law = law_of(who)
    return law, list(ask(who, view_of(law.best.name)[0], pictures))


def named(pictures: list[np.ndarray]) -> list[tuple[Path, np.ndarray]]:
    """Pictures as if they came from files 0.png and so on."""
    return [(Path(f"dir/{i}.png"), picture) for i, picture in enumerate(pictures)]


def surveyed(who: Subject, pictures: list[np.ndarray]) -> Survey:
    """What some pictures have in common, without the search for what flips each."""
    return survey(who, *asked(who, named(pictures)))


def explained(who: Subject, pictures: list[np.ndarray]) -> tuple[Survey, list[Explanation]]:
    """Some pictures, explained, named 0.png and so on."""
    law, answers = asked(who, named(pictures))
    return survey(who, law, answers), list(flipped(who, answers, law))
