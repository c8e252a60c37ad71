"""The levels of the design: a module imports only from lower ones."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import nekogao

PACKAGE = Path(nekogao.__file__).parent

LEVELS = {
    0: ["errors", "randomness", "allocator", "workers"],
    1: ["files", "config", "data.order"],
    2: ["settings", "nets", "data.images", "data.augment"],
    3: ["data.domains", "data.samples", "data.detection"],
    4: ["data.manifest", "data.boxes"],
    5: ["data.reader", "data.imports"],
    6: ["data.pairs"],
    7: ["data.faces", "weights"],
    8: ["training", "translate"],
    9: ["evidence"],
    10: ["gallery", "explain"],
    11: ["report"],
    12: ["demo", "console"],
    13: ["bench"],
    14: ["cli"],
}
LEVEL_OF = {name: level for level, names in LEVELS.items() for name in names}
FREE = {"", "data"}
"""The package itself and folders of several levels: their __init__ import nothing."""


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def unit_of(module: str) -> str:
    """The entry of LEVELS that a module belongs to."""
    parts = module.split(".")
    return next((name for n in (2, 1) if (name := ".".join(parts[:n])) in LEVEL_OF), module)


def imported_by(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nekogao"):
            base = node.module.removeprefix("nekogao").removeprefix(".")
            for alias in node.names:
                inner = f"{base}.{alias.name}".strip(".")
                path_of = PACKAGE / Path(*inner.split("."))
                is_module = path_of.with_suffix(".py").is_file() or path_of.is_dir()
                found.add(inner if is_module else base)
        elif isinstance(node, ast.Import):
            found |= {a.name.removeprefix("nekogao.") for a in node.names
                      if a.name.startswith("nekogao.")}  # fmt: skip
    return found - {""}


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", sources(), ids=module_of)
def test_a_module_imports_only_from_lower_levels(path):
    unit = unit_of(module_of(path))
    if unit in FREE:
        assert not imported_by(path)
        return
    for other in imported_by(path):
        target = unit_of(other)
        assert target == unit or LEVEL_OF[target] < LEVEL_OF[unit], f"{unit} imports {target}"


def test_every_module_has_a_level():
    units = {unit_of(module_of(path)) for path in sources()} - FREE
    assert units == set(LEVEL_OF)


def test_networks_know_only_torch():
    for path in (PACKAGE / "nets").glob("*.py"):
        assert not {name for name in imported_by(path) if name.split(".")[0] not in
                    {"nets", "errors"}}  # fmt: skip


def test_importing_the_package_and_asking_for_help_do_not_import_torch():
    code = (
        "import sys, nekogao, nekogao.cli\n"
        "try:\n    nekogao.cli.main(['--help'])\nexcept SystemExit: pass\n"
        "sys.exit('torch' in sys.modules or 'cv2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_the_public_names_are_these_and_all_exist():
    assert sorted(nekogao.__all__) == [
        "Generator", "NekogaoError", "PairSet", "Phase", "TrainConfig", "Translator",
        "__version__", "apply", "build_report", "load", "switch", "train",
    ]  # fmt: skip
    assert all(getattr(nekogao, name) for name in nekogao.__all__)
    with pytest.raises(AttributeError, match="no attribute 'bogus'"):
        _ = nekogao.bogus
