"""Configurations as plain data: to TOML and back, and what differs between two of them."""

import sys
import tomllib
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, asdict, fields, is_dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import tomli_w

from nekogao.config.rules import ModelConfig, shown
from nekogao.config.schema import MODELS, TrainConfig
from nekogao.errors import ConfigError, InputError

MODEL, KIND = "model", "kind"
"""The table of a family's settings, and the entry in it that names the family."""
_DEEPEST = 32
"""Tables and lists inside each other that a file may have; no configuration has that many."""
_SPELLINGS = {bool: "true", int: "10", float: "0.5", str: "word"}


def to_dict(config: Any) -> dict[str, Any]:
    """A configuration as plain data for TOML: tuples as lists, None left out."""
    data = _plain(asdict(config))
    if isinstance(config, TrainConfig):
        data[MODEL] = {KIND: config.model.kind, **data[MODEL]}
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None}
    return list(value) if isinstance(value, tuple) else value


def train_config(data: Mapping[str, Any]) -> TrainConfig:
    """The configuration of a run from plain data; absent fields keep their defaults.

    The settings of the model's family are in the table `model`, whose `kind` names the family
    (convolutional where it is absent). They may also be given in short, without that table, as in
    `generator.width`.

    Raises ConfigError for an unknown field (with the nearest known one) or a wrong type.
    """
    own = {f.name for f in fields(TrainConfig)}
    given = data.get(MODEL, {})
    if not isinstance(given, Mapping):
        raise ConfigError(f"model = {shown(given)}: must be a table, as in model.kind=...")
    kind = given.get(KIND, TrainConfig().model.kind)
    if not isinstance(kind, str) or kind not in MODELS:
        raise ConfigError(
            f"model.kind = {shown(kind)}: unknown family. Choose from {names(MODELS)}."
        )
    short = {f.name for f in fields(MODELS[kind])} - own
    for name in short & data.keys() & given.keys():
        raise ConfigError(f"{name} and model.{name} are both given. Remove one of them.")
    inner = {**{k: v for k, v in given.items() if k != KIND}}
    inner |= {name: value for name, value in data.items() if name in short}
    _check_known(inner, MODELS[kind], _spelled(MODELS[kind]))
    rest = {name: value for name, value in data.items() if name not in {MODEL, *short}}
    _check_known(rest, TrainConfig, [*_spelled(TrainConfig), *_spelled(MODELS[kind])])
    return from_dict(TrainConfig, {**rest, MODEL: from_dict(MODELS[kind], inner)})


def from_dict(cls: type, data: Mapping[str, Any], where: str = "") -> Any:
    """Build a configuration dataclass from plain data; absent fields keep their defaults.

    Raises ConfigError for an unknown field (with the nearest known one) or a wrong type.
    """
    hints, known = typing.get_type_hints(cls), {f.name: f for f in fields(cls)}
    _check_known(data, cls, [f"{where}{name}" for name in known], where)
    values = {
        name: _convert(value, hints[name], known[name], f"{where}{name}")
        for name, value in data.items()
    }
    return cls(**values)


def names(table: Iterable[str]) -> str:
    """The entries of a table as a list in a sentence."""
    return ", ".join(table)


def _check_known(data: Mapping[str, Any], cls: type, spelled: list[str], where: str = "") -> None:
    """Raise ConfigError for a name that `cls` does not have, with the nearest of `spelled`."""
    known = {f.name for f in fields(cls)}
    for name in data:
        if name not in known:
            full = f"{where}{name}"
            raise ConfigError(f"unknown setting {_spell(full)}. {_hint(full, spelled)}")


def _spell(name: str) -> str:
    return name if name.isprintable() and len(name) < 80 else shown(name)


def _hint(name: str, spelled: list[str]) -> str:
    near = get_close_matches(name, spelled, n=1)
    if not near:  # perhaps only the table was left out
        last = {full.rpartition(".")[2]: full for full in reversed(spelled)}
        near = [last[match] for match in get_close_matches(name, last, n=1)]
    top = dict.fromkeys(full.partition(".")[0] for full in spelled)
    return f"Did you mean {near[0]}?" if near else f"Known: {names(top)}."


def _spelled(cls: type) -> list[str]:
    """Every setting of a configuration as a person spells it, tables included."""
    found = []
    for name, kind in typing.get_type_hints(cls).items():
        if name in {f.name for f in fields(cls)}:
            found.append(name)
            if is_dataclass(kind):
                found += [f"{name}.{inner}" for inner in _spelled(typing.cast(type, kind))]
    return found


