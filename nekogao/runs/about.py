"""run.toml: what a run is, everything that is needed to make it again."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from nekogao import __version__
from nekogao.config.plain import dump_toml, read_toml, to_dict, train_config
from nekogao.config.schema import TrainConfig
from nekogao.errors import ConfigError, NekogaoError, RunError
from nekogao.names import slug
from nekogao.pairs.pair_set import PairSet
from nekogao.runs.places import portable
from nekogao.sizes import Size


@dataclass(frozen=True, kw_only=True)
class PairsRecord:
    """The pair set that a run is trained on."""

    path: str
    """Relative to the run's folder, or its name alone; runs of earlier versions have an absolute
    path. `Run.open_pairs` finds it."""
    fingerprint: str = ""
    """SHA-256 over its pictures and their order."""
    items: int = 0
    size: int | str = 0
    """Pixels a side, or WIDTHxHEIGHT."""
    domains: tuple[str, ...] = ()

    @classmethod
    def of(cls, pairs: PairSet, run: Path) -> "PairsRecord":
        """What the run in the folder `run` records of a pair set."""
        return cls(
            path=portable(pairs.folder, run),
            fingerprint=pairs.fingerprint,
            items=len(pairs),
            size=pairs.size.plain,
            domains=tuple(pairs.domains),
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "PairsRecord":
        """What `to_dict` wrote. Raises KeyError, TypeError or ValueError where it is damaged."""
        return cls(
            path=str(data["path"]),
            fingerprint=str(data.get("fingerprint", "")),
            items=int(data.get("items", 0)),
            size=_size(data.get("size", 0)),
            domains=tuple(map(str, data.get("domains", ()))),
        )

    def to_dict(self) -> dict[str, Any]:
        """As run.toml has it."""
        return {**vars(self), "domains": list(self.domains)}


@dataclass(frozen=True, kw_only=True)
class FirstWeights:
    """Where a run's first weights come from; all empty where it began from nothing."""

    run: str = ""
    """The run that it was switched from, as a path like that of the pair set: `from` in
    run.toml."""
    step: int = 0
    """Updates that were done there."""
    init_from: str = ""
    """The model file whose weights it started from, as such a path; `Run.first_weights` finds
    it."""
    init_sha256: str = ""
    """That file's hash."""

    def to_dict(self) -> dict[str, Any]:
        """As run.toml has it: what is empty is left out."""
        given = {"init_from": self.init_from, "init_sha256": self.init_sha256}
        switched = {"from": self.run, "step": self.step} if self.run else {}
        return {**{k: v for k, v in given.items() if v}, **switched}


@dataclass(frozen=True, kw_only=True)
class About:
    """Everything that run.toml says."""

    pairs: PairsRecord
    train: TrainConfig
    origin: FirstWeights = FirstWeights()
    earlier: dict[str, PairsRecord] = field(default_factory=dict)
    """Name -> pair set whose faces the network had learned before; see nekogao.runs.earlier."""
    nekogao: str = __version__
    versions: dict[str, str | int] = field(default_factory=dict)
    """Of Python and PyTorch, the machine's kind, and the CPU threads."""

    def to_toml(self) -> str:
        """As text for run.toml."""
        data: dict[str, Any] = {
            "nekogao": self.nekogao,
            "pairs": self.pairs.to_dict(),
            "versions": self.versions,
            "train": to_dict(self.train),
        }
        if continued := self.origin.to_dict():
            data["continued"] = continued
        if self.earlier:
            data["earlier"] = {name: pairs.to_dict() for name, pairs in self.earlier.items()}
        return dump_toml(data)


def describe(
    config: TrainConfig,
    pairs: PairSet,
    origin: FirstWeights,
    run: Path,
    earlier: Mapping[str, PairSet] | None = None,
) -> About:
    """What run.toml says of a run that begins now, on this machine, in the folder `run`."""
    versions: dict[str, str | int] = {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "machine": platform.machine(),
        "threads": config.threads or torch.get_num_threads(),
    }
    return About(
        pairs=PairsRecord.of(pairs, run),
        train=config,
        origin=portable_origin(origin, run),
        earlier={name: PairsRecord.of(each, run) for name, each in (earlier or {}).items()},
        versions=versions,
    )


def portable_origin(origin: FirstWeights, run: Path) -> FirstWeights:
    """An origin with paths of this machine, as a run in the folder `run` records it."""

    def shown(path: str) -> str:
        # What is not absolute is what an earlier run recorded, and could not find any more.
        return portable(path, run) if Path(path).is_absolute() else path

    return replace(origin, run=shown(origin.run), init_from=shown(origin.init_from))


def _size(given: Any) -> int | str:
    """A size as run.toml has it, 0 where it has none. Raises ValueError for another text."""
    if not isinstance(given, str):
        return int(given)
    try:
        return Size.stored(given).plain
    except ConfigError as error:
        raise ValueError(str(error).removesuffix(".")) from None


def read(path: Path) -> About:
    """Read a run.toml.

    Raises InputError where it is missing or not TOML, RunError where it lacks something.
    """
    try:
        about = path.stat()
    except OSError:
        return _read(path)  # which says so
    return _read_once(path, about.st_ino, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=8)
def _read_once(path: Path, *_: int) -> About:
    """What is read of a file as long as its number, time and size stay; a report asks often."""
    return _read(path)


def _read(path: Path) -> About:
    data = read_toml(path)
    for key in ("pairs", "train"):
        if not isinstance(data.get(key), dict):
            raise RunError(f"{path}: has no [{key}] table. Restore the file.")
    try:
        continued = data.get("continued", {})
        record = PairsRecord.from_dict(data["pairs"])
        earlier = {
            slug(name): PairsRecord.from_dict(each)
            for name, each in data.get("earlier", {}).items()
        }
        origin = FirstWeights(
            run=str(continued.get("from", "")),
            step=int(continued.get("step", 0)),
            init_from=str(continued.get("init_from", "")),
            init_sha256=str(continued.get("init_sha256", "")),
        )
        config = train_config(data["train"])
        versions = {
            name: value if isinstance(value, int) else str(value)
            for name, value in data.get("versions", {}).items()
        }
    except KeyError as error:
        raise RunError(f"{path}: has no pairs.{error.args[0]}. Restore the file.") from None
    except NekogaoError as error:
        raise RunError(f"{path}: {error}") from None
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise RunError(f"{path}: has an entry of a wrong type ({error}). Restore it.") from None
    return About(
        pairs=record,
        train=config,
        origin=origin,
        earlier=earlier,
        nekogao=str(data.get("nekogao", "")),
        versions=versions,
    )
