"""The one place where a run's configuration is put together."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nekogao.config.automatic import AUTO
from nekogao.config.convolutional import ConvolutionalConfig, GeneratorConfig
from nekogao.config.plain import KIND, MODEL, names, read_toml, train_config
from nekogao.config.rules import shown
from nekogao.config.schema import Phase, TrainConfig
from nekogao.errors import ConfigError

RECIPES = Path(__file__).parent / "recipes"
DEFAULT = "fast"
"""The recipe of those who name none."""

Plain = dict[str, Any]
"""A configuration before it is checked: what a TOML file holds."""

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

GENERATORS: dict[str, Plain] = {
    "encoder-decoder": {"skips": "innermost"},
    "no-skips": {"skips": "none"},
    "inner3": {"skips": "inner3"},
    "unet": {"skips": "all", "patch": 1},
    "unet-128": {**_PAPER, "size": 128},
    "unet-256": {**_PAPER, "size": 256},
}
"""Named generators: the fields that each one sets; the rest stay as the recipe has them."""


def compose(
    recipe: str | Path | None = DEFAULT,
    *,
    generator: str | None = None,
    phases: str | Phase | Sequence[str | Phase] = (),
    seed: int | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> TrainConfig:
    """Put a run's configuration together.

    Each argument is laid over what comes before it.

    >>> config = nekogao.compose("fast", phases=["edges:160", "gray:80"], seed=3)
    >>> config.phases, config.seed, config.model.optimizer.kind
    (('edges:160', 'gray:80'), 3, 'muon')

    Args:
        recipe: The name of a recipe, the path of a TOML file (a run's run.toml among them), or
            None for the defaults alone.
        generator: A key of GENERATORS, for the convolutional family.
        phases: DOMAIN[+DOMAIN...]:EPOCHS, in order; none keeps the recipe's.
        seed: Everything random follows from it; None keeps the recipe's.
        overrides: Dotted name -> value, as in {"generator.width": 32}.

    Raises:
        ConfigError: A name is unknown, or a value is wrong.
        InputError: The TOML file is missing or not TOML.
    """
    data = _settings(recipe)
    if generator:
        data = _with_generator(data, generator)
    if phases:
        data = {**data, "phases": list(Phase.texts(phases))}
    if seed is not None:
        data = {**data, "seed": seed}
    for name, value in (overrides or {}).items():
        data = _assigned(data, name, value)
    return train_config(data)


def _settings(recipe: str | Path | None) -> Plain:
    if recipe is None:
        return {}
    if isinstance(recipe, Path):
        data = read_toml(recipe)
        data = data.get("train", data)
        if not isinstance(data, dict):
            raise ConfigError(f"{recipe}: train = {shown(data)}: must be a table. Fix the file.")
    elif recipe in recipe_names():
        data = read_toml(RECIPES / f"{recipe}.toml")
    else:
        raise ConfigError(f"unknown recipe {recipe!r}. Choose from {names(recipe_names())}.")
    # Settings of the family may be given in short: from here on they all are.
    inner = data.get(MODEL, {})
    if not isinstance(inner, dict):
        raise ConfigError(f"{recipe}: model = {shown(inner)}: must be a table. Fix the file.")
    rest = {key: value for key, value in data.items() if key != MODEL}
    tables = {key: value for key, value in inner.items() if key != KIND}
    for name in tables.keys() & rest.keys():
        raise ConfigError(f"{recipe}: {name} and model.{name} are both given. Remove one of them.")
    return {**rest, **tables, **({MODEL: {KIND: inner[KIND]}} if KIND in inner else {})}


def recipe_names() -> list[str]:
    """The recipes that come with the package."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def recipes() -> dict[str, str]:
    """Name -> what each recipe is, in one line.

    >>> list(nekogao.recipes())
    ['article', 'exemplar', 'fast', 'one-pair', 'pix2pix']
    """
    found = {}
    for name in recipe_names():
        first = (RECIPES / f"{name}.toml").read_text(encoding="utf-8").partition("\n")[0]
        found[name] = first.removeprefix("# ")
    return found


def _with_generator(data: Plain, name: str) -> Plain:
    """`data` with the named generator's fields laid over its own. Raises ConfigError."""
    if name not in GENERATORS:
        raise ConfigError(f"unknown generator {name!r}. Choose from {names(GENERATORS)}.")
    kind = data.get(MODEL, {}).get(KIND, ConvolutionalConfig.kind)
    if kind != ConvolutionalConfig.kind:
        raise ConfigError(
            f"generator {name!r} is of the convolutional family; this recipe's is {kind}. Leave "
            "the generator out, or choose another recipe."
        )
    own = data.get("generator", {})
    if not isinstance(own, dict):
        raise ConfigError(f"generator = {shown(own)}: must be a table. Fix the file.")
    chosen = {**own, **GENERATORS[name]}
    patch = own.get("patch", 1)
    width = own.get("width", GeneratorConfig().width)
    width = _NARROWEST if width == AUTO else width
    numbers = type(patch) is int and type(width) is int  # what else they are is found later
    if numbers and patch > 1 and chosen["patch"] == 1 and "width" not in GENERATORS[name]:
        # The first level is as many times larger as patches were, so it gets fewer channels.
        chosen["width"] = max(_NARROWEST, width // patch)
    return {**data, "generator": chosen}


def parse_overrides(assignments: Iterable[str]) -> Plain:
    """Assignments such as `generator.width=32` as dotted name -> value.

    Values are TOML; a bare word is taken as text. Raises ConfigError.
    """
    found: Plain = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not all(name.split(".")):
            raise ConfigError(
                f"{shown(assignment)} in --set: must be NAME=VALUE, as in generator.width=32."
            )
        try:
            found[name] = tomllib.loads(f"value = {text}")["value"]
        except (ValueError, RecursionError):
            found[name] = text
    return found


def _assigned(data: Plain, name: str, value: Any) -> Plain:
    """`data` with one setting, by its dotted name. Raises ConfigError where the name leads on
    below a value."""
    if name != f"{MODEL}.{KIND}":
        name = name.removeprefix(f"{MODEL}.")
    table, _, rest = name.partition(".")
    if not rest:
        return {**data, table: value}
    own, key = data.get(table, {}), rest
    if "." in rest:
        table, own, key = f"{table}.{rest.partition('.')[0]}", None, rest
    if not isinstance(own, dict):
        raise ConfigError(f"{name} = {shown(value)}: {table} is a single value, not a table.")
    return {**data, table: {**own, key: value}}
