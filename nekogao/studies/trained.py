"""A finished run with what it was trained on and what it never saw, as measures need them."""

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from torch import Tensor

from nekogao.config.schema import TrainConfig
from nekogao.measures.comparisons import Comparisons
from nekogao.measures.quality import skill
from nekogao.measures.variations import rearranged
from nekogao.measures.views import views
from nekogao.models.composition import Basis
from nekogao.models.translator import Translator
from nekogao.pictures import images, photographs
from nekogao.pictures.images import Picture
from nekogao.runs.folder import Run
from nekogao.runs.metrics import Measurement
from nekogao.training.schedule import Schedule, plan, probe_items

Numbers = dict[str, float | list[float]]
"""What a measure gives, by name; a list holds one number per image."""

_ALWAYS = ("gray",)
"""Domains in which unseen pictures are shown beside the one trained last."""


class Trained:
    """A run's networks, its probe, and unseen pictures in the run's domains.

    Raises RunError where there is no run, and what PairSet.open and Translator.load raise.
    """

    def __init__(self, folder: Path) -> None:
        self.run = Run.open(folder)
        about = self.run.about()
        self.config: TrainConfig = about.train
        self.pairs = self.run.open_pairs()
        self.schedule: Schedule = plan(self.config, self.pairs)
        self.domains: list[str] = self.pairs.domains
        self.chosen = probe_items(self.schedule.draws.items, self.config.probe)

    @cached_property
    def rows(self) -> list[Measurement]:
        """The rows of metrics.jsonl."""
        return self.run.read_metrics()

    def translator(self, phase: int) -> Translator:
        """The network at the end of a phase, from 1."""
        last = phase == len(self.schedule.spans)
        return Translator.load(self.run.model if last else self.run.phase_model(phase))

    @cached_property
    def last(self) -> Translator:
        """The network at the end of the run."""
        return self.translator(len(self.schedule.spans))

    @cached_property
    def targets(self) -> Tensor:
        """The probe's targets, n d h w in [-1, 1]."""
        return self.pairs.select(self.chosen, self.domains[0]).target

    @cached_property
    def basis(self) -> Basis:
        """The probe's targets, factored once to be asked which of them wins."""
        return Basis(images.to_unit(self.targets))

    @lru_cache(maxsize=2)  # noqa: B019  it lives as long as the measuring of one run
    def comparisons(self, domain: str) -> Comparisons:
        """The probe's sources in a domain, made ready to be compared with others."""
        return Comparisons(views(self.last, self.sources(domain)))

    def sources(self, domain: str) -> Tensor:
        """The probe's sources in a domain, n c h w in [-1, 1]."""
        return self.pairs.select(self.chosen, domain).source

    @cached_property
    def unseen(self) -> list[Picture]:
        """Pictures that no network here was trained on, of the set's size."""
        return list(photographs.unseen(self.pairs.size).values())

    @property
    def shown_domains(self) -> list[str]:
        """Domains in which unseen sources are shown: the one trained last, and gray."""
        names = dict.fromkeys((*self.schedule.spans[-1].domains[:1], *_ALWAYS))
        return [name for name in names if name in self.pairs.header.domains]

    @property
    def unseen_domains(self) -> list[str]:
        """Those of them in which sources of unseen pictures can be made."""
        return [name for name in self.shown_domains if name not in self.imported]

    @property
    def imported(self) -> list[str]:
        """Those of them that were imported, so that no source can be made."""
        known = self.pairs.header.domains
        return [name for name in self.shown_domains if known[name].imported]

    def unseen_sources(self) -> Iterator[tuple[str, str, Tensor]]:
        """Sources that were never trained on, in every shown domain.

        Yields:
            The domain; what numbers about it are called; and its sources, m c h w in [-1, 1]:
            those of the unseen pictures, or the trained ones mirrored and moved.
        """
        for domain in self.unseen_domains:
            yield domain, domain, self.make(domain, self.unseen)
        for domain in self.imported:
            known = [self.pairs.picture(index, domain) for index in self.chosen]
            moved = [each for source in known for each in rearranged(source)]
            yield domain, f"{domain}-moved", self.last.sources(moved, None)

    def make(self, domain: str, pictures: Sequence[Picture]) -> Tensor:
        """The network's inputs for pictures of the set's size, m c h w in [-1, 1]."""
        return self.last.sources(pictures, self.pairs.header.domains[domain])

    def turn(self, outputs: Tensor, domain: str) -> Tensor:
        """One turn of the closed loop through a domain, b d h w in [-1, 1]."""
        return self.last.turn(outputs, self.pairs.header.domains[domain])

    def skill(self, sources: Sequence[Picture], targets: Sequence[Picture]) -> list[float]:
        """Skill of the last network on ready sources, picture by picture."""
        outputs = self.last.outputs(self.last.sources(sources, None))
        wanted = images.to_tensor(targets)
        return skill(images.to_unit(outputs), images.to_unit(wanted)).tolist()
