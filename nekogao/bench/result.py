"""The result of a bench as JSON: what was measured, on what, and with what."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import torch

import nekogao
from nekogao.bench.findings import GOALS, Line, Section
from nekogao.errors import InputError
from nekogao.files import write_new, write_text
from nekogao.workers import cores

SCHEMA = 1
"""Goes up when a key changes its meaning."""


def check_new_file(out: Path) -> None:
    """Raise InputError where `out` cannot be written, or would overwrite something."""
    if out.exists() or out.is_symlink():
        raise InputError(f"{out}: exists already. Name another file with --out.")
    if not out.parent.is_dir():
        raise InputError(f"{out.parent}: no such folder. Make it, or name another with --out.")


@dataclass(frozen=True)
class Checkout:
    """The git checkout that the package is in."""

    commit: str
    changed: bool
    """Whether files differ from the commit."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the numbers were measured on."""

    system: str
    processor: str
    cores: int | None
    usable_cores: int | None
    threads: int
    memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Everything in the file but the sections."""

    schema: int = SCHEMA
    date: str
    git: Checkout | None
    versions: dict[str, str]
    machine: Machine
    matmul_flops_per_second: float
    pairs: str | None
    """The pair set's name; None for the embedded faces."""
    clip: str | None = None
    """The clip's name; None where none was named."""
    quick: bool


def checkout() -> Checkout | None:
    """The package's checkout; None where it is installed elsewhere, or git is not available."""
    root = Path(nekogao.__file__).parent.parent
    if not (root / ".git").exists():
        return None
    try:
        head, changed = (
            subprocess.run(
                ["git", "-C", root, *arguments], capture_output=True, text=True, check=True
            ).stdout.strip()
            for arguments in (("rev-parse", "HEAD"), ("status", "--porcelain"))
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return Checkout(head, bool(changed))


def machine() -> Machine:
    """The machine that this process runs on."""
    return Machine(
        system=platform.platform(),
        processor=_processor(),
        cores=os.cpu_count(),
        usable_cores=cores(),
        threads=torch.get_num_threads(),
        memory_bytes=psutil.virtual_memory().total,
    )


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.M)
    return found[1] if found else platform.processor() or platform.machine()


def about(rate: float, pairs: Path | None, quick: bool, clip: Path | None = None) -> Conditions:
    """What is known before the first section.

    Args:
        rate: Operations per second of a large matrix product.
        pairs: The pair set; None for the embedded faces.
        quick: Whether less was measured.
        clip: The clip of the section `unseen`, where one is named.
    """
    return Conditions(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        git=checkout(),
        versions={
            "python": platform.python_version(),
            "torch": torch.__version__,
            "nekogao": nekogao.__version__,
        },
        machine=machine(),
        matmul_flops_per_second=rate,
        pairs=pairs.resolve().name if pairs else None,
        clip=clip.name if clip else None,
        quick=quick,
    )


def _row(row: Line) -> dict[str, Any]:
    goals = [
        {"goal": goal.text(row.unit), "reached": goal.reached(row)}
        for goal in GOALS.get(row.name, ())
    ]
    return {**asdict(row), "goals": goals}


def begin(out: Path, about: Conditions) -> None:
    """Make the file, which is then this bench's own, with nothing measured yet.

    Raises InputError where another bench was quicker.
    """
    text = _text(about, [])
    write_new(out, lambda path: write_text(path, text))


def write(out: Path, about: Conditions, sections: Sequence[Section]) -> None:
    """Write what is measured so far; the file is complete at every time."""
    write_text(out, _text(about, sections))


def _text(about: Conditions, sections: Sequence[Section]) -> str:
    found = {
        section.name: {
            "took": section.seconds,
            "rows": [_row(row) for row in section.found.rows],
            **section.found.numbers.to_json(),
        }
        for section in sections
    }
    return json.dumps({**asdict(about), "sections": found}, indent=1) + "\n"
