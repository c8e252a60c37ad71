"""Settings: configuration as plain data, from recipes, TOML files and the command line."""

import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import tomli_w

from nekogao.config.schema import GeneratorConfig, TrainConfig
from nekogao.errors import ConfigError, InputError

RECIPES = Path(__file__).parent / "recipes"

_PAPER = {
    "patch": 1,
    "skips": "all",
    "kernel": 4,
    "upsampling": "transposed",
    "width": 64,
    "normalisation": "batch",
    "bottleneck_norm": False,
    "dropout": 0.5,
    "decoder": "mirror",
    "initialisation": "normal",
}

_NARROWEST = 16
"""Channels of a network that is freed of its patches, at least."""

GENERATORS: dict[str, dict[str, Any]] = {
    "encoder-decoder": {"skips": "innermost"},
    "no-skips": {"skips": "none"},
    "inner3": {"skips": "inner3"},
    "unet": {"skips": "all", "patch": 1},
    "unet-128": {**_PAPER, "size": 128},
    "unet-256": {**_PAPER, "size": 256},
}
"""Named generators: the fields that each one sets; the rest stay as the recipe has them."""


def to_dict(config: Any) -> dict[str, Any]:
    """A configuration as plain data for TOML: tuples as lists, None left out."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items() if inner is not None}
        return list(value) if isinstance(value, tuple) else value

    return plain(asdict(config))


def from_dict(cls: type, data: Mapping[str, Any], where: str = "") -> Any:
    """Build a configuration dataclass from plain data; absent fields keep their defaults.

    Raises ConfigError for an unknown field (with the nearest known one) or a wrong type.
    """
    known = typing.get_type_hints(cls)
    values = {}
    for name, value in data.items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean {where}{near[0]}?" if near else f"Known: {', '.join(known)}."
            raise ConfigError(f"unknown setting {where}{name}. {hint}")
        values[name] = _convert(value, known[name], f"{where}{name}")
    return cls(**values)


def _convert(value: Any, kind: Any, name: str) -> Any:
    if is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{name} = {value!r}: must be a table, as in [{name}].")
        return from_dict(typing.cast(type, kind), value, f"{name}.")
    origin, choices = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        if type(value) is int and str(value) in choices:
            value = str(value)
        if value not in choices:
            names = ", ".join(map(str, choices))
            raise ConfigError(f"{name} = {value!r}: must be one of {names}.")
        return value
    if origin is tuple:
        if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
            raise ConfigError(f"{name} = {value!r}: must be a list of texts.")
        return tuple(value)
    if origin in (types.UnionType, typing.Union):
        kind = choices[0]
    if kind in (float, str) and type(value) is int:
        return kind(value)
    if type(value) is not kind:
        raise ConfigError(f"{name} = {value!r}: must be of type {kind.__name__}.")
    return value


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file. Raises InputError where it is missing or not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file. Name a TOML file that exists.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: is not TOML ({error}). Mend or replace the file.") from None


def dump_toml(data: Mapping[str, Any]) -> str:
    """Plain data as TOML text."""
    return tomli_w.dumps(data)


def recipe_names() -> list[str]:
    """The recipes that come with the package."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def recipe(name: str) -> dict[str, Any]:
    """The settings of a recipe. Raises ConfigError for an unknown name."""
    if name not in recipe_names():
        raise ConfigError(f"unknown recipe {name!r}. Choose from {', '.join(recipe_names())}.")
    return read_toml(RECIPES / f"{name}.toml")


def apply_generator(settings: dict[str, Any], name: str) -> dict[str, Any]:
    """`settings` with the named generator's fields laid over its own. Raises ConfigError."""
    if name not in GENERATORS:
        raise ConfigError(f"unknown generator {name!r}. Choose from {', '.join(GENERATORS)}.")
    own = settings.get("generator", {})
    chosen = {**own, **GENERATORS[name]}
    patch = own.get("patch", 1)
    if patch > 1 and chosen["patch"] == 1 and "width" not in GENERATORS[name]:
        # The first level is as many times larger as patches were, so it gets fewer channels.
        chosen["width"] = max(_NARROWEST, own.get("width", GeneratorConfig().width) // patch)
    return {**settings, "generator": chosen}


def apply_overrides(settings: dict[str, Any], assignments: list[str]) -> dict[str, Any]:
    """`settings` with assignments such as `generator.width=32` laid over it.

    Values are TOML; a bare word is taken as text. Raises ConfigError.
    """
    result = {key: dict(v) if isinstance(v, dict) else v for key, v in settings.items()}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        table, _, key = name.rpartition(".")
        if not equals or not key or "." in table:
            raise ConfigError(f"--set {assignment}: must be NAME=VALUE, as in generator.width=32.")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        target = result.setdefault(table, {}) if table else result
        if not isinstance(target, dict):
            raise ConfigError(f"--set {assignment}: {table} is a single value, not a table.")
        target[key] = value
    return result


def differences(old: TrainConfig, new: TrainConfig) -> list[tuple[str, Any, Any]]:
    """The settings in which two configurations differ: (dotted name, old value, new value).

    How often a run is saved does not count, since it changes nothing in the result.
    """
    new = replace(new, checkpoint_seconds=old.checkpoint_seconds)
    first, second = _flatten(asdict(old)), _flatten(asdict(new))
    return [(name, first[name], second[name]) for name in first if first[name] != second[name]]


def _flatten(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            flat.update(_flatten(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat
