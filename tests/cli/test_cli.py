"""The commands from outside: what they print, and their exit statuses."""

import inspect
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

import nekogao.cli.shell  # noqa: F401  enters the commands
from nekogao.bench import limit
from nekogao.cli import main
from nekogao.cli.app import app
from nekogao.config.plain import dump_toml
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from tests.pairs.test_hdf5 import two_files  # noqa: F401

TINY = ["--phases", "edges:3", "gray:2", "--set", "batch=2", "every=1", "generator.width=2",
        "threads=1"]  # fmt: skip


@pytest.fixture
def run_command(capsys):
    """Run a command in this process: (exit status, lines on stdout, lines on stderr)."""

    def run(*arguments):
        try:
            status = main([str(a) for a in arguments])
        except SystemExit as end:
            status = end.code
        captured = capsys.readouterr()
        return status, captured.out.splitlines(), captured.err.splitlines()

    return run


def test_from_pictures_to_a_report(run_command, faces, tmp_path):
    status, out, _ = run_command("pairs", faces, tmp_path / "set", "--size", 32)
    assert (status, out) == (0, [f"4 items, 32x32, domains gray, edges, in {tmp_path / 'set'}"])
    status, out, _ = run_command("doctor", tmp_path / "set")
    assert status == 0 and "sound. 4 items, 32x32, 2 domains (gray, edges)" in out[0]
    run = tmp_path / "run"
    status, out, _ = run_command("train", run, "--pairs", tmp_path / "set", *TINY)
    assert status == 0 and out[-1] == f"The report: {run / 'report.html'}"
    assert any("gray:2" in line and "edges" in line for line in out)
    status, out, _ = run_command("train", run, "--pairs", tmp_path / "set", *TINY)
    assert status == 0 and out[0] == "was finished already after 10 updates"
    status, out, _ = run_command("switch", run, tmp_path / "new", "--phases", "edges:1")
    assert status == 0 and (tmp_path / "new" / "report.html").is_file()
    status, out, _ = run_command("apply", run, faces / "kuro.png", "--nearest", "--side-by-side")
    assert status == 0 and out[0].startswith(f"{faces / 'kuro.png'} -> ")
    assert "nearest face" in out[0]
    status, out, _ = run_command("report", run)
    assert (status, out) == (0, [str(run / "report.html")])
    assert "Applied to pictures" in (run / "report.html").read_text()


def test_a_run_can_be_done_again_from_its_own_run_toml(run_command, finished, pair_set, tmp_path):
    status, _, _ = run_command(
        "train", tmp_path / "again", "--pairs", pair_set, "--config", finished / "run.toml"
    )
    assert status == 0
    name = "model.safetensors"
    assert (tmp_path / "again" / name).read_bytes() == (finished / name).read_bytes()


def test_importing_the_authors_files(run_command, two_files, tmp_path):  # noqa: F811
    named = [f"{domain}={path}" for domain, path in two_files.items()]
    assert run_command("import", tmp_path / "set", "--hdf5", *named)[0] == 0
    assert run_command("doctor", tmp_path / "set")[0] == 0


def one_line(result, status, *words):
    got, out, err = result
    assert got == status and out == [] and len(err) == 1, result
    assert err[0].startswith("nekogao: ") and all(word in err[0] for word in words), err


