"""The table of families. Training, model files, explain, studies, report and bench ask it."""

from collections.abc import Mapping
from dataclasses import fields, replace
from types import MappingProxyType

from nekogao.config import automatic
from nekogao.config.automatic import AUTO
from nekogao.config.rules import ModelConfig
from nekogao.config.schema import MODELS, TrainConfig
from nekogao.errors import ConfigError
from nekogao.models.convolutional import CONVOLUTIONAL
from nekogao.models.exemplar.family import EXEMPLAR
from nekogao.models.family import Family
from nekogao.pairs.item import Header

_OWN = (CONVOLUTIONAL, EXEMPLAR)
_ENTERED: dict[str, Family] = {family.kind: family for family in _OWN}

FAMILIES: Mapping[str, Family] = MappingProxyType(_ENTERED)
"""Kind -> family. Read it; `enter` adds one."""


def enter(family: Family) -> None:
    """Add a family to the table, and its settings to those that configurations may name.

    Raises ConfigError where another family has that name, where it learns in no way or in two, or
    where a setting of it is named like one of the run's.
    """
    if (family.update is None) == (family.fit is None):
        raise ConfigError(f"family {family.kind}: has update and fit, or neither. Give one.")
    if FAMILIES.get(family.kind, family) is not family:
        raise ConfigError(f"family {family.kind}: there is one already. Choose another name.")
    shared = {f.name for f in fields(family.config)} & {f.name for f in fields(TrainConfig)}
    if shared:
        raise ConfigError(
            f"family {family.kind}: the run has a setting {min(shared)} too. Rename the family's."
        )
    _ENTERED[family.kind] = family
    MODELS[family.kind] = family.config


def leave(kind: str) -> None:
    """Take a family that was entered out of the table again."""
    if kind not in {family.kind for family in _OWN}:
        _ENTERED.pop(kind, None)
        MODELS.pop(kind, None)


def resolved(config: TrainConfig, header: Header, pairs: int) -> TrainConfig:
    """A configuration with everything filled in that depends on the pair set.

    Args:
        config: As it was asked for.
        header: Of the pair set.
        pairs: How many it has.
    """
    family = family_of(config.model)
    batch = config.batch
    if batch == AUTO:
        batch = pairs if family.at_once else automatic.batch(header.size, pairs)
    return replace(config, batch=batch, model=family.resolve(config.model, header, pairs))


def family_of(config: ModelConfig) -> Family:
    """The family that a configuration is of. Raises ConfigError where it was never entered."""
    return named(config.kind)


def named(kind: str) -> Family:
    """The family of that name. Raises ConfigError for an unknown one."""
    if kind not in FAMILIES:
        raise ConfigError(f"unknown family {kind!r}. Choose from {', '.join(FAMILIES)}.")
    return FAMILIES[kind]
