"""The levels of the design: folders import from lower ones, and their insides have no circle."""

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import nekogao

PACKAGE = Path(nekogao.__file__).parent

LEVELS = {
    0: ["errors", "files", "lean", "lock", "names", "randomness", "sizes", "workers"],
    1: ["config", "nets", "pictures"],
    2: ["pairs"],
    3: ["models"],
    4: ["measures", "runs"],
    5: ["training"],
    6: ["reasons", "studies"],
    7: ["report", "tracking"],
    8: ["bench", "workshop"],
    9: ["cli"],
}
LEVEL_OF = {name: level for level, names in LEVELS.items() for name in names}
"""Folder, or module of the package itself -> its level. Folders on one level do not know each
other; the modules of level 0 may."""


def module_of(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def sources():
    return sorted(PACKAGE.rglob("*.py"))


def imported_by(path, within=ast.walk):
    """Modules of the package that a file imports, at its head and inside its functions."""
    found = set()
    for node in within(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "nekogao":
            base = node.module.removeprefix("nekogao").removeprefix(".")
            for alias in node.names:
                inner = f"{base}.{alias.name}".strip(".")
                place = PACKAGE / Path(*inner.split("."))
                is_module = place.with_suffix(".py").is_file() or place.is_dir()
                found.add(inner if is_module else base)
        elif isinstance(node, ast.Import):
            found |= {a.name.removeprefix("nekogao.") for a in node.names
                      if a.name.startswith("nekogao.")}  # fmt: skip
    return found - {""}


def test_every_folder_and_module_has_a_level_and_every_level_something():
    units = {module_of(path).split(".")[0] for path in sources()} - {""}
    assert units == set(LEVEL_OF)
    assert list(LEVELS) == list(range(10))


@pytest.mark.parametrize("path", sources(), ids=module_of)
def test_imports_between_folders_go_down(path):
    unit = module_of(path).split(".")[0]
    if not unit:
        return  # the public names, which are loaded when they are asked for
    for other in imported_by(path):
        target = other.split(".")[0]
        same_level = LEVEL_OF[unit] == LEVEL_OF[target] == 0
        lower = LEVEL_OF[target] < LEVEL_OF[unit]
        assert target == unit or lower or same_level, f"{module_of(path)} imports {other}"


@pytest.mark.parametrize("folder", sorted(p.name for p in PACKAGE.iterdir() if p.is_dir()))
def test_the_inside_of_a_folder_has_no_circle(folder):
    graph = {}
    for path in (PACKAGE / folder).rglob("*.py"):
        own = {name for name in imported_by(path) if name.split(".")[0] == folder}
        # The folder's own name stands for its __init__, which imports commands to enter them.
        graph[module_of(path)] = own - {folder, module_of(path)}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(error.args[1])}")


def test_modules_of_the_lowest_level_have_no_circle():
    graph = {name: imported_by(PACKAGE / f"{name}.py") - {name} for name in LEVELS[0]}
    list(TopologicalSorter(graph).static_order())


def test_networks_know_only_torch():
    for path in (PACKAGE / "nets").glob("*.py"):
        assert {name.split(".")[0] for name in imported_by(path)} <= {"nets", "errors", "sizes"}, (
            path
        )


@pytest.mark.parametrize("folder", ["training", "explain", "studies", "report", "bench", "runs"])
def test_only_families_know_networks(folder):
    for path in (PACKAGE / folder).glob("*.py"):
        own = {name for name in imported_by(path) if name.split(".")[0] == "nets"}
        assert not own, f"{module_of(path)} imports {own}; ask nekogao.models.families"


def test_only_the_runner_runs_networks():
    """No other module calls a network: `network(...)`, or `encode` and `decode` of one."""
    allowed = {"models/runner.py", "models/convolutional.py", "measures/normalisation.py",
               "bench/baselines.py"}  # fmt: skip
    for path in sources():
        name = path.relative_to(PACKAGE).as_posix()
        if name in allowed or name.startswith("nets/"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            word = getattr(called, "id", getattr(called, "attr", ""))
            assert word not in {"network", "generator", "forward"}, f"{name}: line {node.lineno}"


def test_importing_the_package_and_asking_for_help_import_nothing_heavy():
    code = (
        "import sys, nekogao, nekogao.cli\n"
        "try:\n    nekogao.cli.main(['--help'])\nexcept SystemExit: pass\n"
        "sys.exit(bool({'torch', 'cv2', 'numpy', 'PIL'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_the_public_names_are_these_and_all_exist():
    assert set(nekogao.__all__) == {
        "__version__", "add_pairs", "Advanced", "Answer", "Applied", "apply",
        "build_comparison", "build_pairs", "build_report", "compose", "Event", "examine_pairs",
        "explain", "Explanation", "Finished", "Generator", "import_frames", "Interrupted",
        "load", "make", "Measured", "Measurement", "NekogaoError", "Options", "PairConfig",
        "PairSet", "Phase", "Previewed", "recipes", "remove_pairs", "Revision", "Run", "Said",
        "Saved", "Share", "Started", "Stepped", "Switched", "switch", "Traced", "train",
        "TrainConfig", "Translator",
    }  # fmt: skip
    assert all(getattr(nekogao, name) for name in nekogao.__all__)
    with pytest.raises(AttributeError, match="no attribute 'bogus'"):
        _ = nekogao.bogus


USER_SCRIPT = """
from pathlib import Path

import nekogao

config = nekogao.compose("fast", phases=["edges:1"], overrides={"generator.width": 1})
nekogao.build_pairs("faces", "set", nekogao.PairConfig(size=32))
for event in nekogao.train("runs/cats", Path("set"), config):
    match event:
        case nekogao.Measured(step=step, rows=rows):
            print(step, [round(row.ssim, 3) for row in rows])
        case nekogao.Finished(step=step):
            print(f"finished after {step} updates")
cats = nekogao.load("runs/cats")
cats("faces/kuro.png", nekogao.Options(settle=2)).save("cat.png")
for done in nekogao.apply(cats, ["faces"], "out", nekogao.Options(nearest=True)):
    if done.answer is not None:
        print(done.path.name, done.answer.nearest)
"""


WRONG_USES = """
import numpy
import torch

import nekogao
from script import cats

picture, pairs = numpy.zeros((32, 32, 3), numpy.uint8), nekogao.PairSet.open("set")
for wrong in (
    lambda: cats(picture, {"settle": 3}),
    lambda: cats(picture / 255),
    lambda: cats([picture]),
    lambda: cats.translate(picture),
    lambda: cats.translate([]),
    lambda: cats.sources([], None),
    lambda: cats.sources([picture], "gray"),
    lambda: cats.outputs(picture),
    lambda: cats.outputs(torch.zeros(1, 1, 32, 32).tolist()),
    lambda: list(nekogao.apply("runs/cats", ["faces"], "out")),
    lambda: list(nekogao.apply(cats, ["faces"], "out", {"settle": 3})),
    lambda: list(nekogao.train("runs/x", "set", {"phases": ["all:1"]})),
    lambda: nekogao.build_pairs("faces", "x", {"size": 32}),
    lambda: nekogao.PairConfig(domains="edges"),
    lambda: nekogao.Options(nearest="yes"),
    lambda: pairs.picture("kuro", "target"),
    lambda: pairs.picture(99, "target"),
    lambda: pairs.picture(0, "depth"),
    lambda: pairs.select([0, 4], "edges"),
):
    try:
        wrong()
    except nekogao.NekogaoError as error:
        print("refused:", error)
"""


STRICT_CACHE = PACKAGE.parent / ".mypy_cache" / "strict"
"""Of its own: `make lint` has other options, so that in one cache each would begin anew."""


def test_scripts_of_users_pass_mypy_strict_and_run(faces, tmp_path):
    script, guide = tmp_path / "script.py", tmp_path / "guide.py"
    script.write_text(USER_SCRIPT)
    (tmp_path / "wrong.py").write_text(WRONG_USES)
    shown = (PACKAGE.parent / "docs" / "guide.md").read_text(encoding="utf-8")
    guide.write_text("\n".join(re.findall(r"^```python\n(.*?)^```", shown, re.M | re.S)))
    (tmp_path / "faces").symlink_to(faces)
    root = PACKAGE.parent
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--config-file=",
         f"--cache-dir={STRICT_CACHE}", str(script), str(guide)],
        capture_output=True, text=True, env={"MYPYPATH": str(root), "PATH": ""}, cwd=tmp_path,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
    ran = subprocess.run(
        [sys.executable, str(tmp_path / "wrong.py")], capture_output=True, text=True, cwd=tmp_path,
        env={"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "PATH": ""},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "finished after 1 updates" in ran.stdout and (tmp_path / "cat.png").is_file()
    refused = [line for line in ran.stdout.splitlines() if line.startswith("refused: ")]
    assert len(refused) == WRONG_USES.count("lambda:")
    assert all(line.endswith(".") for line in refused)


def test_a_wrong_use_is_found_by_types(tmp_path):
    (tmp_path / "wrong.py").write_text("import nekogao\n\nnekogao.load(3)\nnekogao.Measured().x\n")
    root = PACKAGE.parent
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--config-file=",
         f"--cache-dir={STRICT_CACHE}", str(tmp_path / "wrong.py")],
        capture_output=True, text=True, env={"MYPYPATH": str(root), "PATH": ""}, cwd=tmp_path,
    )  # fmt: skip
    assert '"load" has incompatible type "int"' in checked.stdout
    assert '"Measured" has no attribute "x"' in checked.stdout


def test_commands_show_names_through_say_note_and_tell_alone():
    """An f-string in `print` may hold a name, whose control characters would reach a terminal."""
    for path in (PACKAGE / "cli").glob("*.py"):
        if path.name == "app.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if getattr(called, "id", "") != "print":
                continue
            names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - {"print", "sys"}
            # The version, help, and recipes are the program's own words.
            own = {"__version__", "narrow", "given", "app", "DESCRIPTION", "document", "chosen",
                   "each", "meaning"}  # fmt: skip
            assert names <= own, f"{path.name}: line {node.lineno}"