def test_wrong_input_gets_one_line_and_status_one(
    run_command, faces, pair_set, finished, tmp_path
):
    empty, full, new = tmp_path / "empty", tmp_path / "full", tmp_path / "new"
    empty.mkdir()
    full.mkdir()
    (full / "a").touch()
    for command in ("faces", "pairs"):
        one_line(run_command(command, empty, new), 1, "empty: no pictures")
        one_line(run_command(command, tmp_path / "absent", new), 1, "absent: no such folder")
        one_line(run_command(command, faces, full), 1, "full: the folder exists and is not empty")
    one_line(run_command("pairs", faces, new, "--size", 600), 2, "size 600", "from 32 to 512")
    one_line(run_command("pairs", faces, new, "--domains", "depth"), 2, "'depth'", "gray, edges")
    one_line(run_command("doctor", empty), 1, "has no pairs.jsonl")
    train = ("train", new, "--pairs", pair_set)
    one_line(run_command(*train, "--phases", "depth:3"), 1, "'depth'", "gray, edges")
    one_line(run_command(*train, "--phases", "edges"), 2, "must be DOMAIN:EPOCHS")
    one_line(run_command(*train, "--recipe", "slow"), 2, "unknown recipe 'slow'")
    one_line(run_command(*train, "--generator", "resnet"), 2, "unknown generator 'resnet'")
    one_line(run_command(*train, "--set", "widht=3"), 2, "widht")
    one_line(run_command("train", new), 1, "--pairs")
    one_line(run_command("train", full, "--pairs", pair_set), 1, "not empty")
    one_line(run_command("train", finished, "--seed", 3), 1, "begun with", "now asked for")
    one_line(run_command("switch", empty, new, "--phases", "gray:1"), 1, "has no run.toml")
    one_line(run_command("report", empty), 1, "has no run.toml")
    one_line(
        run_command("apply", empty, faces, "--out", new), 1, "model.safetensors: no such file"
    )
    (tmp_path / "x.safetensors").write_text("none")
    one_line(
        run_command("apply", tmp_path / "x.safetensors", faces, "--out", new), 1,
        "not a safetensors file",
    )  # fmt: skip
    one_line(run_command("apply", finished, empty, "--out", new), 1, "no pictures")
    assert not new.exists()


def test_a_damaged_set_is_listed_and_not_trained_on(run_command, pair_set, tmp_path):
    shutil.copytree(pair_set, tmp_path / "set")
    target = PairSet.open(tmp_path / "set").items[2].target
    (tmp_path / "set" / target).unlink()
    status, out, err = run_command("doctor", tmp_path / "set")
    assert (
        status == 1 and len(out) == 1 and "no such file" in out[0] and err[0].endswith(": 1 fault")
    )
    result = run_command("train", tmp_path / "run", "--pairs", tmp_path / "set")
    one_line(result, 1, target, "no such file")
    assert not (tmp_path / "run").exists()


def test_damaged_hdf5_files(run_command, tmp_path):
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["pictures"] = np.zeros((2, 32, 32, 3))
    (tmp_path / "cut.hdf5").write_bytes((tmp_path / "other.hdf5").read_bytes()[:3000])
    command = ("import", tmp_path / "set", "--hdf5")
    one_line(run_command(*command, f"edges={tmp_path / 'other.hdf5'}"), 1, "found pictures")
    one_line(run_command(*command, f"edges={tmp_path / 'cut.hdf5'}"), 1, "damaged or not HDF5")
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["recipes", "slow"], ["pairs", "a", "b", "--low", "300"],
     ["import", "x", "--aligned", "a", "--domain", "all"], ["switch", "a", "b", "--phases", "x"],
     ["train", "x", "--seed", "-1"], ["train", "x", "--set", "batch=0"],
     ["train", "x", "--set", "b"],
     ["train"], ["pairs", "a"], ["train", "x", "--bogus"], ["import", "x"],
     ["import", "x", "--aligned", "a", "--folders", "b", "c"], ["import", "x", "--hdf5", "a"],
     ["import", "x", "--frames", "a.mp4"], ["import", "x", "--painted", "a"],
     ["import", "x", "--frames", "a.mp4", "--painted", "b", "--aligned", "c"],
     ["import", "x", "--aligned", "c", "--painted", "b"],
     ["import", "x", "--frames", "a.mp4", "--painted", "b", "--labels", "frames"],
     ["import", "x", "--frames", "a.mp4", "--painted", "b", "--domain", "gray"],
     ["train", "x", "--recipe", "fast", "--config", "a.toml"], ["apply", "m.safetensors", "a"],
     ["apply", "m", "a", "--out", "o", "--settle", "-1"], ["bench", "--only", "everything"],
     ["apply", "m"], ["study"],
     ["study", "a.toml", "--workers", "-1"], ["study", "a.toml", "--engine", "slurm"]],
)  # fmt: skip
def test_wrong_usage_is_status_two(run_command, arguments):
    status, _, err = run_command(*arguments)
    assert status == 2 and err


