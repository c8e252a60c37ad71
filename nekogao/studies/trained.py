"""A finished run with what it was trained on and what it never saw, as measures need them."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nekogao.config.schema import TrainConfig
from nekogao.measures import quality as measurements
from nekogao.models import file as weights
from nekogao.nets.generator import Generator
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images, photographs
from nekogao.pictures.domains import IMPORTED
from nekogao.pictures.images import Picture
from nekogao.runs.folder import Run
from nekogao.training import sheets as previews
from nekogao.training.schedule import Schedule, plan, probe_indices

Numbers = dict[str, float | list[float]]
"""What a measure gives, by name; a list holds a number an image."""

_ALWAYS = ("gray",)
"""Domains in which unseen pictures are shown beside the one trained last."""


class Trained:
    """A run's generators, its probe, and unseen pictures in the run's domains.

    Raises RunError where there is no run, and what PairSet.open and weights.load raise.
    """

    def __init__(self, folder: Path) -> None:
        self.run = Run.open(folder)
        self.config: TrainConfig = self.run.config()
        self.pairs = PairSet.open(self.run.about()["pairs"]["path"])
        self.schedule: Schedule = plan(self.config, self.pairs)
        self.domains: list[str] = self.pairs.domains
        self.chosen = probe_indices(len(self.pairs), self.config.probe)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl."""
        return self.run.read_metrics()

    def generator(self, phase: int) -> Generator:
        """The generator at the end of a phase, from 1, in evaluation mode."""
        last = phase == len(self.schedule.spans)
        return weights.load(self.run.model if last else self.run.phase_model(phase)).generator

    @cached_property
    def last(self) -> Generator:
        """The generator at the end of the run, in evaluation mode."""
        return self.generator(len(self.schedule.spans))

    @cached_property
    def targets(self) -> Tensor:
        """The probe's targets, n d h w in [-1, 1]."""
        return self.pairs.select(self.chosen, self.domains[0]).target

    def sources(self, domain: str) -> Tensor:
        """The probe's sources in a domain, n c h w in [-1, 1]."""
        return self.pairs.select(self.chosen, domain).source

    def outputs(self, sources: Tensor) -> Tensor:
        """What the last generator makes of sources, in [-1, 1]."""
        return previews.translate(self.last, sources)

    @cached_property
    def unseen(self) -> list[Picture]:
        """Pictures that no network here was trained on, of the set's size."""
        return list(photographs.unseen(self.pairs.size).values())

    @property
    def unseen_domains(self) -> list[str]:
        """Domains in which unseen pictures are shown: the one trained last, and gray."""
        names = dict.fromkeys((*self.schedule.spans[-1].domains[:1], *_ALWAYS))
        known = self.pairs.header.domains
        return [name for name in names if name in known and known[name].kind != IMPORTED]

    def unseen_sources(self, domain: str) -> Tensor:
        """The unseen pictures in a domain, m c h w in [-1, 1]."""
        return self.make(domain, self.unseen)

    def make(self, domain: str, pictures: Sequence[Picture]) -> Tensor:
        """The generator's inputs for pictures of the set's size, m c h w in [-1, 1]."""
        about, channels = self.pairs.header.domains[domain], self.pairs.header.source_channels
        made = [images.as_channels(about.source(picture), channels) for picture in pictures]
        return images.to_tensor(made)

    def unit(self, batch: Tensor) -> NDArray[np.float32]:
        """A batch in [-1, 1] as arrays n h w c in [0, 1]."""
        return images.to_unit(batch)

    def turn(self, state: Tensor, domain: str) -> Tensor:
        """One turn of the closed loop F = G after the domain, for pictures in [-1, 1]."""
        return self.outputs(self.make(domain, images.from_tensor(state)))

    def skill(self, sources: Sequence[Picture], targets: Sequence[Picture]) -> list[float]:
        """Skill of the last generator on sources, picture by picture."""
        channels = self.last.source_channels
        fitted = [images.as_channels(source, channels) for source in sources]
        outputs = self.outputs(images.to_tensor(fitted))
        wanted = images.to_tensor(targets)
        return measurements.skill(self.unit(outputs), self.unit(wanted)).tolist()
