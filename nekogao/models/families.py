"""The table of families. Training, model files, explain, studies, report and bench ask it."""

from collections.abc import Mapping
from types import MappingProxyType

from nekogao.config.rules import ModelConfig
from nekogao.config.schema import MODELS
from nekogao.errors import ConfigError
from nekogao.models.convolutional import CONVOLUTIONAL
from nekogao.models.family import Family

_ENTERED: dict[str, Family] = {CONVOLUTIONAL.kind: CONVOLUTIONAL}

FAMILIES: Mapping[str, Family] = MappingProxyType(_ENTERED)
"""Kind -> family. Read it; `enter` adds one."""


def enter(family: Family) -> None:
    """Add a family to the table, and its settings to those that configurations may name.

    Raises ConfigError where another family has that name, or where it learns in no way or in two.
    """
    if (family.update is None) == (family.fit is None):
        raise ConfigError(f"family {family.kind}: has update and fit, or neither. Give one.")
    if FAMILIES.get(family.kind, family) is not family:
        raise ConfigError(f"family {family.kind}: there is one already. Choose another name.")
    _ENTERED[family.kind] = family
    MODELS[family.kind] = family.config


def family_of(config: ModelConfig) -> Family:
    """The family that a configuration is of. Raises ConfigError where it was never entered."""
    return named(config.kind)


def named(kind: str) -> Family:
    """The family of that name. Raises ConfigError for an unknown one."""
    if kind not in FAMILIES:
        raise ConfigError(f"unknown family {kind!r}. Choose from {', '.join(FAMILIES)}.")
    return FAMILIES[kind]
