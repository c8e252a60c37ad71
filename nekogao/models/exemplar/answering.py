"""Answering: from the pairs of one domain to the answer to one source."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from nekogao.models.exemplar import blending
from nekogao.models.exemplar.blending import Candidate, Map
from nekogao.models.exemplar.descriptors import KINDS, Descriptor
from nekogao.models.exemplar.pinned import PinnedFaces
from nekogao.models.exemplar.registration import bent, flows, grid, places
from nekogao.models.exemplar.searching import Search
from nekogao.models.exemplar.sequence import Memory, steadied
from nekogao.models.family import Patchwork, Wish
from nekogao.pictures.images import Picture

_FEW = 3
"""Pairs that are registered carefully."""
_LESS_DECISIVE = 0.4
"""How decisive weights are then, as a share: most candidates are flows of the same pair."""
_COARSE = 4
"""Every so manieth pixel is compared to narrow many pairs to a few."""
_KEPT = 32
"""Descriptors that are kept ready."""
_FAMILIAR, _FAMILIAR_SLOPE = 0.148, -0.043
"""The strangeness of the best registered pair up to which a dense flow is trusted: at a side of
128, and what doubling the side adds. Measured of edges with sides of 256, 128 and 64: a person
whose head has moved far has up to 0.091, 0.131 and 0.190; one face registered with another's has
0.120, 0.165 and 0.186 and more."""
_MORE_FLOWS = 0.96
"""The same where there are few pairs, as a share: of more flows the best fits better."""
_USUAL_FREEDOM = 0.6
"""Of faces like none of the pairs': the pins hold, and the lines are followed a little."""
_MOST_PINNED = 24
"""Pairs that are tried for such faces."""
_MOST_USUAL = 0.16
"""What is usual is at most this: of pairs that are all strangers to each other all is usual."""
UNKNOWN = 0.08
"""The mismatch beyond which a place is in doubt where there is one pair only, and no other to
learn it from."""
_LEAST_USUAL = 0.01
_TRIED = 6
"""Pairs that are explained by the others to learn what is usual."""
_QUANTILE = 0.99


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """The pairs of one domain, ready to answer."""

    kind: str
    """Entry of KINDS."""
    sources: NDArray[np.uint8]
    """n h w, or n h w 3."""
    targets: NDArray[np.uint8]
    """n h w, or n h w 3."""
    pins: NDArray[np.float32]
    """n 3 2: pins that a person gave, in pixels; negative where none did."""
    best: int
    decisive: float
    patches: bool
    usual: float = UNKNOWN
    """The mismatch, from 0 to 1, beyond which a place is in doubt; of patches, their distance in
    levels of gray."""
    hidden: frozenset[int] = field(default_factory=frozenset)
    """Pairs that are not to be used."""

    @property
    def careful(self) -> bool:
        """Whether there are so few pairs that each must be made to reach far."""
        return len(self.sources) <= _FEW

    def describe(self, source: Picture) -> Descriptor:
        """The descriptor of a source of this domain."""
        return KINDS[self.kind](source, self.careful)

    @cached_property
    def held(self) -> Callable[[int], Descriptor]:
        """The descriptor of a pair's source."""
        return lru_cache(_KEPT)(lambda pair: self.describe(self.sources[pair]))

    @cached_property
    def thinned(self) -> NDArray[np.uint8]:
        """All descriptors, coarsely."""
        return np.stack([_thin(self.held(pair)) for pair in range(len(self.sources))])

    @property
    def patched(self) -> bool:
        """Whether sources are answered by their nearest patches."""
        return self.kind == "picture" and self.patches

    @property
    def supported(self) -> bool:
        """Whether patches have half a say beside flows: few label maps, whose flows reach far too
        seldom."""
        return self.kind == "labels" and self.careful and self.patches

    @property
    def usual_mismatch(self) -> float:
        """The mismatch, from 0 to 1, beyond which a place is in doubt."""
        return _MOST_USUAL if self.patched else self.usual

    @cached_property
    def search(self) -> Search:
        """The pairs, to be searched for patches."""
        return Search(self.sources, self.targets, labels=self.kind == "labels")

    def without(self, pairs: frozenset[int]) -> "Pairs":
        """The same, which does not use some pairs; what is ready stays so."""
        made = replace(self, hidden=pairs)
        shared = ("held", "thinned", "pinned", "search")
        vars(made).update({name: getattr(self, name) for name in shared})
        return made

    @cached_property
    def pinned(self) -> PinnedFaces:
        """The pairs as faces, for sources that are like none of them."""
        return PinnedFaces(self.sources, self.targets, self.pins, drawn=self.kind == "lines")

    @cached_property
    def used(self) -> list[int]:
        """The pairs that may be used."""
        return [pair for pair in range(len(self.sources)) if pair not in self.hidden]

    def order(self, new: Descriptor) -> list[int]:
        """The pairs, the one first whose source is most like the new one as it is."""
        small = _thin(new)
        far = [cv2.norm(self.thinned[pair], small, cv2.NORM_L1) for pair in self.used]
        return [self.used[i] for i in np.argsort(far, kind="stable")]

    def answer(self, source: Picture, wish: Wish) -> Patchwork:
        """The answer to a source of the pairs' size."""
        new = self.describe(source)
        order = self.order(new)
        same = next((p for p in order[: self.best] if (self.sources[p] == source).all()), None)
        if same is not None and not wish.rank:
            return self._remembered(same, np.zeros(source.shape[:2], np.float32), new)
        if self.patched and not wish.rank and wish.freedom is None:
            return self._patched(source, new, order)
        candidates = self.candidates(new, order[wish.rank % len(order) :][: self.best])
        familiar = _familiar(max(source.shape[:2])) * (_MORE_FLOWS if self.careful else 1)
        strange = min(each.strangeness for each in candidates) > familiar
        if strange and self.kind != "labels":
            return self._pinned(source, new, order, wish)
        if wish.freedom == 0:
            return self._as_it_is(new, order, wish.rank)
        memory = wish.before.memory if wish.before else None
        blended = self._blended(new, candidates, wish, memory)
        return self._supported(blended, source, order) if self.supported else blended

    def candidates(self, new: Descriptor, pairs: Sequence[int]) -> list[Candidate]:
        """Pairs, each bent to the new source by each of its flows."""
        found = []
        for pair in pairs:
            held = self.held(pair)
            for number, flow in enumerate(flows(new, held, careful=self.careful)):
                found.append(Candidate(pair, number, flow, *blending.fit(new, held, flow)))
        return found

    def learn_usual(self) -> float:
        """The mismatch that is usual where each pair is explained by the others."""
        if self.patched:
            return self.search.usual_distance(self.used, _QUANTILE)
        if len(self.used) < 2:
            return UNKNOWN
        chosen = np.linspace(0, len(self.used) - 1, min(len(self.used), _TRIED)).round()
        largest = [_LEAST_USUAL]
        for pair in (self.used[int(i)] for i in chosen):
            new = self.held(pair)
            others = [other for other in self.order(new) if other != pair]
            found = self.candidates(new, others[: self.best])
            best = np.stack([candidate.mismatch for candidate in found]).min(axis=0)
            largest.append(float(np.quantile(best, _QUANTILE)))
        return min(max(largest), _MOST_USUAL)

    def _as_it_is(self, new: Descriptor, order: Sequence[int], rank: int) -> Patchwork:
        """The target of the pair that is most like a source, unbent."""
        pair = order[rank % len(order)]
        still = np.zeros((*new.shape.shape[:2], 2), np.float32)
        fits = blending.fit(new, self.held(pair), still).mismatch
        return self._remembered(pair, fits / self.usual_mismatch, new)

    def _pinned(
        self, source: Picture, new: Descriptor, order: Sequence[int], wish: Wish
    ) -> Patchwork:
        """The answer to a face like none of the pairs': one of them, bent by three pins.

        Where no face is found, the target is as it is remembered.
        """
        freedom = _USUAL_FREEDOM if wish.freedom is None else wish.freedom
        found = self.pinned.fitting(source, order[:_MOST_PINNED])
        if not found:
            return self._as_it_is(new, order, wish.rank)
        pair = found[wish.rank % len(found)]
        flow = self.pinned.flow(source, pair, freedom)
        fits = blending.fit(new, self.held(pair), flow).mismatch
        return Patchwork(
            output=bent(self.targets[pair], flow, cv2.INTER_CUBIC),
            pair=np.full(fits.shape, pair, np.int32),
            place=places(flow),
            doubt=fits / self.usual_mismatch,
            chosen=(pair,),
            freedom=freedom,
        )

    def _remembered(self, pair: int, doubt: Map, new: Descriptor) -> Patchwork:
        height, width = doubt.shape
        return Patchwork(
            output=self.targets[pair],
            pair=np.full((height, width), pair, np.int32),
            place=grid(height, width),
            doubt=doubt,
            chosen=(pair,),
            freedom=0.0,
            memory=Memory(new, {(pair, 0): np.ones((height, width), np.float32)}),
        )

    def _blended(
        self, new: Descriptor, candidates: list[Candidate], wish: Wish, before: Memory | None
    ) -> Patchwork:
        decisive = self.decisive * (_LESS_DECISIVE if self.careful else 1)
        shares = blending.weights([each.mismatch for each in candidates], decisive)
        if before is not None:
            shares = steadied(new, candidates, shares, before, self.usual)
        fits = np.min([each.mismatch for each in candidates], axis=0)
        memory = Memory.of(new, candidates, shares)
        freedom = 1.0 if wish.freedom is None else wish.freedom
        pictures = [
            bent(self.targets[c.pair], c.flow * freedom, cv2.INTER_CUBIC) for c in candidates
        ]
        output = blending.blend(pictures, shares)
        if self.careful:
            candidates, shares = blending.merged(candidates, shares)
        pairs, counted, led = blending.by_pair(candidates, shares, freedom)
        heaviest = counted.argmax(axis=0)
        ranked = np.argsort(-counted.mean(axis=(1, 2)), kind="stable")
        return Patchwork(
            output=output,
            pair=pairs[heaviest],
            place=np.take_along_axis(led, heaviest[None, ..., None], axis=0)[0],
            doubt=fits / self.usual_mismatch,
            chosen=tuple(pairs[ranked].tolist()),
            freedom=freedom,
            memory=memory,
        )

    def _supported(self, blended: Patchwork, source: Picture, order: Sequence[int]) -> Patchwork:
        """The mean of an answer by flows and the one by patches, if it follows all lines."""
        if blended.freedom != 1:
            return blended
        patched = self.search.answer(source, self.used, order).output
        mean = cv2.addWeighted(blended.output, 0.5, patched, 0.5, 0)
        return replace(blended, output=np.asarray(mean, np.uint8))

    def _patched(self, source: Picture, new: Descriptor, order: Sequence[int]) -> Patchwork:
        found = self.search.answer(source, self.used, order)
        counts = np.bincount(found.pair.ravel())
        return Patchwork(
            output=found.output,
            pair=found.pair,
            place=found.place,
            doubt=found.distance / np.float32(self.usual),
            chosen=tuple(int(p) for p in np.argsort(-counts, kind="stable") if counts[p]),
            freedom=1.0,
            memory=Memory(new, {}),
        )


def _familiar(side: int) -> float:
    """The strangeness up to which a dense flow is trusted; lines are a pixel wide at any side."""
    return max(0.0, _FAMILIAR + _FAMILIAR_SLOPE * math.log2(side / 128))


def _thin(descriptor: Descriptor) -> NDArray[np.uint8]:
    return np.ascontiguousarray(descriptor.shape[::_COARSE, ::_COARSE])