def _convert(value: Any, kind: Any, about: Field, name: str) -> Any:
    if kind is ModelConfig:
        return value  # built by its own family's class
    if is_dataclass(kind):
        if not isinstance(value, Mapping):
            inner = fields(kind)[0].name
            raise ConfigError(
                f"{name} = {shown(value)}: must be a table. Set one of its fields, as in "
                f"{name}.{inner}=..."
            )
        return from_dict(typing.cast(type, kind), value, f"{name}.")
    origin, choices = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        if type(value) is int and str(value) in choices:
            value = str(value)
        if value not in choices:
            raise ConfigError(
                f"{name} = {shown(value)}: must be one of {names(map(str, choices))}."
            )
        return value
    if origin is tuple:
        if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
            text = _spell(value) if isinstance(value, str) else "word"
            raise ConfigError(
                f'{name} = {shown(value)}: must be a list of texts, as in {name}=["{text}"] '
                "(in a shell, with single quotes around it)."
            )
        return tuple(value)
    if origin in (types.UnionType, typing.Union):
        if any(value in typing.get_args(choice) for choice in choices):
            return value
        kind = type(value) if value is not None and type(value) in choices else choices[0]
    if kind is float and type(value) is int and abs(value) > sys.float_info.max:
        raise ConfigError(f"{name} = {shown(value)}: is too large for a number of this kind.")
    if kind in (float, str) and type(value) is int:
        return kind(value)
    if type(value) is not kind:
        words = [word for choice in choices for word in typing.get_args(choice)]
        raise ConfigError(
            f"{name} = {shown(value)}: must be of type {kind.__name__}, as in "
            f"{name}={_example(kind, about)}{''.join(f', or {word}' for word in words)}."
        )
    return value


def _example(kind: Any, about: Field) -> str:
    """A value that works, as TOML: the default where there is one."""
    if about.default is MISSING or about.default is None or kind is str:
        return _SPELLINGS.get(kind, "...")
    return toml_value(about.default)


def toml_value(value: Any) -> str:
    """One value as TOML text, on one line."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(toml_value, value))}]"
    return tomli_w.dumps({"v": value}).removeprefix("v = ").rstrip("\n")


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file. Raises InputError where it is missing or not TOML."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file. Name a TOML file that exists.") from None
    except RecursionError:
        raise _too_deep(path) from None
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{path}: cannot be read ({reason}). Name another file.") from None
    except ValueError as error:  # no text, no TOML, or a number of 5,000 digits
        raise InputError(f"{path}: is not TOML ({error}). Fix or replace the file.") from None
    level: list[Any] = [data]
    for _ in range(_DEEPEST):
        level = [v for inner in level for v in _inside(inner)]
        if any(isinstance(value, str) and "\0" in value for value in level):
            raise InputError(f"{path}: holds a text with a NUL in it. Fix or replace the file.")
    if level:
        raise _too_deep(path)
    return data


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else ()


def _too_deep(path: Path) -> InputError:
    return InputError(f"{path}: is nested deeper than {_DEEPEST} tables. Fix or replace the file.")


def dump_toml(data: Mapping[str, Any]) -> str:
    """Plain data as TOML text.

    Raises InputError for the name of a file that is no text, which TOML cannot hold.
    """
    text = tomli_w.dumps(data)
    try:
        text.encode()
    except UnicodeEncodeError:
        line = next(line for line in text.split("\n") if not _is_text(line))
        named = line.encode(errors="backslashreplace").decode()
        raise InputError(f"{named}: TOML cannot hold a name that is not UTF-8. Rename the file or "
                         "folder.") from None  # fmt: skip
    return text


def _is_text(text: str) -> bool:
    return all(not "\ud800" <= letter <= "\udfff" for letter in text)


def differences(old: TrainConfig, new: TrainConfig) -> list[tuple[str, Any, Any]]:
    """The settings in which two configurations differ: (dotted name, old value, new value).

    How often a run is saved does not count, since it changes nothing in the result.
    """
    if old.model.kind != new.model.kind:
        return [(f"{MODEL}.{KIND}", old.model.kind, new.model.kind)]
    new = replace(new, checkpoint_seconds=old.checkpoint_seconds)
    first, second = settings(old), settings(new)
    return [(name, value, second[name]) for name, value in first.items() if value != second[name]]


def settings(config: TrainConfig) -> dict[str, Any]:
    """Dotted name -> value of every setting; those of the family in short."""
    named = {f"{MODEL}.{KIND}": config.model.kind}
    return named | {n.removeprefix(f"{MODEL}."): v for n, v in _flat(asdict(config))}


def _flat(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
