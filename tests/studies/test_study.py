"""Studies from outside: what is written, that they resume exactly, and what they refuse."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from nekogao.config.pairs import PairConfig
from nekogao.errors import BusyError, ConfigError, InputError, PairSetError, ResumeError
from nekogao.lock import writing
from nekogao.pairs.build import build
from nekogao.report.study import build as build_page
from nekogao.studies import study as studies
from nekogao.studies import summary
from nekogao.studies.study import Begun, Completed, Ended, Paused, conduct
from tests.studies.conftest import write_file

FILES = ("results.json", "results.csv", "table.md")


def finish(path, out, **options):
    events = list(conduct(path, out, workers=1, **options))
    build_page(path, out)
    return events


def results(out):
    return [(out / name).read_text() for name in FILES]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted study: its file and its folder."""
    folder = tmp_path_factory.mktemp("study")
    path = write_file(folder / "study.toml", {})
    finish(path, folder / "whole")
    return path, folder / "whole"


def test_a_study_writes_a_folder_per_run_and_reports_progress(write_study, tmp_path):
    path, out = write_study(), tmp_path / "out"
    events = list(conduct(path, out, workers=1))
    assert isinstance(events[0], Begun) and events[0].runs == 4 and events[0].done == 0
    ended = [event for event in events if isinstance(event, Ended)]
    assert [event.run for event in ended] == [
        "skips-none-s0", "skips-all-s0", "skips-none-s1", "skips-all-s1",
    ]  # fmt: skip
    assert ended[-1].left == 0 and events[-1] == Completed(failed=0, total=4)
    assert (out / "study.toml").read_text() == path.read_text()
    cell = json.loads((out / "runs" / "skips-all-s1" / "cell.json").read_text())
    assert cell["choices"] == {"generator.skips": "all"} and cell["seed"] == 1
    assert len(cell["measures"]["retention"]["skill.edges"]) == 3, "a number an image"
    assert "forgetting.edges" in cell["measures"]["retention"]


def test_a_finished_study_runs_nothing_again(whole):
    path, out = whole
    before = {p: p.stat().st_mtime_ns for p in out.glob("runs/*/*")}
    events = list(conduct(path, out, workers=1))
    assert [type(event) for event in events] == [Begun, Completed] and events[0].done == 4
    assert before == {p: p.stat().st_mtime_ns for p in out.glob("runs/*/*")}


def test_a_study_is_carried_out_by_one_process_at_a_time(whole, write_study, tmp_path):
    path, out = write_study(), tmp_path / "out"
    first = conduct(path, out, workers=1)
    next(first)
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    with pytest.raises(BusyError, match="out: is being written by process"):
        list(conduct(path, out, workers=1))
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    first.close()
    assert isinstance(next(conduct(path, out, workers=1)), Begun)


def test_a_run_that_somebody_trains_is_no_failed_run(write_study, tmp_path):
    path, out = write_study(), tmp_path / "out"
    next(conduct(path, out, workers=1))
    with writing(out / "runs" / "skips-none-s0"), pytest.raises(BusyError):
        list(conduct(path, out, workers=1))
    assert not list(out.rglob("cell.json"))


def test_a_study_that_was_stopped_within_a_run_ends_as_one_that_was_not(whole, tmp_path):
    path, uninterrupted = whole
    asked = []

    def stop():
        asked.append(1)
        return len(asked) > 10

    out = tmp_path / "out"
    events = list(conduct(path, out, workers=1, stop=stop))
    assert isinstance(events[-1], Paused) and events[-1].done == 1
    assert (out / "runs" / "skips-all-s0" / "run.toml").is_file(), "the second run was under way"
    # As if it had been killed, too: a run without its measures, and one that is cut short.
    (out / "runs" / "skips-none-s0" / "cell.json").write_text('{"run": ')
    finish(path, out)
    assert results(out) == results(uninterrupted)


