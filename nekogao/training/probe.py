"""The probe: the fixed pictures that are measured and drawn, in every domain, at every preview."""

from dataclasses import dataclass

from torch import Tensor

from nekogao.config.schema import TrainConfig
from nekogao.measures.quality import measure
from nekogao.models.translator import Translator
from nekogao.pairs.draws import kept_items
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from nekogao.runs import sheets
from nekogao.runs.events import Previewed
from nekogao.runs.folder import Run
from nekogao.runs.metrics import Measurement
from nekogao.training.schedule import Schedule, probe_items
from nekogao.training.state import State
from nekogao.training.unseen import Unseen


@dataclass(frozen=True)
class Probe:
    """Some pairs of a set, in [-1, 1]."""

    targets: Tensor
    """n d h w."""
    sources: dict[str, Tensor]
    """Domain -> n c h w."""
    unseen: Unseen | None
    """Pairs that nothing is learned from."""

    @classmethod
    def of(cls, pairs: PairSet, config: TrainConfig) -> "Probe":
        """The probe of a run. Raises PairSetError where a picture is missing or changed."""
        chosen = probe_items(kept_items(len(pairs), config.hold_out), config.probe)
        batches = {domain: pairs.select(chosen, domain) for domain in pairs.domains}
        targets = batches[pairs.domains[0]].target
        sources = {domain: batch.source for domain, batch in batches.items()}
        return cls(targets, sources, Unseen.of(pairs, config))

    def look(
        self, run: Run, translator: Translator, schedule: Schedule, state: State
    ) -> tuple[list[Measurement], list[Previewed]]:
        """Measure every domain and write its sheet; nothing that training depends on changes.

        The training losses since the last look are in the rows as means.
        """
        step = state.step
        span = schedule.span(max(0, step - 1))
        losses = {name: float(value) / state.counted for name, value in state.sums.items()}
        rows, drawn = [], []
        for domain, sources in self.sources.items():
            outputs = translator.outputs(sources)
            path = run.previews / sheets.name(step, domain)
            images.write(path, sheets.draw(sources, outputs, self.targets))
            drawn.append(Previewed(step, domain, path))
            rows.append(
                Measurement(
                    step=step,
                    epoch=round(schedule.epoch(step), 3),
                    phase=span.number if step else 0,
                    trained=schedule.trained(step),
                    domain=domain,
                    **measure(images.to_unit(outputs), images.to_unit(self.targets)),
                    probe=len(self.targets),
                    unseen=self.unseen.look(run, translator, domain) if self.unseen else {},
                    losses=losses,
                    seconds=round(state.seconds, 3),
                )
            )
        return rows, drawn
