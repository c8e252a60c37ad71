"""The network that is asked, with the faces that it learned, seen through one domain."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float
from torch import Tensor

from nekogao.errors import ConfigError, NekogaoError
from nekogao.measures.comparisons import Comparisons
from nekogao.measures.views import views
from nekogao.models.composition import Basis, UnitPicture, UnitPictures
from nekogao.models.translator import Translator
from nekogao.names import last_part
from nekogao.pairs.draws import kept_items
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from nekogao.pictures.domains import AS_IS, Domain
from nekogao.pictures.images import Picture
from nekogao.runs.folder import Run
from nekogao.sizes import Size

MOST_FACES = 1000
"""Of larger pair sets this many faces are compared, spread evenly."""


@dataclass(frozen=True)
class TrainedFaces:
    """The training faces, at the network's size."""

    ids: list[str]
    targets: list[Picture]
    sources: list[Picture]
    """The network's input for each, in the chosen domain."""
    thumbnails: bool = False
    """Whether the targets are small pictures out of a model file, scaled up."""
    note: str = ""
    """What a reader must know about where they come from; empty where all is as it should be."""


class Subject:
    """A network that is asked about pictures in one domain, None being ready sources."""

    def __init__(
        self,
        translator: Translator,
        domain: Domain | None,
        faces: TrainedFaces,
        run: Run | None = None,
    ) -> None:
        self.translator, self.domain, self.faces = translator, domain, faces
        self.size = translator.size
        self.run = run
        """The run that the network and the faces are of; None where either came alone."""

    @classmethod
    def load(
        cls,
        model: str | Path,
        domain: str | None = None,
        pairs: str | Path | None = None,
    ) -> "Subject":
        """Load a run or a model file, and the faces that it was trained on.

        Args:
            model: A run, a model.safetensors, or a foreign U-Net (`.pth`).
            domain: The domain to look through; the one trained last unless given.
            pairs: The pair set; unless given the run's own, or else the model file's thumbnails.

        Raises:
            WeightsError: There is no model, or it is damaged.
            ConfigError: The domain is unknown, no face is known, or the pair set has another size.
            InputError: `pairs` is no pair set. PairSetError where it is damaged.
        """
        translator = Translator.load(model)
        chosen = translator.domain(domain)
        run = Run(model) if Path(model).is_dir() and Run(model).exists else None
        if pairs is not None:
            given = PairSet.open(pairs)
            own = run is not None and _is_of(run, given)
            if run is not None:
                run.remember_pairs(given)
            hold_out = run.config().hold_out if run is not None and own else 0
            faces = _from_set(translator, given, chosen, hold_out)
            run = run if own else None
        else:
            faces = _own_faces(translator, run, chosen)
        if translator.family.answer is not None:
            faces = replace(faces, note="")  # nothing is compared with them: they are only shown
        return cls(translator, chosen, faces, run)

    @property
    def domain_name(self) -> str:
        """The domain's name, `as-is` for ready sources."""
        return self.domain.name if self.domain else AS_IS

    @cached_property
    def pictured(self) -> dict[str, Picture]:
        """The faces by id."""
        return dict(zip(self.faces.ids, self.faces.targets, strict=True))

    @cached_property
    def targets(self) -> UnitPictures:
        """The faces, n h w 3 on [0, 1]."""
        return np.stack([unit(target) for target in self.faces.targets])

    @cached_property
    def basis(self) -> Basis:
        """The faces, factored once to be asked which of them wins."""
        return Basis(self.targets)

    @cached_property
    def views(self) -> dict[str, Tensor]:
        """Every view of the faces' sources, each n d."""
        return views(self.translator, images.to_tensor(self.faces.sources))

    @cached_property
    def comparisons(self) -> Comparisons:
        """The faces' sources, made ready to be compared with others in every view."""
        return Comparisons(self.views)

    def sources(self, pictures: Sequence[Picture]) -> Tensor:
        """The network's inputs for pictures of its size, b c h w in [-1, 1]."""
        return self.translator.sources(pictures, self.domain)

    def turn(self, outputs: Tensor) -> Tensor:
        """One turn of the closed loop, through 8-bit pictures as in `apply --settle`."""
        return self.translator.turn(outputs, self.domain)

    def outputs(self, pictures: Sequence[Picture]) -> list[UnitPicture]:
        """What comes out for pictures of the network's size."""
        return shown(self.translator.outputs(self.sources(pictures)))

    def winner(self, output: UnitPicture) -> int:
        """The face that an output shows: the one with the largest share."""
        return self.basis.winner(output)

    def winners(self, pictures: Sequence[Picture]) -> list[int]:
        """The face that comes out for each picture."""
        return [self.winner(output) for output in self.outputs(pictures)]


