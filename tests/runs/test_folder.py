import json

import pytest
import torch

from nekogao.config.plain import read_toml
from nekogao.config.schema import TrainConfig
from nekogao.errors import InputError, RunError
from nekogao.pairs.pair_set import PairSet
from nekogao.runs.about import FirstWeights, describe
from nekogao.runs.folder import Run, places_of
from tests.runs.test_metrics import measurement


def about_of(pair_set, folder):
    pairs = PairSet.open(pair_set)
    about = describe(TrainConfig(), pairs, FirstWeights(), folder)
    return about, places_of(pairs, FirstWeights(), folder)


@pytest.fixture
def run(pair_set, tmp_path):
    run = Run(tmp_path / "run")
    run.create(*about_of(pair_set, run.folder))
    return run


def test_run_toml_holds_all_that_is_needed_to_do_it_again(run, pair_set):
    about = read_toml(run.folder / "run.toml")
    assert (run.folder / about["pairs"]["path"]).resolve() == pair_set.resolve()
    assert about["pairs"]["fingerprint"] == PairSet.open(pair_set).fingerprint
    assert about["versions"]["torch"] == torch.__version__
    assert run.config() == TrainConfig()


def test_a_folder_with_something_else_in_it_is_refused(pair_set, tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match="not empty"):
        Run(tmp_path).create(*about_of(pair_set, tmp_path))
    with pytest.raises(RunError, match="has no run.toml"):
        Run.open(tmp_path)
    with pytest.raises(RunError, match="no such folder"):
        Run.open(tmp_path / "absent")


def test_a_damaged_run_toml_is_refused(run):
    (run.folder / "run.toml").write_text("[train]\nbatch = 0\n[pairs]\npath = 'a'\n")
    with pytest.raises(RunError, match="batch = 0: must be at least 1"):
        run.config()
    (run.folder / "run.toml").write_text("[train]\n[pairs]\n")
    with pytest.raises(RunError, match="has no pairs.path"):
        run.about()
    (run.folder / "run.toml").write_text("")
    with pytest.raises(RunError, match=r"has no \[pairs\] table"):
        run.about()


def test_only_the_last_two_checkpoints_stay(run):
    for step in (1, 20, 300, 1_000_000):
        run.save_checkpoint(step, {"step": step})
    assert [p.name for p in run.saved_checkpoints()] == ["000300.pt", "1000000.pt"]
    assert run.load_checkpoint() == {"step": 1_000_000}
    run.saved_checkpoints()[-1].write_text("garbage")
    with pytest.raises(RunError, match="damaged checkpoint .* go on from the one before"):
        run.load_checkpoint()


def test_no_pickle_from_strangers(run):
    class Evil:
        def __reduce__(self):
            return (print, ("executed",))

    torch.save({"step": Evil()}, run.checkpoint_path(1))
    with pytest.raises(RunError, match="damaged checkpoint"):
        run.load_checkpoint()


def test_rewinding_deletes_later_lines_and_sheets(run):
    run.append_metrics([measurement(step=step) for step in (0, 10, 20)])
    with run.metrics.open("a") as handle:
        handle.write('{"step": 30, "ma')  # cut off by a crash
    for step in (0, 10, 20):
        (run.previews / f"{step:06d}-gray.png").touch()
    run.rewind(10)
    assert [json.loads(line)["step"] for line in run.metrics.read_text().splitlines()] == [0, 10]
    assert sorted(p.name for p in run.previews.iterdir()) == ["000000-gray.png", "000010-gray.png"]


@pytest.mark.parametrize("text", [
    "versions = 3", "versions = 'ab'", "continued = 3", "continued = {step = inf}",
    "continued = {step = []}",
])  # fmt: skip
def test_an_entry_of_run_toml_of_a_wrong_type_is_named_on_one_line(run, text):
    whole = (run.folder / "run.toml").read_text().replace("[versions]", "[other]")
    (run.folder / "run.toml").write_text(f"{text}\n{whole}")
    with pytest.raises(RunError, match="has an entry of a wrong type") as caught:
        run.about()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("entry", "wrong"), [
    ("items = 4", "items = inf"), ("items = 4", "items = []"), ("size = 32", "size = 'x'"),
    ("domains = [", "domains = 3\nothers = ["),
])  # fmt: skip
def test_an_entry_of_the_pairs_table_of_a_wrong_type_is_named(run, entry, wrong):
    whole = (run.folder / "run.toml").read_text()
    assert entry in whole
    (run.folder / "run.toml").write_text(whole.replace(entry, wrong))
    with pytest.raises(RunError, match="has an entry of a wrong type"):
        run.about()