def test_every_command_has_help(run_command):
    for command in ("demo", "faces", "pairs", "import", "doctor", "train", "switch", "apply",
                    "report", "study", "bench"):  # fmt: skip
        status, out, _ = run_command(command, "--help")
        assert status == 0 and f"usage: nekogao {command}" in out[0]
    assert run_command("--version")[1][0].startswith("nekogao ")


def test_bench_measures_writes_and_overwrites_nothing(
    run_command, pair_set, tmp_path, monkeypatch
):
    monkeypatch.setattr(limit, "_MATRIX", 64)  # how fast this machine is matters elsewhere
    command = ("bench", "--quick", "--only", "help", "--pairs", pair_set,
               "--out", tmp_path / "bench.json")  # fmt: skip
    status, out, _ = run_command(*command)
    assert status == 0 and out[0].startswith("help: measured in ")
    assert any("help" in line and "<= 0.3 s" in line for line in out)
    assert out[-1] == f"All the numbers: {tmp_path / 'bench.json'}"
    data = json.loads((tmp_path / "bench.json").read_text())
    assert data["pairs"] == pair_set.name and list(data["sections"]) == ["help"]
    one_line(run_command(*command), 1, "bench.json: exists already")
    one_line(run_command("bench", "--pairs", tmp_path, "--out", tmp_path / "b"), 1, "pairs.jsonl")


def test_a_study_is_reported_line_by_line_and_a_failed_run_is_status_one(run_command, tmp_path):
    rates = {"good": {"optimizer": {"lr": 1e-3}}, "wild": {"optimizer": {"lr": 1e30}}}
    base = {"phases": ["edges:1", "gray:1"], "generator": {"width": 2}, "threads": 1}
    file = tmp_path / "rates.toml"
    settings = {"name": "Rates", "prediction": "The wild one diverges.", "pairs": "drawn:2",
                "size": 32, "seeds": [0], "base": base, "axes": {"rate": rates}}  # fmt: skip
    file.write_text(dump_toml(settings))
    status, out, err = run_command("study", file, "--workers", 1)
    assert (status, err) == (1, [])
    assert out[0].startswith("2 cells x 1 seed: 2 runs, 0 finished already")
    assert out[1].startswith("1/2  rate-good-s0  ") and out[1].endswith(" left")
    assert out[2].startswith("2/2  rate-wild-s0  FAILED, ")
    assert out[3:] == ["finished: 2 runs, 1 failed", f"The page: {tmp_path}/rates/study.html"]
    assert run_command("study", file, "--workers", 1)[0] == 1
    file.write_text(dump_toml({**settings, "prediction": ""}))
    one_line(run_command("study", file), 1, "rates.toml: has no prediction")
    one_line(run_command("study", tmp_path / "none.toml"), 1, "none.toml: no such file")


