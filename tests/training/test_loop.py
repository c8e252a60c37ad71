"""Runs from outside: what is written, exact resume, switch, and what is refused."""

import hashlib
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import nekogao
from nekogao.config import plain as settings
from nekogao.config.compose import compose
from nekogao.config.convolutional import LossConfig, OptimizerConfig
from nekogao.config.pairs import PairConfig
from nekogao.config.plain import train_config
from nekogao.errors import (
    BusyError,
    ConfigError,
    DivergedError,
    PairSetError,
    ResumeError,
    RunError,
    WeightsError,
)
from nekogao.models import file
from nekogao.pairs import manifest, reader
from nekogao.pairs.build import build
from nekogao.pictures import images
from nekogao.report.run import build_report
from nekogao.runs.events import Finished, Interrupted, Measured, Saved, Started, Stepped, Switched
from nekogao.runs.folder import Run

WIDE = {"model": {"generator": {"width": 4}}}
NARROW = {"generator.width": 8, "adversary.width": 8, "threads": 1}


def with_rate(config, rate):
    """The configuration with another learning rate."""
    optimizer = replace(config.model.optimizer, lr=rate)
    return replace(config, model=replace(config.model, optimizer=optimizer))


def digest(run):
    return hashlib.sha256((run / "model.safetensors").read_bytes()).hexdigest()


def metrics(run):
    """Lines of metrics.jsonl without the times."""
    rows = Run(run).read_metrics()
    return [replace(row, seconds=0.0) for row in rows]


def stop_after(updates):
    asked = iter(range(1, updates + 1))
    return lambda: next(asked, updates) >= updates


def test_a_run_writes_what_the_design_promises(finished):
    names = {path.name for path in finished.iterdir()} - {"law.json"}  # what `explain` adds
    assert names == {"run.toml", "metrics.jsonl", "previews", "timelapse.gif", "checkpoints",
                     "model.safetensors", "phases", "local.toml"}  # fmt: skip
    steps = [0, 4, 8, 12]
    assert sorted(p.name for p in (finished / "previews").iterdir()) == [
        f"{step:06d}-{domain}.png" for step in steps for domain in ("edges", "gray")
    ]
    rows = Run(finished).read_metrics()
    assert [(r.step, r.domain) for r in rows] == [
        (step, domain) for step in steps for domain in ("gray", "edges")
    ]
    assert [r.phase for r in rows[::2]] == [0, 1, 1, 2]
    assert rows[2].trained == ("edges",) and rows[-1].trained == ("gray",)
    last = json.loads((finished / "metrics.jsonl").read_text().splitlines()[-1])
    assert list(last) == ["step", "epoch", "phase", "trained", "domain", "mae", "psnr", "ssim",
                          "skill", "identity", "sharpness", "probe", "losses",
                          "seconds"]  # fmt: skip
    assert sorted(p.name for p in (finished / "checkpoints").iterdir()) == [
        "000008.pt", "000012.pt", "best.safetensors",
    ]  # fmt: skip


def test_the_events_tell_the_story(pair_set, tmp_path, tiny):
    events = list(nekogao.train(tmp_path / "run", pair_set, tiny))
    kinds = [type(e) for e in events]
    assert kinds[0] is Started and kinds[-1] is Finished
    assert [e.phase for e in events if isinstance(e, Switched)] == ["gray:2"]
    assert [e.step for e in events if isinstance(e, Saved)] == [0, 8, 12]
    assert [e.step for e in events if isinstance(e, Measured)] == [0, 4, 8, 12]


def test_a_run_is_a_function_of_its_configuration(pair_set, tmp_path, tiny, finished):
    torch.manual_seed(99)
    list(nekogao.train(tmp_path / "again", pair_set, tiny))
    assert digest(tmp_path / "again") == digest(finished)
    assert metrics(tmp_path / "again") == metrics(finished)
    list(nekogao.train(tmp_path / "other", pair_set, replace(tiny, seed=1)))
    assert digest(tmp_path / "other") != digest(finished)


