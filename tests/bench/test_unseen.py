import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from nekogao.bench import ablations, clip, methods, patchmatch, probes, suite, table, unseen
from nekogao.bench.clip import Protocol
from nekogao.bench.findings import GOALS, Findings, Section
from nekogao.errors import ConfigError, InputError
from nekogao.measures.quality import measure
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import video
from nekogao.pictures.video import Clip

HERE = Path()
"""The folder of methods that write nothing."""
SMALL = Protocol(
    frames=24, size=64, large=128, many=6, seconds=0.01, width=2, votes=1, timed=2
)  # fmt: skip


def drawn(number, size=64):
    """A face-like blob that moves along with the frames, before something that does not."""
    noise = np.random.default_rng(0).normal(0, 60, (size, size, 3))
    behind = cv2.GaussianBlur(noise, (0, 0), 4 * size / 64)
    picture = np.clip(behind + np.array((200, 180, 90)), 0, 255).astype(np.uint8)
    unit, across = size / 64, size / 2 + number * size / 300
    for colour, down, reach in (((60, 40, 30), 32, 20), ((230, 190, 160), 34, 15)):
        cv2.circle(picture, (round(across), round(down * unit)), round(reach * unit), colour, -1)
    for side in (-6, 6):
        eye = round(across + side * unit), round(30 * unit)
        cv2.circle(picture, eye, round(3 * unit), (20, 30, 90), -1)
    return picture


@pytest.fixture(scope="module")
def frames():
    return [drawn(number) for number in range(24)]


@pytest.fixture(scope="module")
def ten(frames):
    """Edges with every tenth frame as a pair."""
    return clip.task("edges", frames, range(0, 24, 10))


