"""A study's file: what is varied, what is predicted, and every run that follows from it."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nekogao.config.compose import compose
from nekogao.config.plain import from_dict, read_toml
from nekogao.config.schema import TrainConfig
from nekogao.errors import ConfigError, NekogaoError
from nekogao.names import counted, same_name_key, slug, without_folders
from nekogao.studies.measured import check_names

TEN_FACES, DRAWN = "ten-faces", "drawn:"
_SPECIAL = ("pairs", "recipe", "generator")
"""What an alternative may set, apart from single settings; generator is then a named one."""


@dataclass(frozen=True, kw_only=True)
class StudyFile:
    """The fields of STUDY.toml."""

    name: str = ""
    """What the study is called."""
    prediction: str = ""
    """What is expected, written down before the first run."""
    pairs: str = TEN_FACES
    """A pair set's folder, relative to the file; `ten-faces`, or `drawn:N` for N drawn faces."""
    size: int | str = 128
    """Of a set that the study builds: pixels a side, or WIDTHxHEIGHT."""
    recipe: str = ""
    """A recipe's name; without one the defaults hold."""
    seeds: list = field(default_factory=lambda: [0, 1, 2, 3, 4])
    """A run of every cell for each."""
    measures: tuple[str, ...] = ("retention",)
    """Keys of nekogao.studies.measured.MEASURES."""
    base: dict = field(default_factory=dict)
    """Settings of every run, over the recipe's."""
    axes: dict = field(default_factory=dict)
    """Axis -> alternatives: a list of values for the setting that the axis is named after, or
    named tables of settings."""


@dataclass(frozen=True)
class Cell:
    """One combination of alternatives."""

    choices: dict[str, str]
    """Axis -> name of the alternative."""
    base: TrainConfig
    """The configuration of its runs, but for the seed."""
    pairs: str

    @property
    def name(self) -> str:
        """For people: the alternatives, in the axes' order."""
        return ", ".join(self.choices.values()) or "base"

    @property
    def slug(self) -> str:
        """For folders: axes and alternatives."""
        parts = [f"{axis.rpartition('.')[2]}-{name}" for axis, name in self.choices.items()]
        return slug("_".join(parts) or "base")

    def config(self, seed: int) -> TrainConfig:
        """The configuration of the run with that seed."""
        return replace(self.base, seed=seed)


@dataclass(frozen=True)
class Study:
    """A study file that was read and found sound."""

    path: Path
    about: StudyFile
    seeds: tuple[int, ...]
    cells: tuple[Cell, ...]


def read(path: Path) -> Study:
    """Read a study file.

    Raises InputError where it is no TOML file, ConfigError with everything that is wrong in it.
    """
    data = read_toml(path)
    try:
        about = from_dict(StudyFile, data)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    faults, cells = list(_faults(about)), []
    try:
        axes = _axes(about.axes)
        cells = list(_cells(about, axes, faults))
    except NekogaoError as error:
        faults.append(str(error))
    faults += _twins(cells)
    raise_faults(path, faults)
    return Study(path, about, tuple(about.seeds), tuple(cells))


def raise_faults(path: Path, faults: list[str]) -> None:
    """Raise ConfigError with all faults on one line, if there are any."""
    faults = list(dict.fromkeys(faults))
    if len(faults) == 1:
        raise ConfigError(f"{path}: {faults[0]}")
    if faults:
        listed = " ".join(f"({i}) {fault}" for i, fault in enumerate(faults, 1))
        raise ConfigError(f"{path}: {counted(len(faults), 'fault')}. {listed}")


def _faults(about: StudyFile) -> Iterator[str]:
    """What is wrong in the file, apart from its axes."""
    if not about.name.strip():
        yield 'has no name. Add name = "...".'
    if not about.prediction.strip():
        yield (
            "has no prediction, and evidence without one is refused. Write down what you expect, "
            'as prediction = "...", before the first run.'
        )
    seeds = about.seeds
    whole = all(type(seed) is int and 0 <= seed < 2**63 for seed in seeds)
    if not seeds or not whole or len(set(map(str, seeds))) < len(seeds):
        yield f"seeds = {seeds!r}: must be different whole numbers from 0, one at least."
    try:
        check_names(about.measures)
    except ConfigError as error:
        yield str(error)
    if "seed" in about.base:
        yield "base.seed: seeds are listed at the top. Use seeds = [...]."


def _axes(axes: Mapping[str, Any], prefix: str = "") -> dict[str, dict[str, dict[str, Any]]]:
    """Axis -> name of an alternative -> what it sets, by dotted name."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for key, value in axes.items():
        axis = f"{prefix}{key}"
        if isinstance(value, list) and value:
            names = [_label(item) for item in value]
            if len(set(names)) < len(names):
                raise ConfigError(
                    f"axes.{axis}: two alternatives have the same name. Remove one, or name both, "
                    f"as in [axes.{axis}.some-name]."
                )
            found[axis] = {name: {axis: v} for name, v in zip(names, value, strict=True)}
        elif (
            isinstance(value, dict) and value and all(isinstance(v, dict) for v in value.values())
        ):
            found[axis] = {name: _dotted(table) for name, table in value.items()}
        elif isinstance(value, dict) and value and not prefix:
            found |= _axes(value, f"{axis}.")
        else:
            raise ConfigError(
                f"axes.{axis} = {value!r}: must be a list of values, or named tables of settings "
                f"as in [axes.{axis}.some-name]."
            )
    return found


def _label(value: Any) -> str:
    """A value as tables and folders name it: of a path its last part, so that it can be shared."""
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return without_folders(text)


def _dotted(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            flat |= _dotted(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _cells(
    about: StudyFile, axes: Mapping[str, dict[str, dict[str, Any]]], faults: list[str]
) -> Iterator[Cell]:
    base = _dotted(about.base)
    for names in itertools.product(*axes.values()):
        choices = dict(zip(axes, names, strict=True))
        chosen: dict[str, Any] = {}
        for axis, name in choices.items():
            twice = chosen.keys() & axes[axis][name].keys()
            if twice:
                faults.append(f"axes.{axis}: sets {min(twice)}, as another axis does too.")
            chosen |= axes[axis][name]
        try:
            cell = _cell(about, choices, {**base, **chosen})
        except NekogaoError as error:
            faults.append(str(error))
            continue
        yield cell


def _cell(about: StudyFile, choices: dict[str, str], assigned: dict[str, Any]) -> Cell:
    special = {name: assigned.pop(name) for name in _SPECIAL if name in assigned}
    for name, value in special.items():
        if not isinstance(value, str):
            raise ConfigError(f"{name} = {value!r}: must be a text.")
    if "seed" in assigned:
        raise ConfigError("seed is no setting of an axis. Use seeds = [...] at the top.")
    config = compose(
        special.get("recipe", about.recipe) or None,
        generator=special.get("generator"),
        overrides=assigned,
    )
    return Cell(choices, config, special.get("pairs", about.pairs))


def _twins(cells: list[Cell]) -> list[str]:
    """Cells that would share a folder."""
    seen: dict[str, str] = {}
    faults = []
    for cell in cells:
        twin = seen.setdefault(same_name_key(cell.slug), cell.name)
        if twin != cell.name:
            faults.append(
                f"the cells {twin!r} and {cell.name!r} would share the folder {cell.slug}. Name "
                "alternatives that differ in letters and digits."
            )
    return faults