def test_two_trainings_in_two_threads_end_as_each_would_alone(pair_set, tmp_path, tiny):
    """With dropout, whose masks come from PyTorch's one generator of the process."""
    some = replace(tiny, phases=("all:10",), every=5)
    configs = [replace(some, seed=seed) for seed in (0, 1)]
    both_begin = threading.Barrier(2, timeout=60)

    def go(number):
        both_begin.wait()
        list(nekogao.train(tmp_path / f"together-{number}", pair_set, configs[number]))

    threads = [threading.Thread(target=go, args=[number]) for number in range(2)]
    before = torch.get_rng_state()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert torch.equal(torch.get_rng_state(), before)
    for number, config in enumerate(configs):
        list(nekogao.train(tmp_path / f"alone-{number}", pair_set, config))
        assert digest(tmp_path / f"together-{number}") == digest(tmp_path / f"alone-{number}")
        assert metrics(tmp_path / f"together-{number}") == metrics(tmp_path / f"alone-{number}")


@pytest.mark.parametrize("updates", [1, 4, 7, 8, 11])
def test_an_interrupted_run_ends_bit_equal(pair_set, tmp_path, tiny, finished, updates):
    run = tmp_path / "run"
    events = list(nekogao.train(run, pair_set, tiny, stop=stop_after(updates)))
    assert events[-1] == Interrupted(updates)
    events = list(nekogao.train(run))
    assert events[0] == Started(updates, 12, "cpu") and events[-1] == Finished(12, False)
    assert digest(run) == digest(finished)
    assert metrics(run) == metrics(finished)
    last = [
        torch.load(r / "checkpoints" / "000012.pt", weights_only=True) for r in (run, finished)
    ]
    for name in ("generator", "discriminator"):
        assert all(torch.equal(last[0][name][k], v) for k, v in last[1][name].items())


def test_muon_goes_on_bit_equal_after_a_stop_and_after_a_switch(pair_set, tmp_path, tiny):
    model = replace(
        tiny.model, optimizer=OptimizerConfig(kind="muon"), losses=LossConfig(ssim=10.0)
    )
    config = replace(tiny, model=model)
    list(nekogao.train(tmp_path / "whole", pair_set, config))
    list(nekogao.train(tmp_path / "cut", pair_set, config, stop=stop_after(5)))
    list(nekogao.train(tmp_path / "cut"))
    list(nekogao.train(tmp_path / "first", pair_set, replace(config, phases=("edges:4",))))
    list(nekogao.switch(tmp_path / "first", tmp_path / "second", ["gray:2"]))
    whole = tmp_path / "whole"
    for run in ("cut", "second"):
        assert digest(tmp_path / run) == digest(whole)
        assert metrics(tmp_path / run) == metrics(whole)
    assert "dissimilarity" in metrics(whole)[-1].losses


def test_measuring_more_often_changes_nothing(pair_set, tmp_path, tiny, finished):
    list(nekogao.train(tmp_path / "run", pair_set, replace(tiny, every=1, probe=2)))
    one, two = (load_file(r / "model.safetensors") for r in (tmp_path / "run", finished))
    assert all(torch.equal(one[k], two[k]) for k in one)


def test_killed_runs_end_bit_equal(pair_set, tmp_path, tiny):
    """`kill -9` at two updates of the run, resumed each time by the same command."""
    longer = replace(tiny, phases=("edges:4", "gray:12"), checkpoint_seconds=0.0)
    (tmp_path / "config.toml").write_text(settings.dump_toml(settings.to_dict(longer)))
    code = (
        "import sys, pathlib, nekogao\n"
        "from nekogao import lean; lean.prepare()\n"
        "config = nekogao.compose(pathlib.Path(sys.argv[3]))\n"
        "for event in nekogao.train(*sys.argv[1:3], config):\n"
        "    print(type(event).__name__, event.step, flush=True)\n"
    )
    command = [sys.executable, "-c", code, tmp_path / "killed", pair_set, tmp_path / "config.toml"]
    begun = []
    for update in (3, 11):
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
        begun.append(int(process.stdout.readline().removeprefix("Started ")))
        while int(process.stdout.readline().split()[1]) < update:
            pass
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    assert begun[0] == 0 < begun[1]
    assert next(nekogao.train(tmp_path / "killed")).step >= 10
    list(nekogao.train(tmp_path / "killed"))
    list(nekogao.train(tmp_path / "whole", pair_set, longer))
    assert digest(tmp_path / "killed") == digest(tmp_path / "whole")
    assert metrics(tmp_path / "killed") == metrics(tmp_path / "whole")


