"""The exemplar family: an entry of the table of families."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from torch import nn

from nekogao.config.exemplar import ExemplarConfig
from nekogao.config.rules import require
from nekogao.config.schema import TrainConfig
from nekogao.models.exemplar.descriptors import kind_of
from nekogao.models.exemplar.exemplars import Exemplars
from nekogao.models.exemplar.pin_table import PINS, read_pins
from nekogao.models.family import Family, Learner, Moment, Patchwork, Shape, Wish
from nekogao.pairs.draws import kept_items
from nekogao.pairs.item import Header
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.sizes import check_size

_LOOKED_AT = 8
"""Sources of an imported domain that are looked at for what they are."""


def shape(config: ExemplarConfig, header: Header) -> dict[str, Any]:
    """What Exemplars is built from."""
    return {
        **asdict(config),
        "size": header.size.plain,
        "source_channels": header.source_channels,
        "target_channels": header.target_channels,
        "names": list(header.domains),
    }


def build(shape: Shape) -> Exemplars:
    """Exemplars of a shape, none taken in. Raises ConfigError or TypeError where it is none."""
    settings = {field.name for field in fields(ExemplarConfig)}
    ExemplarConfig(**{name: value for name, value in shape.items() if name in settings})
    for name in ("source_channels", "target_channels"):
        require(shape.get(name) in (1, 3), name, shape.get(name), "must be 1 or 3")
    names = shape.get("names")
    right = isinstance(names, list) and all(isinstance(name, str) for name in names)
    require(right, "names", names, "must be names of domains")
    return Exemplars(**shape)


def start(config: TrainConfig, header: Header, batch: int) -> Learner:
    """Exemplars that know nothing yet."""
    assert isinstance(config.model, ExemplarConfig)
    return Learner({"exemplars": build(shape(config.model, header))})


def fit(
    learner: Learner, pairs: PairSet, domains: Sequence[str], config: TrainConfig, moment: Moment
) -> None:
    """Take all pairs in, in the domains of a phase."""
    network = learner.network
    assert isinstance(network, Exemplars)
    items = kept_items(len(pairs), config.hold_out)
    targets = images.stack([pairs.picture(item, "target") for item in items])
    ids = [pairs.items[item].id for item in items]
    given = read_pins(pairs.folder / PINS, ids, pairs.size)
    for domain in domains:
        sources = [pairs.picture(item, domain) for item in items]
        kind = kind_of(pairs.header.domains[domain], sources[:_LOOKED_AT])
        network.take_in(domain, kind, images.stack(sources), targets, given)


def answer(network: nn.Module, source: Picture, domain: str | None, wish: Wish) -> Patchwork:
    """The output for one source, and where each pixel of it comes from."""
    assert isinstance(network, Exemplars)
    return network.answer(source, domain, wish)


def without(network: nn.Module, pair: int) -> Exemplars:
    """The exemplars as if one pair had never been taken in."""
    assert isinstance(network, Exemplars)
    return network.without(frozenset({pair}))


def describe(config: ExemplarConfig) -> str:
    """The end of the report's first sentence."""
    return f", whose answers are put together from the {config.best} pairs that fit best."


EXEMPLAR = Family(
    config=ExemplarConfig,
    check_size=check_size,
    shape=shape,
    build=build,
    start=start,
    fit=fit,
    describe=describe,
    answer=answer,
    without=without,
    differentiable=False,
    fixed=(
        "an exemplar run takes all pairs in at once and forgets nothing. Train a new run with all "
        "domains you want, as in --phases all:1"
    ),
    bare=(
        "this model is its training pictures: without them nothing is left. Give it only to those "
        "who may have the pictures"
    ),
)
