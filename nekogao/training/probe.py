"""The probe: the fixed pictures that are measured and drawn, in every domain, at every preview."""

from collections.abc import Mapping
from dataclasses import dataclass

from nekogao.config.schema import TrainConfig
from nekogao.measures.quality import measure
from nekogao.models.translator import Translator
from nekogao.pairs.draws import kept_items
from nekogao.pairs.pair_set import Batch, PairSet
from nekogao.pictures import images
from nekogao.runs import earlier as names
from nekogao.runs import sheets
from nekogao.runs.events import Previewed
from nekogao.runs.folder import Run
from nekogao.runs.metrics import Measurement
from nekogao.training.schedule import Schedule, probe_items
from nekogao.training.state import State
from nekogao.training.unseen import Unseen


@dataclass(frozen=True)
class Probe:
    """Some pairs of a set, in [-1, 1], and of sets that were learned before."""

    shown: dict[str, Batch]
    """Domain -> pairs in it; those of an earlier set under the names that nekogao.runs.earlier
    gives them."""
    unseen: Unseen | None
    """Pairs that nothing is learned from."""

    @classmethod
    def of(
        cls, pairs: PairSet, config: TrainConfig, earlier: Mapping[str, PairSet] | None = None
    ) -> "Probe":
        """The probe of a run. Raises PairSetError where a picture is missing or changed."""
        chosen = probe_items(kept_items(len(pairs), config.hold_out), config.probe)
        shown = {domain: pairs.select(chosen, domain) for domain in pairs.domains}
        for name, each in (earlier or {}).items():
            known = probe_items(kept_items(len(each), config.hold_out), config.probe)
            for domain in each.domains:
                shown[names.name(domain, name)] = each.select(known, domain)
        return cls(shown, Unseen.of(pairs, config))

    @property
    def most(self) -> int:
        """The largest number of faces in a sheet."""
        return max(len(batch.target) for batch in self.shown.values())

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
        for domain, batch in self.shown.items():
            outputs = translator.outputs(batch.source)
            path = run.previews / sheets.name(step, domain)
            images.write(path, sheets.draw(batch.source, outputs, batch.target))
            drawn.append(Previewed(step, domain, path))
            rows.append(
                Measurement(
                    step=step,
                    epoch=round(schedule.epoch(step), 3),
                    phase=span.number if step else 0,
                    trained=schedule.trained(step),
                    domain=domain,
                    **measure(images.to_unit(outputs), images.to_unit(batch.target)),
                    probe=len(batch.target),
                    unseen=self._unseen(run, translator, domain),
                    losses=losses,
                    seconds=round(state.seconds, 3),
                )
            )
        return rows, drawn

    def _unseen(self, run: Run, translator: Translator, domain: str) -> dict[str, float]:
        if self.unseen is None or domain not in self.unseen.sources:
            return {}
        return self.unseen.look(run, translator, domain)