def test_workers_give_the_same_numbers_and_stop_when_asked(whole, tmp_path):
    path, uninterrupted = whole
    out, events, asked = tmp_path / "out", [], []
    for event in conduct(path, out, workers=2, stop=lambda: bool(asked)):
        events.append(event)
        if isinstance(event, Ended):
            asked.append(1)
    assert isinstance(events[-1], Paused) or events[-1] == Completed(failed=0, total=4)
    finish(path, out)
    assert results(out) == results(uninterrupted)


def test_a_run_that_fails_is_reported_and_the_rest_continues(write_study, tmp_path):
    axes = {"rate": {"good": {"optimizer": {"lr": 1e-3}}, "wild": {"optimizer": {"lr": 1e30}}}}
    path, out = write_study(axes=axes, seeds=[0]), tmp_path / "out"
    events = finish(path, out)
    assert events[-1] == Completed(failed=1, total=2)
    (failed,) = [event for event in events if isinstance(event, Ended) and event.failed]
    assert failed.run == "rate-wild-s0" and "such as a lower optimizer.lr" in failed.failed
    assert str(tmp_path) not in failed.failed
    table = (out / "table.md").read_text()
    assert "1 run failed" in table and "0/1" in table and "1/1" in table
    assert finish(path, out)[-1] == Completed(failed=1, total=2), "it is not tried again"


def test_a_fault_of_a_measure_is_that_run_s_failure(write_study, tmp_path, monkeypatch):
    from nekogao.studies import measured as measures

    def broken(trained):
        raise ZeroDivisionError("no\nluck")

    monkeypatch.setitem(measures.MEASURES, "split", broken)
    path = write_study(seeds=[0], axes=None, measures=["retention", "split"])
    ended = list(conduct(path, tmp_path / "out", workers=1))[1]
    assert ended.failed == "ZeroDivisionError: no luck"


def test_another_study_or_other_things_in_the_folder_are_refused(whole, write_study, tmp_path):
    _, out = whole
    with pytest.raises(ResumeError, match="holds another study than .*other.toml"):
        list(conduct(write_study("other.toml", seeds=[0]), out))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    with pytest.raises(InputError, match="is not empty, and no study"):
        list(conduct(write_study(), tmp_path / "full"))