def test_apply_reports_the_bad_and_translates_the_good(run_command, finished, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    images.write(folder / "good.png", np.zeros((9, 9, 3), np.uint8))
    (folder / "bad.jpg").write_text("no")
    status, out, err = run_command("apply", finished, folder, "--out", tmp_path / "out")
    assert (
        status == 1 and len(out) == 1 and len(err) == 1 and "bad.jpg: is not a picture" in err[0]
    )
    assert (tmp_path / "out" / "good.png").is_file()


def test_explain_prints_one_line_per_picture(run_command, finished, tmp_path):
    images.write(
        tmp_path / "cup.png", np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    )
    (tmp_path / "broken.png").write_text("no picture")
    out = tmp_path / "why"
    status, lines, errors = run_command("explain", finished, tmp_path / "*.png", "--out", out)
    assert status == 1 and len(errors) == 1 and "broken.png: is not a picture" in errors[0]
    assert lines[0].startswith("1/2  cup.png -> ") and "(settled: " in lines[0]
    assert "not explained" in lines[0]
    assert lines[1:] == [f"The page: {out / 'explain.html'}"]
    alone = [finished / "model.safetensors", tmp_path / "cup.png", "--out", tmp_path / "alone"]
    status, _, errors = run_command("explain", *alone, "--domain", "edges")
    assert status == 0 and "32x32 thumbnails" in errors[0]
    assert run_command("explain", finished / "model.safetensors", "a.png")[0] == 2
    assert run_command("explain", finished)[0] == 2


@pytest.mark.parametrize(("arguments", "message"), [
    (["{run}", "a.png", "--domain", "depth"], "unknown domain 'depth': the model was trained on"),
    (["{run}", "absent.png"], "absent.png: no such file"),
    (["{tmp}", "a.png"], "model.safetensors: no such file"),
    (["{run}", "a.png", "--pairs", "{tmp}"], "{tmp}"),
])  # fmt: skip
def test_what_explain_cannot_do_is_one_line(run_command, finished, tmp_path, arguments, message):
    def fill(text):
        return text.format(run=finished, tmp=tmp_path)

    status, lines, errors = run_command(
        "explain", *map(fill, arguments), "--out", tmp_path / "out"
    )
    assert status == 1 and not lines and len(errors) == 1 and fill(message) in errors[0]
    assert not (tmp_path / "out").exists()


def test_control_c_saves_and_the_same_command_resumes(pair_set, tmp_path):
    run = tmp_path / "run"
    command = [sys.executable, "-m", "nekogao.cli", "train", run, "--pairs", pair_set, *TINY,
               "--phases", "edges:3000"]  # fmt: skip
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while "epoch    3.0" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in err
    assert "the same command resumes there" in out
    step = int(out.split("interrupted after update ")[1].split(";")[0])
    again = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    assert again.stdout.readline().startswith(f"going on from update {step},")
    again.kill()
    again.communicate()
    steps = [json.loads(line)["step"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert steps == sorted(steps) and len(steps) == 2 * len(set(steps))


def test_a_reader_that_goes_away_is_no_error(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "nekogao.cli", "report", str(tmp_path / "run")]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert done.stderr == "" and done.returncode == 141


@pytest.mark.parametrize(("given", "message"), [
    ("aply", "unknown command 'aply'. Did you mean apply? See `nekogao --help`."),
    ("explian", "Did you mean explain?"), ("zzz", "Choose from "),
    ("a\n\x1b[31mb", r"unknown command"),
])  # fmt: skip
def test_a_command_that_does_not_exist_gets_the_nearest(run_command, given, message):
    one_line(run_command(given), 2, message)


def test_usage_names_the_arguments(run_command):
    for command, usage in (
        ("faces", "PHOTOS OUT"), ("pairs", "FACES OUT"), ("import", "OUT"), ("doctor", "PAIRS"),
        ("train", "RUN"), ("switch", "RUN NEW"), ("apply", "MODEL IMAGES ..."), ("report", "RUN"),
        ("explain", "MODEL PICTURES ..."), ("study", "STUDY"),
    ):  # fmt: skip
        first = run_command(command, "--help")[1][0]
        assert usage in first and "PATH PATH" not in first, first


def test_help_breaks_no_word_on_a_narrow_terminal(run_command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    for command in ([], *([name] for name in app.commands)):
        status, narrow, _ = run_command(*command, "--help")
        with monkeypatch.context() as wide:
            wide.setenv("COLUMNS", "200")
            words = set(" ".join(run_command(*command, "--help")[1]).split())
        assert status == 0 and narrow[0].startswith("usage: nekogao")
        assert all(len(line) <= 40 for line in narrow), command
        options = {word for line in narrow for word in line.split() if word.startswith("--")}
        assert all(any(word in other for other in words) for word in options), command


def test_every_command_says_the_same_in_narrow_help_as_in_wide(run_command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    narrow = {name: "\n".join(run_command(name, "--help")[1]) for name in app.commands}
    for name, command in app.commands.items():
        for parameter in inspect.signature(command).parameters:
            spelled = {"settings": "set"}.get(parameter, parameter).replace("_", "-")
            assert spelled.upper() in narrow[name] or f"--{spelled}" in narrow[name], (
                name,
                spelled,
            )


def in_process(code, **environment):
    """Run Python code as a person's process would; (status, stdout, stderr)."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env={**os.environ, **environment}
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("module", ["tyro", "nekogao.cli.shell", "nekogao.cli.training", "torch",
                                    "numpy", "nekogao.report.run"])  # fmt: skip
def test_control_c_during_imports_is_one_line(finished, module):
    code = f"""
import sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
from nekogao.cli import main
sys.exit(main(["report", {str(finished)!r}]))
"""
    assert in_process(code) == (130, "", "nekogao: interrupted\n")


def test_an_import_that_reports_control_c_as_its_own_error_is_an_interruption(finished):
    code = f"""
import sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            try:
                raise KeyboardInterrupt
            except KeyboardInterrupt as error:
                raise ImportError("initialisation failed") from error
sys.meta_path.insert(0, Interrupting())
from nekogao.cli import main
sys.exit(main(["report", {str(finished)!r}]))
"""
    assert in_process(code) == (130, "", "nekogao: interrupted\n")


def test_a_programming_error_shows_its_traceback(monkeypatch, finished):
    import nekogao.report.run

    monkeypatch.setattr(nekogao.report.run, "build_report", lambda *given, **named: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["report", str(finished)])


def test_a_training_goes_on_when_its_reader_goes_away(pair_set, tmp_path):
    run = tmp_path / "run"
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "nekogao.cli", "train", run, "--pairs", pair_set, *TINY,
               "--phases", "edges:1", "gray:1"]  # fmt: skip
    done = subprocess.run(list(map(str, command)), stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")
    assert (run / "model.safetensors").is_file() and (run / "report.html").is_file()


def test_a_full_disk_behind_standard_output_is_named():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "nekogao.cli", "recipes"], stdout=full,
                              stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "nekogao: standard output: No space left on device. Fix this and try again.\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("locale", [
    {"LC_ALL": "C", "PYTHONUTF8": "0"}, {"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"},
])  # fmt: skip
def test_names_that_are_not_utf8_and_a_c_locale_end_no_command(faces, tmp_path, locale):
    home = os.fsencode(tmp_path)
    for folder, name in ((b"caf\xe9", b"n\xe4me\xff.png"), ("猫".encode(), "顔.png".encode())):
        photos = home + b"/" + folder
        Path(os.fsdecode(photos)).mkdir()
        shutil.copy(faces / "kuro.png", photos + b"/" + name)
        shutil.copy(faces / "mike.png", photos + b"/b.png")

        def nekogao(*arguments):
            done = subprocess.run([sys.executable, "-m", "nekogao.cli", *arguments],
                                  capture_output=True, env={**os.environ, **locale})  # fmt: skip
            assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
            return done.returncode, done.stderr

        made = photos + b"-set"
        first = nekogao("pairs", photos, made, "--size", "32")
        assert first[0] in (0, 1), first[1]
        if first[0] == 0:
            status, said = nekogao("train", photos + b"-run", "--pairs", made, *TINY)
            assert status in (0, 1), said
            nekogao("doctor", made)
            if status == 0:
                nekogao("apply", photos + b"-run", photos, "--out", photos + b"-out")
                nekogao("explain", photos + b"-run", photos, "--out", photos + b"-why")
                nekogao("report", photos + b"-run")