def test_a_second_training_in_one_folder_is_refused_and_touches_nothing(pair_set, tmp_path, tiny):
    run = tmp_path / "run"
    first = nekogao.train(run, pair_set, tiny)
    for _ in range(5):
        next(first)
    (run / ".half.1.tmp").touch()
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with pytest.raises(BusyError, match=r"run: is being written by process \d+ on .* since 20"):
        list(nekogao.train(run, pair_set, tiny))
    with pytest.raises(BusyError):
        nekogao.switch(run, run, ["gray:1"])
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    first.close()
    assert list(nekogao.train(run))[-1] == Finished(12, False)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_readers_need_no_lock_and_never_see_half_a_file(pair_set, tmp_path, tiny):
    run = Run(tmp_path / "run")
    short = replace(tiny, phases=("edges:1", "gray:1"), every=1, checkpoint_seconds=0.0)
    for event in nekogao.train(run.folder, pair_set, short):
        if isinstance(event, Saved):
            build_report(run.folder)
            nekogao.load(run.folder)
            assert run.report.is_file()


def test_a_finished_run_says_so(finished):
    before = digest(finished)
    assert list(nekogao.train(finished)) == [Finished(12, already=True)]
    assert digest(finished) == before


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_the_model_of_a_finished_run_is_rebuilt_from_the_checkpoint(finished, tmp_path, damage):
    run = Run(tmp_path / "run")
    shutil.copytree(finished, run.folder)
    if damage == "cut":
        run.model.write_bytes(run.model.read_bytes()[:2000])
    else:
        run.model.unlink()
    with pytest.raises(WeightsError, match="`nekogao train .*run` makes it again"):
        nekogao.load(run.folder)
    with pytest.raises(WeightsError, match="makes it again"):
        nekogao.switch(run.folder, tmp_path / "new", ["gray:1"])
    assert not (tmp_path / "new").exists()
    rows = run.metrics.read_bytes()
    assert list(nekogao.train(run.folder)) == [Finished(12, already=True, rebuilt=True)]
    assert digest(run.folder) == digest(finished)
    assert run.metrics.read_bytes() == rows
    assert list(nekogao.train(run.folder)) == [Finished(12, already=True)]


def test_another_configuration_is_refused_with_the_field(finished, pair_set, tiny):
    with pytest.raises(ResumeError, match=r"begun with optimizer.lr = 0.002, now asked for 1.0"):
        list(nekogao.train(finished, pair_set, with_rate(tiny, 1.0)))


def test_another_pair_set_is_refused(finished, faces, tmp_path):
    build(faces, tmp_path / "set", PairConfig(size=32, low=50))
    with pytest.raises(ResumeError, match="was begun on another pair set"):
        list(nekogao.train(finished, tmp_path / "set"))