@pytest.fixture(scope="module")
def ours(ten, tmp_path_factory):
    translator, _ = methods.taken_in(ten, tmp_path_factory.mktemp("ours"))
    return translator


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A video, wider than high, of 30 frames whose centre square gets lighter."""
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    wide = (np.full((64, 96, 3), 8 * number, np.uint8) for number in range(30))
    video.write(path, wide, Clip(iter(()), 25.0), "film")
    return path


def test_frames_are_evenly_spaced_squares(film):
    found = clip.squares(film, 24, 32)
    assert len(found) == 24 and found[0].shape == (32, 32, 3)
    numbers = [round(frame.mean() / 8) for frame in found]
    assert numbers == [int(k * 30 / 24) for k in range(24)]
    with pytest.raises(InputError, match="30 frames; 31 are needed"):
        clip.squares(film, 31, 32)


def test_the_split_is_that_of_the_figures():
    blank = [np.zeros((32, 32, 3), np.uint8)] * 100
    found = {task.name: task for task in clip.tasks(blank)}
    assert list(found) == ["edges-10", "gray-10", "labels-10",
                           "edges-1", "gray-1", "labels-1", "painted-3"]  # fmt: skip
    held = [k for k in range(100) if k % 3 == 0 and k % 10]
    for name, keys in (("edges-10", list(range(0, 100, 10))), ("gray-1", [0])):
        assert (list(found[name].keys), list(found[name].held)) == (keys, held)
    painted = found["painted-3"]
    assert (painted.keys, painted.held) == ([0, 50, 99], list(range(3, 94, 6)))


def test_no_method_is_given_what_is_held_out(frames):
    for task in clip.tasks(frames):
        assert not set(task.keys) & set(task.held) and len(task.held) > 2


def test_label_maps_have_only_colours_of_their_palette(frames):
    task = clip.task("labels", frames, [0])
    palette = [colour for (colour,) in task.domain.palette]
    assert len(palette) == 6 and set(np.unique(task.sources)) <= set(palette)
    assert len(np.unique(task.sources)) > 1


def test_painted_frames_have_eight_values_and_other_hues(frames):
    made = cv2.cvtColor(clip.painted(frames[0]), cv2.COLOR_RGB2HSV)
    assert set(np.unique(made[..., 2])) <= {16 + 32 * step for step in range(8)}
    hues = [
        cv2.cvtColor(f, cv2.COLOR_RGB2HSV)[2, 2, 0] for f in (frames[0], clip.painted(frames[0]))
    ]
    assert int(hues[1]) - int(hues[0]) == pytest.approx(25, abs=3)


def test_a_pair_set_gives_back_what_was_written(ten, tmp_path):
    pairs = PairSet.open(clip.write_set(tmp_path / "set", ten.domain, ten.known, ten.shown))
    assert np.array_equal(pairs.sources["edges"], ten.known)
    assert np.array_equal(pairs.targets, ten.shown)


# Patch synthesis


def test_patch_synthesis_remembers_and_follows_what_has_moved(ten):
    made = patchmatch.Synthesis.of(ten.known, ten.shown, lines=True, votes=2)
    same = np.abs(made(ten.known[1]).astype(int) - ten.shown[1]).mean()
    assert same < 1
    new, truth = ten.new[1], ten.truth[1]
    still = methods.nearest(ten, SMALL, HERE).translate(new)
    far = [np.abs(picture.astype(int) - truth).mean() for picture in (made(new), still)]
    assert far[0] < 0.8 * far[1]


def test_patch_synthesis_takes_gray_targets_and_pictures_without_lines():
    blank, gray = np.full((64, 64), 255, np.uint8), np.full((64, 64), 90, np.uint8)
    made = patchmatch.Synthesis.of([blank], [gray], lines=True, votes=1)(blank)
    assert np.array_equal(made, gray)


# Methods


def test_retrieval_and_the_mean_are_what_they_say(ten):
    found = methods.nearest(ten, SMALL, HERE).translate
    assert all(np.array_equal(found(s), t) for s, t in zip(ten.known, ten.shown, strict=True))
    whole = methods.mean(ten, SMALL, HERE).translate(ten.new[0])
    assert np.abs(whole - np.mean(ten.shown, axis=0)).max() <= 0.5


@pytest.mark.parametrize("name", ["fast", "unet and splines", "pix2pix textbook"])
def test_networks_are_trained_and_translate_colour_too(name, frames, tmp_path):
    small = [cv2.resize(frame, (32, 32), interpolation=cv2.INTER_AREA) for frame in frames]
    task = clip.painting(small)
    ready = methods.METHODS[name](task, replace(SMALL, size=32), tmp_path)
    made = ready.translate(task.new[0])
    assert made.shape == (32, 32, 3) and np.array_equal(made, ready.translate(task.new[0]))
    assert "updates" in ready.about and ready.seconds > 0


def test_left_out_pairs_are_not_used(ours, ten):
    answers = methods.left_out(ours, ten)
    assert probes.exact(ours, ten) == 1
    assert not any(np.array_equal(a, t) for a, t in zip(answers, ten.shown, strict=True))


# Probes


def test_folds_are_counted_where_a_map_turns_over():
    down, across = np.mgrid[:8, :8].astype(np.float32)
    assert probes.folds(np.stack([across, down], axis=-1)) == 0
    assert probes.folds(np.stack([7 - across, down], axis=-1)) == 1
    half = np.where(across < 4, across, 7 - across)
    assert probes.folds(np.stack([half, down], axis=-1)) == pytest.approx(4 / 7)


def test_an_edit_moves_a_region_and_leaves_the_rest(ours, frames):
    across, down = probes._bump(64, (0.5, 0.5), angle=0.0)
    rows, columns = np.mgrid[:64, :64]
    shift = columns - across
    assert shift[32, 32] == pytest.approx(0.023 * 64) and abs(shift[0, 0]) < 1e-3
    assert np.array_equal(down, rows)
    edited, kept = probes.edits(ours, clip.task("edges", frames, [0]))
    assert edited.ssim > 0.9 and 0.9 < kept.ssim < 1


def test_flicker_is_none_where_answers_are_the_truth(ours, ten):
    every = replace(ten, sources=ten.known, targets=ten.shown, keys=[0, 1, 2], held=[])
    found = probes.flicker(ours, every)
    assert found.alone == found.remembering == 0 and found.truth > 0
    assert probes.flicker(ours, ten).alone > 0


def test_many_pairs_are_others_with_the_same_frames_held_out(ten):
    found = probes.multiplied(ten, 7)
    assert len(found.known) == len(found.shown) == 7
    assert np.array_equal(found.new, ten.new)
    assert not any(np.array_equal(target, other) for target in found.shown for other in ten.shown)


# Ablations


@pytest.mark.parametrize("change", [ablations.one_picture, ablations.unregistered])
def test_a_change_changes_answers_and_is_undone(change, ours, ten):
    answer = methods.answering(ours, ten)
    usual = answer(ten.new[0])
    with change():
        anew = methods.without(ours, 99)
        anew.model.network._ready.clear()  # what was described before the change
        changed = methods.answering(anew, ten)(ten.new[0])
    assert not np.array_equal(changed, usual)
    assert np.array_equal(answer(ten.new[0]), usual)


def test_unregistered_answers_are_blends_of_the_targets_as_they_are(ours, ten):
    with ablations.unregistered():
        answer = methods.answering(methods.without(ours, 99), ten)(ten.new[0])
    lowest, highest = np.min(ten.shown, axis=0), np.max(ten.shown, axis=0)
    assert (answer >= lowest).all() and (answer <= highest).all()


def test_settings_are_ranked_alike_or_the_other_way_round():
    def row(task, held, left):
        first, second = (probes.Quality(mae=1 - x, ssim=x, sharpness=1) for x in (held, left))
        return ablations.Ablation(task=task, setting="", held=first, left=second)

    seen = {"a": ((0.1, 0.5), (0.2, 0.6), (0.3, 0.9)), "b": ((0.1, 0.9), (0.2, 0.5)),
            "c": ((0.1, 0.5), (0.1, 0.6))}  # fmt: skip
    rows = [row(task, *both) for task, values in seen.items() for both in values]
    found = {each.task: (each.ssim, each.mae) for each in ablations.agreement(rows)}
    assert found["a"] == pytest.approx((1, 1)) and found["b"] == pytest.approx((-1, -1))
    assert found["c"] == (0, 0)


# The section


def scores():
    common = {"task": "edges-10", "sharpness": 1.0, "set_up": 1.0, "picture": 0.05}
    return [
        unseen.Score(**common, method="nearest source", mae=0.03, ssim=0.82),
        unseen.Score(**common, method="exemplar", mae=0.0125, ssim=0.955, about="1 [update]"),
        unseen.Score(**{**common, "set_up": None, "picture": None}, method=unseen.LEFT_OUT,
                     mae=0.02, ssim=0.9),
    ]  # fmt: skip


def numbers(protocol):
    good = probes.Quality(mae=0.01, ssim=0.995, sharpness=1)
    return unseen.UnseenNumbers(
        clip="film.mp4",
        protocol=protocol,
        scores=scores(),
        probes=unseen.Probes(
            exact={"edges-10": 1.0},
            edited=good,
            unedited=good,
            folds=0.002,
            flicker={"edges-10": probes.Flicker(remembering=0.02, alone=0.03, truth=0.022)},
            set_up=[1.0, 2.0, 9.0],
            times=probes.Times(ten=[0.1], large=[0.4], many=[0.25], pairs=300, few=10),
        ),
        ablations=[ablations.Ablation(task="edges-10", setting="best 1", held=good, left=good)],
        agreement=[ablations.Agreement(task="edges-10", ssim=0.9, mae=0.8)],
    )


def test_rows_are_compared_with_the_goals():
    rows = {row.name: row for row in unseen.lines(numbers(clip.FULL))}
    reached = {name: [goal.reached(rows[name]) for goal in GOALS[name]]
               for name in rows if name in GOALS}  # fmt: skip
    assert reached == {
        "unseen-edges-mae": [True, False], "unseen-edges-ssim": [True, True],
        "unseen-edges-sharpness": [True, True], "unseen-edges-left-out": [False, False],
        "unseen-edges-1-folds": [False], "unseen-edges-1-edits": [True],
        "unseen-edges-flicker": [True], "unseen-edges-exact": [True], "unseen-set-up": [True],
        "unseen-picture": [True], "unseen-picture-large": [True], "unseen-picture-many": [False],
    }  # fmt: skip
    assert rows["unseen-edges-mae"].baseline == 0.03 and rows["unseen-set-up"].value == 2


def test_another_protocol_is_compared_with_no_goal():
    assert not {row.name for row in unseen.lines(numbers(clip.QUICK))} & set(GOALS)


def test_the_tables_name_every_method_setting_and_the_agreement(capsys):
    found = Findings([], numbers(clip.FULL))
    table.show(1e11, [Section("unseen", 1.0, found)])
    out = capsys.readouterr().out
    for text in ("film.mp4", "nearest source", "exemplar, left out", "0.0125", "0.9550", "best 1",
                 "0.90", "0.80"):  # fmt: skip
        assert text in out, out
    assert json.loads(json.dumps(found.numbers.to_json()))["protocol"]["frames"] == 100


def test_every_method_is_measured_and_ours_is_better_than_retrieval(ten, monkeypatch, tmp_path):
    chosen = {name: methods.METHODS[name] for name in ("nearest source", "exemplar")}
    monkeypatch.setattr(unseen, "METHODS", chosen)
    plain, own, left = unseen.measured(ten, SMALL, tmp_path)
    assert (plain.method, own.method, left.method) == (*chosen, unseen.LEFT_OUT)
    truth = np.stack(ten.truth) / 255
    outputs = [methods.nearest(ten, SMALL, HERE).translate(source) for source in ten.new]
    assert plain.ssim == pytest.approx(measure(np.stack(outputs) / 255, truth)["ssim"], abs=1e-4)
    assert own.ssim > plain.ssim and own.set_up > 0 and own.picture > 0
    assert left.set_up is None and left.ssim < 1


def test_without_a_clip_the_section_says_what_it_needs(film, monkeypatch):
    with pytest.raises(ConfigError, match="unseen: needs a clip.*--clip.*carphone"):
        next(suite.run(only=["unseen"]))
    with pytest.raises(InputError, match="30 frames; 100 are needed"):
        next(suite.run(only=["unseen"], clip=film))
    seen = []
    monkeypatch.setattr(
        suite, "SECTIONS", {"unseen": lambda work: seen.append(work.clip) or Findings([])}
    )
    assert len(list(suite.run(clip=film, quick=True))) == 1 and seen == [film]
    assert list(suite.run()) == []
