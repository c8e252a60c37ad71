"""What was never seen: pairs that are measured though nothing was learned from them."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nekogao.config.schema import TrainConfig
from nekogao.measures.quality import measure
from nekogao.models.families import family_of
from nekogao.models.translator import Translator
from nekogao.pairs.draws import held_items, kept_items
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from nekogao.runs import sheets
from nekogao.runs.folder import Run

_MOST = 30
"""Pairs that are explained by the others, spread evenly over those trained on."""
_DRAWN = 10
"""Of them on the sheet."""
_MOST_KEPT = 1000
"""Sets of more pairs are not searched for the nearest source."""


@dataclass(frozen=True)
class Unseen:
    """Pairs that are held out or, in families that can do without one, left out one by one."""

    items: list[int]
    """Their numbers in the pair set."""
    left_out: list[int] | None
    """Where each is left out in turn: its number among the pairs that are trained on."""
    sources: dict[str, Tensor]
    """Domain -> n c h w in [-1, 1]."""
    targets: Tensor
    """n d h w in [-1, 1]."""
    retrieved: dict[str, dict[str, float]]
    """Domain -> how good the targets of the nearest sources among the others are; without what is
    not known."""

    @classmethod
    def of(cls, pairs: PairSet, config: TrainConfig) -> "Unseen | None":
        """Those of a run; None where there are none.

        Raises PairSetError where a picture is missing or changed.
        """
        kept = kept_items(len(pairs), config.hold_out)
        family = family_of(config.model)
        items, left_out = held_items(len(pairs), config.hold_out), None
        if not items and family.without is not None and len(kept) > 1:
            count = min(_MOST, len(kept))
            left_out = [round(i * (len(kept) - 1) / (count - 1)) for i in range(count)]
            items = [kept[i] for i in left_out]
        if not items:
            return None
        batches = {domain: pairs.select(items, domain) for domain in pairs.domains}
        retrieved = {
            domain: _measured(_retrieved(pairs, domain, batch.source, items, kept), batch.target)
            for domain, batch in batches.items()
            if len(kept) <= _MOST_KEPT
        }
        return cls(
            items, left_out, {domain: batch.source for domain, batch in batches.items()},
            batches[pairs.domains[0]].target, retrieved,
        )  # fmt: skip

    def look(self, run: Run, translator: Translator, domain: str) -> dict[str, float]:
        """Measure a domain and write its sheet; nothing that training depends on changes.

        Returns:
            `pairs`, their number; MAE, SSIM and sharpness; and the MAE, SSIM and sharpness of the
            targets with the nearest source, as `retrieval_...`.
        """
        sources = self.sources[domain]
        if self.left_out is None:
            outputs = translator.outputs(sources)
        else:
            outputs = torch.cat([
                self._without(translator, pair).outputs(source[None])
                for pair, source in zip(self.left_out, sources, strict=True)
            ])  # fmt: skip
        retrieved = self.retrieved.get(domain, {})
        found = {
            "pairs": float(len(self.items)),
            **_measured(outputs, self.targets),
            **{f"retrieval_{name}": value for name, value in retrieved.items()},
        }
        shown = torch.linspace(0, len(self.items) - 1, min(_DRAWN, len(self.items))).round().long()
        drawn = sheets.draw(sources[shown], outputs[shown], self.targets[shown])
        images.write(run.previews / sheets.unseen_name(domain), drawn)
        return found

    def _without(self, translator: Translator, pair: int) -> Translator:
        model, without = translator.model, translator.family.without
        assert without is not None
        return Translator(replace(model, network=without(model.network, pair)))


def _measured(outputs: Tensor, targets: Tensor) -> dict[str, float]:
    """MAE, SSIM and sharpness."""
    found = measure(images.to_unit(outputs), images.to_unit(targets))
    return {"mae": found["mae"], "ssim": found["ssim"], "sharpness": found["sharpness"]}


def _retrieved(
    pairs: PairSet, domain: str, sources: Tensor, items: list[int], kept: list[int]
) -> Tensor:
    """For each source the target whose source is nearest among the others, by MAE."""
    least = [float("inf")] * len(items)
    nearest = [-1] * len(items)
    for other in kept:
        (held,) = pairs.select([other], domain).source
        for place, (item, source) in enumerate(zip(items, sources, strict=True)):
            far = float((held - source).abs().mean())
            if item != other and far < least[place]:
                least[place], nearest[place] = far, other
    return pairs.select(nearest, domain).target
