"""The exemplars: training pairs as a network that answers sources from them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nekogao.models.exemplar.answering import UNKNOWN, Pairs
from nekogao.models.exemplar.descriptors import KINDS
from nekogao.models.family import Patchwork, Wish
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.sizes import AnySize, Size

_COARSE = 4
"""Every so manieth pixel is compared to tell domains apart."""


_PLAIN = Wish()


class Exemplars(nn.Module):
    """Sources and targets of training pairs, all of one size, in one domain or in several."""

    targets: Tensor
    """n d h w, uint8."""
    sources: Tensor
    """m n c h w, uint8: of every domain that was taken in."""
    domains: Tensor
    """m, int64: the numbers of these domains among `names`."""
    kinds: Tensor
    """m, int64: the numbers of their kinds of source among KINDS."""
    pins: Tensor
    """n 3 2, float32: three pins of a face that a person gave, in pixels; negative where none."""
    usual: Tensor
    """m, float32: the mismatch, from 0 to 1, beyond which a place is in doubt."""

    def __init__(
        self,
        *,
        size: AnySize,
        source_channels: int,
        target_channels: int,
        names: Sequence[str],
        best: int,
        decisive: float,
        patches: bool,
    ) -> None:
        """`names` are those of all domains that the pair set has."""
        super().__init__()
        self.settings: dict[str, Any] = {"best": best, "decisive": decisive, "patches": patches}
        self.names = list(names)
        shape = Size.of(size).shape
        targets = torch.zeros(0, target_channels, *shape, dtype=torch.uint8)
        self.register_buffer("targets", targets)
        sources = torch.zeros(0, 0, source_channels, *shape, dtype=torch.uint8)
        self.register_buffer("sources", sources)
        self.register_buffer("domains", torch.zeros(0, dtype=torch.int64))
        self.register_buffer("kinds", torch.zeros(0, dtype=torch.int64))
        self.register_buffer("pins", torch.zeros(0, 3, 2))
        self.register_buffer("usual", torch.zeros(0))
        self._ready: dict[int, Pairs] = {}

    def take_in(
        self,
        domain: str,
        kind: str,
        sources: Tensor,
        targets: Tensor,
        pins: Tensor | None = None,
    ) -> None:
        """Keep the pairs in one domain, beside other domains that were taken in.

        Args:
            domain: Its name.
            kind: What its sources are, an entry of KINDS.
            sources: n c h w, uint8.
            targets: n d h w, uint8, the same for every domain.
            pins: n 3 2, float32, as in `pins`; None where nobody gave any.
        """
        number, kept = self.names.index(domain), self.domains.tolist()
        if number in kept:
            return
        device = self.sources.device
        self.targets = targets.to(device)
        unknown = torch.full((len(targets), 3, 2), -1.0)
        self.pins = (unknown if pins is None else pins).to(device)
        before = self.sources if kept else sources[None, :][:0].to(device)
        self.sources = torch.cat([before, sources[None].to(device)])
        self.domains = torch.tensor([*kept, number], device=device)
        self.kinds = torch.cat([self.kinds, self.kinds.new_tensor([list(KINDS).index(kind)])])
        self.usual = torch.cat([self.usual, self.usual.new_full((1,), UNKNOWN)])
        self._ready = {}
        self.usual[-1] = self._pairs(len(kept)).learn_usual()
        self._ready = {}

    def without(self, pairs: frozenset[int]) -> "Exemplars":
        """The same, which does not use some pairs."""
        made = self.__copy__()
        made._ready = {
            place: self._pairs(place).without(pairs) for place in range(len(self.domains))
        }
        return made

    def __copy__(self) -> "Exemplars":
        made = object.__new__(Exemplars)
        made.__dict__ = {**self.__dict__, "_buffers": dict(self._buffers)}
        return made

    def forward(self, sources: Tensor) -> Tensor:
        """Outputs b d h w for sources b c h w, both in [-1, 1]; gray before anything is known."""
        if not len(self.domains):
            return sources.new_zeros(len(sources), *self.targets.shape[1:])
        pictures = images.from_tensor(sources.float().cpu())
        outputs = [self.answer(picture).output for picture in pictures]
        return images.to_tensor(outputs).to(sources)

    def answer(self, source: Picture, domain: str | None = None, wish: Wish = _PLAIN) -> Patchwork:
        """The answer to one source.

        Args:
            source: h w or h w 3, of the pairs' size.
            domain: The domain that it is of; None takes the one that has the nearest source.
            wish: How to answer.
        """
        return self._pairs(self._place(source, domain)).answer(source, wish)

    def _place(self, source: Picture, domain: str | None) -> int:
        """Which row of `sources` a source belongs to."""
        kept = [self.names[number] for number in self.domains.tolist()]
        if domain in kept:
            return kept.index(domain)
        if len(kept) == 1:
            return 0
        small = images.stack([source])[0, :, ::_COARSE, ::_COARSE].float()
        held = self.sources[..., ::_COARSE, ::_COARSE].cpu().float()
        far = (held - small).abs().mean(dim=(2, 3, 4)).amin(dim=1)
        return int(far.argmin())

    def _pairs(self, place: int) -> Pairs:
        if place not in self._ready:
            self._ready[place] = Pairs(
                kind=list(KINDS)[int(self.kinds[place])],
                sources=_pictures(self.sources[place]),
                targets=_pictures(self.targets),
                pins=self.pins.cpu().numpy(),
                usual=float(self.usual[place]),
                **self.settings,
            )
        return self._ready[place]

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, local_metadata: dict[str, Any],
        strict: bool, missing_keys: list[str], unexpected_keys: list[str], error_msgs: list[str],
    ) -> None:  # fmt: skip
        """Take the buffers over, however many pairs they hold."""
        own = dict(self.named_buffers())
        missing_keys += [prefix + name for name in own if prefix + name not in state_dict]
        unexpected_keys += [key for key in state_dict if key.removeprefix(prefix) not in own]
        if missing_keys or unexpected_keys:
            return
        found = {name: state_dict[prefix + name] for name in own}
        pairs, count = len(found["targets"]), found["domains"].numel()
        shapes = {
            "targets": (pairs, *own["targets"].shape[1:]),
            "sources": (count, pairs, *own["sources"].shape[2:]),
            "domains": (count,),
            "kinds": (count,),
            "usual": (count,),
            "pins": (pairs, 3, 2),
        }
        for name, value in found.items():
            if tuple(value.shape) != shapes[name] or value.dtype != own[name].dtype:
                error_msgs.append(f"{name} has shape {tuple(value.shape)}, not {shapes[name]}")
        if error_msgs:
            return
        numbers = found["domains"].tolist()
        if len(set(numbers)) < count or not set(numbers) <= set(range(len(self.names))):
            error_msgs.append("domains that the file does not name")
        elif not set(found["kinds"].tolist()) <= set(range(len(KINDS))):
            error_msgs.append("unknown kinds of sources")
        elif count and not pairs:
            error_msgs.append("no pair")
        elif not bool((found["usual"] > 0).all()):
            error_msgs.append("usual mismatches that are not above 0")
        else:
            for name, value in found.items():
                setattr(self, name, value.detach().clone())
            self._ready = {}


def _pictures(stored: Tensor) -> NDArray[np.uint8]:
    """Stored pictures n c h w as n h w or n h w 3."""
    pixels = stored.cpu().numpy()
    return np.ascontiguousarray(
        pixels[:, 0] if pixels.shape[1] == 1 else pixels.transpose(0, 2, 3, 1)
    )