def shown(outputs: Float[Tensor, "b d h w"]) -> list[UnitPicture]:
    """Outputs in [-1, 1] as pictures h w 3 on [0, 1]."""
    made = images.to_unit(outputs)
    return list(np.repeat(made, 3 // made.shape[-1], axis=-1))


def unit(picture: Picture) -> UnitPicture:
    """A picture, one-channel ones repeated to three, on [0, 1]."""
    return images.to_unit(images.to_tensor([images.rgb(picture)]))[0]


def _is_of(run: Run, pairs: PairSet) -> bool:
    """Whether a run was trained on a pair set."""
    try:
        return run.about().pairs.fingerprint == pairs.fingerprint
    except NekogaoError:
        return False


def _own_faces(translator: Translator, run: Run | None, domain: Domain | None) -> TrainedFaces:
    """The run's pair set, where it still is; or else the thumbnails."""
    if run is None:
        return _from_thumbnails(translator, domain, "The model file came alone")
    why = "The run's run.toml cannot be read"
    try:
        recorded = run.about().pairs
        why = f"The run's pair set {last_part(recorded.path)} cannot be read"
        pairs = run.open_pairs()
        if pairs.fingerprint == recorded.fingerprint:
            return _from_set(translator, pairs, domain, run.config().hold_out)
        name = pairs.folder.resolve().name
        why = f"The pair set {name} is no longer the one that the run was trained on"
    except NekogaoError:
        pass  # the thumbnails serve, and the reason is said
    return _from_thumbnails(translator, domain, why)


def _from_set(
    translator: Translator, pairs: PairSet, domain: Domain | None, hold_out: int
) -> TrainedFaces:
    if pairs.size != translator.size:
        raise ConfigError(
            f"{pairs.folder}: pictures of {pairs.size}, the network takes "
            f"{translator.size}. Name the pair set that it was trained on."
        )
    kept = kept_items(len(pairs), hold_out)
    count = min(len(kept), MOST_FACES)
    chosen = [kept[i] for i in np.linspace(0, len(kept) - 1, count).round().astype(int)]
    targets = [images.rgb(pairs.picture(i, "target")) for i in chosen]
    name = domain.name if domain else (translator.model.last or pairs.domains[0])
    if name in pairs.domains:
        channels = translator.model.source_channels
        sources = [images.as_channels(pairs.picture(i, name), channels) for i in chosen]
    else:
        sources = [translator.source(target, domain) for target in targets]
    fewer = f"Of {len(kept)} faces {count}, spread evenly, were compared."
    return TrainedFaces(
        [pairs.items[i].id for i in chosen], targets, sources,
        note=fewer if count < len(kept) else "",
    )  # fmt: skip


def _from_thumbnails(translator: Translator, domain: Domain | None, why: str) -> TrainedFaces:
    faces = translator.model.faces
    if not faces:
        raise ConfigError(
            "the model file holds no training faces to compare with. Name its pair set with "
            "--pairs."
        )
    size, model = translator.size, translator.model
    targets = [images.rgb(images.resize(face, *size)) for face in faces.values()]
    seen_through = domain or model.domains.get(model.last)
    sources = [translator.source(target, seen_through) for target in targets]
    small = Size.shaped(next(iter(faces.values())).shape)
    note = (
        f"{why}: the shares are from its {small} thumbnails of the faces, scaled up, and "
        "less exact. Name the pair set with --pairs for exact ones."
    )
    return TrainedFaces(list(faces), targets, sources, thumbnails=True, note=note)