def test_cells_that_do_not_fit_their_set_are_refused_before_anything_is_made(
    write_study, tmp_path
):
    axes = {"phases": [["depth:3"], ["edges:1"]], "generator.size": [32, 64]}
    with pytest.raises(ConfigError, match=r"3 faults.*'depth'.*generator.size 64"):
        list(conduct(write_study(axes=axes), tmp_path / "out"))
    with pytest.raises(ConfigError, match="must be drawn:N"):
        list(conduct(write_study(pairs="drawn:many"), tmp_path / "out"))
    with pytest.raises((InputError, PairSetError), match="absent"):
        list(conduct(write_study(pairs="absent"), tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_pair_set_lies_relative_to_the_study_file_and_must_not_change(
    write_study, tmp_path, pair_set, faces
):
    shutil.copytree(pair_set, tmp_path / "own")
    path, out = write_study(pairs="own", seeds=[0], axes=None), tmp_path / "out"
    assert list(conduct(path, out, workers=1))[-1] == Completed(failed=0, total=1)
    shutil.rmtree(tmp_path / "own")
    build(faces, tmp_path / "own", PairConfig(size=32, low=50))
    with pytest.raises(ResumeError, match="own: has changed since the study was begun"):
        list(conduct(path, out, workers=1))


def test_what_a_study_writes_to_be_shared_holds_no_folder(write_study, tmp_path, pair_set):
    for name in ("one", "two"):
        shutil.copytree(pair_set, tmp_path / name)
    axes = {"pairs": [str(tmp_path / "one"), str(tmp_path / "two")]}
    path, out = write_study(axes=axes, seeds=[0], pairs="one"), tmp_path / "out"
    assert finish(path, out)[-1] == Completed(failed=0, total=2)
    assert sorted(p.name for p in (out / "runs").iterdir()) == ["pairs-one-s0", "pairs-two-s0"]
    shared = [*(out / name for name in (*FILES, "study.html")), *out.glob("runs/*/cell.json"),
              *out.glob("runs/*/run.toml"), *out.glob("runs/*/metrics.jsonl")]  # fmt: skip
    assert len(shared) == 4 + 2 * 3
    assert all(str(tmp_path).encode() not in file.read_bytes() for file in shared)


def test_cores_are_shared_among_workers(write_study, tmp_path, monkeypatch):
    monkeypatch.setattr(studies, "cores", lambda: 8)
    study = studies.begin(write_study(base={"phases": ["edges:1"]}), tmp_path / "out", 8 // 2)
    (first, *_) = studies.trials(study, tmp_path / "out", studies.threads_of(tmp_path / "out"))
    assert first.threads == 4 and first.config.threads == 4


def test_tables_tell_seeds_and_intervals(whole):
    _, out = whole
    text = (out / "table.md").read_text()
    assert text.startswith("## Tiny\n\nPredicted before the runs: Skips forget more.")
    assert "| seeds | 2/2 | 2/2 |" in text and "[" in text
    data = json.loads((out / "results.json").read_text())
    skill = data["cells"][0]["estimates"]["retention"]["skill.edges"]
    assert skill["seeds"] == 2 and skill["low"] <= skill["mean"] <= skill["high"]
    rows = (out / "results.csv").read_text().splitlines()
    assert rows[0].startswith("run,generator.skips,seed,failed,retention.skill.")
    assert len(rows) == 5


def test_the_page_holds_the_prediction_the_tables_and_how_to_repeat_it(whole):
    _, out = whole
    page = (out / "study.html").read_text()
    assert "Predicted before the runs:</b> Skips forget more." in page
    assert page.count("<svg") == 2 and f"--out {out.name}" in page
    assert "http-equiv" not in page and 'src="http' not in page


def test_a_number_that_some_seeds_lack_says_so(whole):
    path, out = whole
    study = studies.begin(path, out, 1)
    found = summary.summarise(study, studies.trials(study, out, 1))
    del found.cells[0].runs[1].measures["retention"]["skill.edges"]
    result = found.cells[0]
    numbers = summary._estimates(result.runs, "retention")
    shown = summary.show(
        summary.CellResult(result.cell, result.runs, 2, {"retention": numbers}),
        "retention",
        "skill.edges",
    )
    assert shown.endswith("(1 of 2)")


@pytest.mark.parametrize(("number", "workers"), [
    (signal.SIGINT, "1"),
    pytest.param(signal.SIGINT, "2", marks=pytest.mark.slow),
    pytest.param(signal.SIGTERM, "2", marks=pytest.mark.slow),
])  # fmt: skip
def test_a_signal_ends_it_with_status_130_and_the_study_resumes(whole, tmp_path, number, workers):
    path, out = write_file(tmp_path / "study.toml", {}), tmp_path / "out"
    command = [sys.executable, "-m", "nekogao.cli", "study", str(path), "--out", str(out),
               "--workers", workers]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout.readline().startswith("2 cells x 2 seeds: 4 runs, 0 finished already")
    os.killpg(process.pid, number)  # to the workers too, as a terminal does
    printed, err = process.communicate(timeout=200)
    assert process.returncode == 130 and "Traceback" not in err
    assert "the same command resumes" in printed
    finish(path, out)
    assert results(out) == results(whole[1])


def test_ray_that_is_missing_is_reported_in_one_line(write_study, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"Install it with `pip install 'nekogao\[cluster\]'`"):
        list(conduct(write_study(), tmp_path / "out", engine="ray"))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_ray_gives_the_same_numbers_and_stops_when_asked(whole, tmp_path):
    pytest.importorskip("ray")
    path, out, asked, events = whole[0], tmp_path / "out", [], []
    for event in conduct(path, out, engine="ray", workers=2, stop=lambda: bool(asked)):
        events.append(event)
        if isinstance(event, Ended):
            asked.append(1)
    assert isinstance(events[-1], (Paused, Completed))
    assert list(conduct(path, out, engine="ray", workers=2))[-1] == Completed(failed=0, total=4)
    build_page(path, out)
    assert results(out) == results(whole[1])
