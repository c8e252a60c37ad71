"""Where the things are that a run was made from.

run.toml travels: it says a path relative to the run's folder where both are near each other, and
otherwise the name alone. local.toml is for this machine: it says where they were when they were
last seen here, and no report or export includes it.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from nekogao.config.plain import dump_toml, read_toml
from nekogao.errors import NekogaoError
from nekogao.files import write_text

LOCAL_TOML = "local.toml"


@dataclass(frozen=True, kw_only=True)
class Places:
    """What local.toml says; absolute paths but for `pairs_from_here`, empty where unknown."""

    pairs: str = ""
    """The pair set."""
    pairs_from_here: str = ""
    """The same, relative to the run's folder."""
    run: str = ""
    """The run that this one was switched from."""
    init_from: str = ""
    """The model file whose weights it started from."""
    earlier: dict[str, str] = field(default_factory=dict)
    """Name -> pair set whose faces its network had learned before."""

    @classmethod
    def read(cls, folder: Path) -> "Places":
        """What the local.toml of a run says; nothing where it is missing or damaged."""
        known = {each.name for each in fields(cls)} - {"earlier"}
        with suppress(NekogaoError, OSError):
            found = read_toml(folder / LOCAL_TOML)
            earlier = found.get("earlier", {})
            return cls(
                **{k: v for k, v in found.items() if k in known and isinstance(v, str)},
                earlier=_texts(earlier) if isinstance(earlier, dict) else {},
            )
        return cls()

    def write(self, folder: Path) -> None:
        """Write it to the local.toml of a run."""
        found = {name: value for name, value in asdict(self).items() if value}
        write_text(folder / LOCAL_TOML, dump_toml(found))

    def of_pairs(self, folder: Path, recorded: str) -> Iterator[Path]:
        """Where the pair set of the run in `folder` may be, relative places first."""
        return _existing(folder, self.pairs_from_here, recorded, self.pairs)

    def of_earlier(self, folder: Path, name: str, recorded: str) -> Iterator[Path]:
        """Where an earlier pair set of the run in `folder` may be."""
        return _existing(folder, recorded, self.earlier.get(name, ""))

    def of_first_weights(self, folder: Path, recorded: str) -> Iterator[Path]:
        """Where the model file may be that the run in `folder` started from."""
        return _existing(folder, recorded, self.init_from)


def _texts(data: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in data.items() if isinstance(value, str)}


def _existing(folder: Path, *paths: str) -> Iterator[Path]:
    """Those of the paths, relative ones from `folder`, that exist."""
    for path in dict.fromkeys(folder / path for path in paths if path):
        with suppress(OSError, ValueError):
            if path.exists():
                yield path


def portable(path: str | Path, folder: Path) -> str:
    """`path` as the run in `folder` may say it to anybody: relative, else the name alone.

    A relative path that climbs to the home directory or above would name the user's folders.
    """
    place, start = Path(path).resolve(), folder.resolve()
    name = place.name
    try:
        common = Path(os.path.commonpath([place, start]))
        home = Path.home().resolve()
    except (ValueError, RuntimeError):  # two drives, or a user without a home
        return name
    relative = Path(os.path.relpath(place, start))
    above_home = home != common and home.is_relative_to(common)
    if common == Path(common.anchor) or above_home or home.name in relative.parts:
        return name
    return relative.as_posix()