def test_a_new_run_needs_a_pair_set(tmp_path):
    with pytest.raises(RunError, match="Name a pair set with pairs= .--pairs on"):
        list(nekogao.train(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_switch_ends_as_one_run_would_have(pair_set, tmp_path, tiny, finished):
    list(nekogao.train(tmp_path / "first", pair_set, replace(tiny, phases=("edges:4",))))
    before = digest(tmp_path / "first")
    list(nekogao.switch(tmp_path / "first", tmp_path / "second", ["gray:2"]))
    assert digest(tmp_path / "second") == digest(finished)
    assert metrics(tmp_path / "second") == metrics(finished)
    assert digest(tmp_path / "first") == before
    kept = [Run(folder).phase_model(1).read_bytes() for folder in (tmp_path / "second", finished)]
    assert kept[0] == kept[1] == (tmp_path / "first" / "model.safetensors").read_bytes()
    about = settings.read_toml(tmp_path / "second" / "run.toml")
    assert about["continued"] == {"from": "../first", "step": 8}


def test_the_generator_of_every_phase_but_the_last_is_kept(finished):
    run = Run(finished)
    assert [path.name for path in run.phases.iterdir()] == ["1.safetensors"]
    model = file.load(run.phase_model(1))
    assert model.last == "edges" and model.shape == file.load(run.model).shape


def test_a_switch_keeps_the_best_network_so_far(pair_set, tmp_path, tiny):
    first, second = tmp_path / "first", tmp_path / "second"
    list(nekogao.train(first, pair_set, replace(tiny, phases=("edges:4",))))
    once = nekogao.switch(first, second, ["gray:2"], stop=stop_after(1))
    assert Run(second).best.read_bytes() == Run(first).best.read_bytes()
    assert list(once)[-1] == Interrupted(9)


def test_the_best_begins_anew_when_there_are_more_domains(pair_set, tmp_path, tiny):
    run = Run(tmp_path / "run")
    events = nekogao.train(run.folder, pair_set, replace(tiny, phases=("edges:2", "gray:2")))
    best = [run.best.read_bytes() for e in events if isinstance(e, Measured) and e.step]
    assert best[0] != best[1], "edges alone were the measure until now"
    rows = run.read_metrics()[-2:]
    state = torch.load(run.checkpoints / "000008.pt", weights_only=True)
    assert state["best_over"] == ["edges", "gray"]
    assert state["best"] == pytest.approx(sum(row.skill for row in rows) / 2)


def test_a_switch_needs_the_pair_set_unchanged(faces, pair_set, tmp_path, tiny):
    shutil.copytree(pair_set, tmp_path / "set")
    list(nekogao.train(tmp_path / "run", tmp_path / "set", replace(tiny, phases=("edges:1",))))
    shutil.rmtree(tmp_path / "set")
    build(faces, tmp_path / "set", PairConfig(size=32, low=50))
    with pytest.raises(ResumeError, match="was begun on another pair set"):
        list(nekogao.switch(tmp_path / "run", tmp_path / "new", ["gray:1"]))
    assert not (tmp_path / "new").exists()


def test_a_switch_can_be_interrupted_too(pair_set, tmp_path, tiny, finished):
    list(nekogao.train(tmp_path / "first", pair_set, replace(tiny, phases=("edges:4",))))
    once = nekogao.switch(tmp_path / "first", tmp_path / "new", ["gray:2"], stop=stop_after(3))
    assert list(once)[-1] == Interrupted(11)
    list(nekogao.switch(tmp_path / "first", tmp_path / "new", ["gray:2"]))
    assert digest(tmp_path / "new") == digest(finished)


def test_a_switch_needs_a_finished_run_and_known_domains(pair_set, tmp_path, tiny, finished):
    list(nekogao.train(tmp_path / "half", pair_set, tiny, stop=stop_after(3)))
    with pytest.raises(RunError, match="is not finished. Finish it with"):
        nekogao.switch(tmp_path / "half", tmp_path / "new", ["gray:2"])
    with pytest.raises(ConfigError, match="names the domain 'depth'"):
        nekogao.switch(finished, tmp_path / "new", ["depth:4"])
    assert not (tmp_path / "new").exists()


def test_first_weights_can_come_from_another_run(pair_set, tmp_path, tiny, finished):
    config = replace(tiny, phases=("gray:1",))
    events = list(nekogao.train(tmp_path / "run", pair_set, config, init_from=finished))
    first = next(e for e in events if isinstance(e, Measured))
    last = Run(finished).read_metrics()[-2:]
    for now, then in zip(first.rows, last, strict=True):
        assert now.mae == then.mae
    wide = train_config({**settings.to_dict(config), **WIDE})
    with pytest.raises(ConfigError, match="another generator than this run's"):
        list(nekogao.train(tmp_path / "wide", pair_set, wide, init_from=finished))
    assert not (tmp_path / "wide").exists()


def test_first_weights_are_kept_when_a_run_dies_before_its_first_checkpoint(
    pair_set, tmp_path, tiny, finished
):
    config = replace(tiny, phases=("gray:2",))
    list(nekogao.train(tmp_path / "whole", pair_set, config, init_from=finished))
    run = tmp_path / "run"
    next(iter(nekogao.train(run, pair_set, config, init_from=finished)))
    assert Run(run).saved_checkpoints() == []
    list(nekogao.train(run))
    assert digest(run) == digest(tmp_path / "whole")


def test_other_first_weights_are_refused(pair_set, tmp_path, tiny, finished):
    config = replace(tiny, phases=("gray:1",))
    list(nekogao.train(tmp_path / "run", pair_set, config))
    with pytest.raises(ResumeError, match="begun with other first weights"):
        list(nekogao.train(tmp_path / "run", pair_set, config, init_from=finished))


def test_without_a_configuration_the_recipe_is_fast(pair_set, tmp_path):
    next(iter(nekogao.train(tmp_path / "run", pair_set)))
    filled = {
        "generator.patch": 4,
        "generator.width": 128,
        "optimizer.layers": "outer",
        "batch": 4,
    }
    assert Run(tmp_path / "run").config() == compose(overrides=filled)


@pytest.mark.skipif(torch.cuda.is_available(), reason="wants a machine without CUDA")
def test_a_device_that_is_not_there_is_refused_before_the_folder_is_made(pair_set, tmp_path, tiny):
    with pytest.raises(ConfigError, match="accelerator cuda.*Use accelerator=cpu"):
        list(nekogao.train(tmp_path / "run", pair_set, replace(tiny, accelerator="cuda")))
    assert not (tmp_path / "run").exists()


def test_what_a_killed_process_left_half_written_is_deleted(pair_set, tmp_path, tiny):
    run = Run(tmp_path / "run")
    list(nekogao.train(run.folder, pair_set, tiny, stop=stop_after(5)))
    rests = [run.folder / ".a.1.tmp", run.previews / ".b.1.tmp", run.checkpoints / ".c.1.tmp"]
    for rest in rests:
        rest.touch()
    list(nekogao.train(run.folder))
    assert not any(rest.exists() for rest in rests)


def test_a_loss_that_is_not_finite_stops_the_run(pair_set, tmp_path, tiny):
    config = with_rate(replace(tiny, phases=("all:40",)), 1e30)
    with pytest.raises(DivergedError, match=r"step \d+: .*(nan|not finite).*000000.pt"):
        list(nekogao.train(tmp_path / "run", pair_set, config))
    state = torch.load(tmp_path / "run" / "checkpoints" / "000000.pt", weights_only=True)
    assert all(v.isfinite().all() for v in state["generator"].values())


def test_metrics_are_json_without_nan(finished):
    for line in (finished / "metrics.jsonl").read_text().splitlines():
        row = json.loads(line, parse_constant=pytest.fail)
        measures = ("mae", "psnr", "ssim", "skill", "identity", "sharpness")
        assert all(math.isfinite(row[name]) for name in measures)


def test_a_set_of_one_item_trains(faces, tmp_path):
    (tmp_path / "in").mkdir()
    images.write(tmp_path / "in" / "kuro.png", images.read(faces / "kuro.png"))
    build(tmp_path / "in", tmp_path / "set", PairConfig(size=32))
    for recipe in ("fast", "one-pair", "pix2pix"):
        config = compose(recipe, phases=["all:2"], overrides=NARROW)
        events = list(nekogao.train(tmp_path / recipe, tmp_path / "set", config))
        assert events[-1] == Finished(2, False)
    config = compose("article", phases=["gray:1"])
    with pytest.raises(ConfigError, match="one value per channel"):
        list(nekogao.train(tmp_path / "article", tmp_path / "set", config))
    assert not (tmp_path / "article").exists()


def test_a_generator_of_another_size_is_refused(pair_set, tmp_path):
    config = compose(None, generator="unet-256", phases=["gray:1"])
    with pytest.raises(ConfigError, match="the pair set is 32x32. Rebuild it"):
        list(nekogao.train(tmp_path / "run", pair_set, config))


def test_a_full_disk_leaves_the_last_checkpoint(finished, monkeypatch):
    run = Run(finished)
    before = run.saved_checkpoints()

    def full(state, path):
        raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(RunError, match="could not be written .* Free some disk space"):
        run.save_checkpoint(99, {})
    assert run.saved_checkpoints() == before
    assert not list(run.checkpoints.glob(".*"))


@pytest.fixture
def small_memory(monkeypatch):
    """No set fits in memory."""
    monkeypatch.setattr(reader, "MOST_RESIDENT", 0)


def threads():
    return [t.name for t in threading.enumerate() if t.name.startswith("nekogao-worker")]


def test_a_set_larger_than_memory_trains_to_the_same_weights(
    pair_set, tmp_path, tiny, finished, small_memory
):
    list(nekogao.train(tmp_path / "run", pair_set, tiny))
    assert digest(tmp_path / "run") == digest(finished)
    assert metrics(tmp_path / "run") == metrics(finished)
    assert not threads()


@pytest.mark.parametrize("updates", [1, 7, 8, 11])
def test_an_interrupted_run_that_streams_ends_bit_equal(
    pair_set, tmp_path, tiny, finished, small_memory, updates
):
    run = tmp_path / "run"
    list(nekogao.train(run, pair_set, tiny, stop=stop_after(updates)))
    assert not threads()
    list(nekogao.train(run))
    assert digest(run) == digest(finished) and metrics(run) == metrics(finished)


def test_training_reads_no_more_than_it_shows(tmp_path, tiny, small_memory, monkeypatch):
    (tmp_path / "in").mkdir()
    for number in range(30):
        picture = np.full((32, 32, 3), 8 * number, np.uint8)
        images.write(tmp_path / "in" / f"{number:02d}.png", picture)
    build(tmp_path / "in", tmp_path / "set", PairConfig(size=32))
    read, really = set(), manifest.read_picture

    def note(folder, header, item, kind):
        read.add((item.id, kind))
        return really(folder, header, item, kind)

    monkeypatch.setattr(manifest, "read_picture", note)
    monkeypatch.setattr(file, "MOST_THUMBNAILS", 2)
    config = replace(tiny, phases=("edges:1",), probe=3)
    events = nekogao.train(tmp_path / "run", tmp_path / "set", config)
    while not isinstance(next(events), Saved):
        pass
    probe = {(f"{i:02d}", kind) for i in (0, 14, 29) for kind in ("target", "gray", "edges")}
    assert probe <= read and len(read) == len(probe)
    events.close()


def test_a_picture_lost_while_training_is_reported_in_one_line(
    pair_set, tmp_path, tiny, small_memory
):
    shutil.copytree(pair_set, tmp_path / "set")
    events = nekogao.train(tmp_path / "run", tmp_path / "set", replace(tiny, phases=("all:300",)))
    while not isinstance(next(events), Stepped):
        pass
    shutil.rmtree(tmp_path / "set" / "target")
    with pytest.raises(PairSetError, match="^[a-z]+: target: .*no such file") as caught:
        list(events)
    assert "\n" not in str(caught.value) and not threads()


def test_leaving_a_run_ends_its_threads(pair_set, tmp_path, tiny, small_memory):
    events = nekogao.train(tmp_path / "run", pair_set, tiny)
    while not isinstance(next(events), Stepped):
        pass
    assert threads()
    events.close()
    assert not threads()


def test_replay_keeps_training_the_domains_of_earlier_phases(tiny, pair_set, tmp_path):
    replaying = {**settings.to_dict(tiny), "replay": 0.5, "phases": ["edges:4", "gray:4"]}
    list(nekogao.train(tmp_path / "run", pair_set, train_config(replaying)))
    rows = Run.open(tmp_path / "run").read_metrics()
    assert rows[-1].trained == ("gray", "edges")
    assert [row.trained for row in rows if row.phase == 1][-1] == ("edges",)
    once = train_config({**replaying, "phases": ["edges:4"]})
    list(nekogao.train(tmp_path / "once", pair_set, once))
    list(nekogao.switch(tmp_path / "once", tmp_path / "both", ["gray:4"]))
    models = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("run", "both")]
    assert models[0] == models[1]


def test_a_run_killed_before_its_first_update_measures_the_beginning_once(
    tiny, pair_set, tmp_path
):
    events = nekogao.train(tmp_path / "cut", pair_set, tiny)
    for event in events:
        if isinstance(event, Saved):
            events.close()
            break
    list(nekogao.train(tmp_path / "cut", pair_set, tiny))
    list(nekogao.train(tmp_path / "whole", pair_set, tiny))
    cut, whole = (Run.open(tmp_path / name).read_metrics() for name in ("cut", "whole"))
    assert [(r.step, r.domain) for r in cut] == [(r.step, r.domain) for r in whole]


def test_a_checkpoint_whose_moments_are_of_other_weights_is_refused(tiny, pair_set, tmp_path):
    events = nekogao.train(tmp_path / "run", pair_set, tiny, stop=lambda: True)
    list(events)
    path = Run.open(tmp_path / "run").saved_checkpoints()[-1]
    saved = torch.load(path, weights_only=True)
    first = saved["generator_optimizer"]["state"][0]
    first["exp_avg"] = torch.zeros(2, *first["exp_avg"].shape)
    torch.save(saved, path)
    with pytest.raises(RunError, match="does not fit this run .*exp_avg has shape"):
        list(nekogao.train(tmp_path / "run", pair_set, tiny))


@pytest.mark.parametrize("whole", [True, False])
def test_training_leaves_the_process_as_it_found_it(pair_set, tmp_path, tiny, whole):
    def process():
        return (
            torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(),
            torch.backends.cudnn.benchmark, torch.random.get_rng_state().tolist(),
            dict(os.environ), signal.getsignal(signal.SIGINT),
        )  # fmt: skip

    before = process()
    config = replace(tiny, threads=2, phases=("edges:2",), precision="bf16-mixed")
    events = nekogao.train(tmp_path / "run", pair_set, config)
    assert isinstance(next(events), Started) and torch.get_num_threads() == 2
    if whole:
        list(events)
    events.close()
    assert process() == before
