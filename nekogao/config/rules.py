"""What configurations have in common: how a wrong value is refused, and what a family's is."""

from dataclasses import dataclass
from typing import ClassVar

from nekogao.errors import ConfigError


def require(condition: bool, name: str, got: object, must: str) -> None:
    """Raise ConfigError unless `condition` holds.

    Args:
        condition: What must be so.
        name: The setting, as a person spells it.
        got: Its value.
        must: The rest of the sentence, as in `must be positive`.
    """
    if not condition:
        raise ConfigError(f"{name} = {got!r}: {must}. Change it in the recipe or with --set.")


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The settings of one family of translators: the table [model].

    Each family has a subclass, whose `kind` is its name.
    """

    kind: ClassVar[str]
