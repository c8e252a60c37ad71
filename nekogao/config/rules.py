"""What configurations have in common: how a wrong value is refused, and what a family's is."""

import types
import typing
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar, Literal

from nekogao.errors import ConfigError

LARGEST_COUNT = 2**31 - 1
"""Counts are not larger; neither is anything that is counted."""
_LONGEST = 80


def shown(value: object) -> str:
    """A wrong value as a message shows it: on one line, and not longer than that line bears."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def require(condition: bool, name: str, got: object, must: str) -> None:
    """Raise ConfigError unless `condition` holds.

    Args:
        condition: What must be so.
        name: The setting, as a person spells it.
        got: Its value.
        must: The rest of the sentence, as in `must be positive`.
    """
    if not condition:
        raise ConfigError(
            f"{name} = {shown(got)}: {must}. Change it in the recipe, or in overrides= (--set on "
            "the command line)."
        )


def require_types(config: Any, table: str = "") -> None:
    """Raise ConfigError unless every field of a configuration has its declared type.

    Args:
        config: A configuration dataclass.
        table: What its fields are below, as in `generator.`.
    """
    for name, kind in _hints(type(config)).items():
        value = getattr(config, name)
        if not _fits(value, kind):
            raise ConfigError(f"{table}{name} = {shown(value)}: must be {_words(kind)}.")


def _hints(cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {f.name: hints[f.name] for f in fields(cls)}


def _fits(value: object, kind: Any) -> bool:
    origin, choices = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return isinstance(value, str) and value in choices
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(v, choices[0]) for v in value)
    if origin in (types.UnionType, typing.Union):
        return any(_fits(value, choice) for choice in choices)
    if kind is float:
        return type(value) in (float, int)
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def _words(kind: Any) -> str:
    origin, choices = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return f"one of {', '.join(map(str, choices))}"
    if origin is tuple:
        return "a tuple of texts"
    if origin in (types.UnionType, typing.Union):
        kind = choices[0]
    if is_dataclass(kind):
        return f"a {getattr(kind, '__name__', kind)}"
    return f"of type {getattr(kind, '__name__', kind)}"


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The settings of one family of translators: the table [model].

    Each family has a subclass, whose `kind` is its name.
    """

    kind: ClassVar[str]
