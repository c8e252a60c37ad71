"""The exemplar family as people use it: trained, measured, applied, refused."""

import json

import numpy as np
import pytest
from PIL import Image

import nekogao
from nekogao.cli import main
from nekogao.errors import ConfigError, InputError
from nekogao.models.exemplar import pins
from nekogao.models.exemplar.pin_table import COLUMNS, PINS, read_pins
from nekogao.models.family import Wish
from nekogao.pairs import imports
from nekogao.pairs.build import build_from
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from nekogao.pictures.characters import CHARACTERS, draw_face
from nekogao.reasons.subject import Subject
from nekogao.runs.folder import Run
from nekogao.sizes import Size
from nekogao.studies.absent import reasons
from nekogao.studies.trained import Trained
from nekogao.studies.unseen import measure_jacobian
from tests.models.exemplar.drawings import face
from tests.models.exemplar.pictures import SIDE, lines, scene

SQUARE = Size(64, 64)

SHIFTS = (0.0, 4.0, 8.0, 12.0)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Four scenes, as a pair set of gray and edges."""
    folder = tmp_path_factory.mktemp("exemplar")
    named = ((f"s{shift:02.0f}", scene(shift)) for shift in SHIFTS)
    config = nekogao.PairConfig(size=SIDE, low=60, high=120)
    build_from(named, folder / "set", config)
    return folder / "set"


@pytest.fixture(scope="module")
def run(pairs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    assert main(["train", str(folder), "--pairs", str(pairs), "--recipe", "exemplar"]) == 0
    return folder


@pytest.fixture
def drawing(tmp_path):
    images.write(tmp_path / "new.png", lines(scene(6.0)))
    return tmp_path / "new.png"


def applied(folder):
    return [json.loads(line) for line in (folder / "applied.jsonl").read_text().splitlines()]


def test_training_pairs_are_exact_and_each_is_measured_from_the_others(run, pairs):
    rows = Run.open(run).read_metrics()
    last = {row.domain: row for row in rows if row.step == 1}
    assert set(last) == {"gray", "edges"}
    for row in last.values():
        assert row.mae == 0 and row.ssim == 1 and row.identity == 1
        assert row.unseen["pairs"] == 4
        assert row.unseen["mae"] < row.unseen["retrieval_mae"]
        assert row.unseen["ssim"] > row.unseen["retrieval_ssim"]
    sheet = images.read(run / "previews" / "unseen-edges.png")
    assert sheet.shape == (3 * SIDE + 4, 4 * SIDE + 6, 3)
    assert np.array_equal(sheet[2 * (SIDE + 2) : 2 * (SIDE + 2) + SIDE, :SIDE], scene(0.0))


def test_the_same_command_again_has_nothing_to_do_and_a_second_run_is_equal(run, pairs, tmp_path):
    assert list(nekogao.train(run)) == [nekogao.Finished(1, already=True)]
    list(nekogao.train(tmp_path / "again", pairs, nekogao.compose("exemplar")))
    models = [(f / "model.safetensors").read_bytes() for f in (run, tmp_path / "again")]
    assert models[0] == models[1]


def test_it_resumes_between_phases_and_ends_as_if_it_had_not_stopped(run, pairs, tmp_path):
    config = nekogao.compose("exemplar", phases=["edges:1", "gray:1"])
    once = iter([True])
    list(nekogao.train(tmp_path / "cut", pairs, config, stop=lambda: next(once, False)))
    list(nekogao.train(tmp_path / "cut"))
    list(nekogao.train(tmp_path / "whole", pairs, config))
    models = [(tmp_path / n / "model.safetensors").read_bytes() for n in ("cut", "whole")]
    assert models[0] == models[1]
    rows = Run.open(tmp_path / "whole").read_metrics()
    assert [row.ssim for row in rows if row.step == 2] == [1, 1]


def test_a_picture_is_answered_with_its_provenance(run, drawing, tmp_path, capsys):
    command = ["apply", str(run), str(drawing), "--domain", "as-is", "--provenance", "--out"]
    assert main([*command, str(tmp_path / "out")]) == 0
    out = tmp_path / "out"
    answer = images.read(out / "new.png").astype(int)
    off, nearest = (np.abs(p - scene(6.0).astype(int)).mean() for p in (answer, scene(4.0)))
    assert off < 0.5 * nearest
    drawn = images.read(out / "new-provenance.png")
    assert drawn.shape == (SIDE, SIDE, 3) and len(np.unique(drawn.reshape(-1, 3), axis=0)) > 50
    with np.load(out / "new-provenance.npz") as numbers:
        assert numbers["ids"].tolist() == ["s00", "s04", "s08", "s12"]
        assert set(np.unique(numbers["pair"])) <= {0, 1, 2, 3}
        assert numbers["place"].shape == (SIDE, SIDE, 2) and numbers["doubt"].shape == (SIDE, SIDE)
    assert len(applied(out)) == 1


def test_the_best_answers_are_offered_and_freedom_0_gives_them_as_they_are(run, drawing, tmp_path):
    status = main(["apply", str(run), str(drawing), "--domain", "as-is", "--choices", "4",
                   "--freedom", "0", "--nearest", "--out", str(tmp_path / "out")])  # fmt: skip
    assert status == 0
    found = [images.read(tmp_path / "out" / f"new-choice-{i}.png") for i in (1, 2, 3, 4)]
    shifts = [next(s for s in SHIFTS if np.array_equal(scene(s), each)) for each in found]
    assert sorted(shifts) == list(SHIFTS) and shifts[0] in (4.0, 8.0)


def test_what_no_pair_explains_is_said(run, tmp_path, capsys):
    images.write(tmp_path / "ink.png", np.zeros((SIDE, SIDE), np.uint8))
    main(["apply", str(run), str(tmp_path / "ink.png"), "--domain", "as-is"])
    assert "of it is like nothing in the pairs" in capsys.readouterr().err
    assert applied(run / "applied")[-1]["unsure"] > 0.3


def test_white_on_black_is_recognised_and_inverted_on_request(run, tmp_path, capsys):
    images.write(tmp_path / "n.png", np.bitwise_not(lines(scene(6.0))))
    command = ["apply", str(run), str(tmp_path / "n.png"), "--domain", "as-is", "--out"]
    main([*command, str(tmp_path / "left")])
    assert "Give --auto to invert it." in capsys.readouterr().err
    main([*command, str(tmp_path / "out"), "--auto"])
    assert "inverted" in capsys.readouterr().err
    images.write(tmp_path / "p.png", lines(scene(6.0)))
    main(["apply", str(run), str(tmp_path / "p.png"), "--domain", "as-is", "--out", str(tmp_path)])
    outputs = [images.read(tmp_path / name) for name in ("out/n.png", "p-2.png", "left/n.png")]
    assert np.array_equal(outputs[0], outputs[1]) and not np.array_equal(outputs[0], outputs[2])


def test_a_sequence_goes_frame_by_frame(run, tmp_path):
    frames = [images.rgb(lines(scene(s))) for s in (1.0, 2.0, 3.0)]
    pictures = [Image.fromarray(frame) for frame in frames]
    pictures[0].save(tmp_path / "a.png", save_all=True, append_images=pictures[1:], duration=50)
    assert main(["apply", str(run), str(tmp_path / "a.png"), "--domain", "as-is",
                 "--out", str(tmp_path / "out")]) == 0  # fmt: skip
    with Image.open(tmp_path / "out" / "a.png") as found:
        assert found.n_frames == 3


def test_labels_that_no_pair_has_are_named(tmp_path, capsys):
    def labels(shift):
        return (images.luma(scene(shift)) // 64 * 10).astype(np.uint8)

    for side in "ab":
        (tmp_path / side).mkdir()
    for shift in SHIFTS:
        images.write(tmp_path / "a" / f"{shift:.0f}.png", labels(shift))
        images.write(tmp_path / "b" / f"{shift:.0f}.png", scene(shift))
    imports.import_folders(
        tmp_path / "set", tmp_path / "a", tmp_path / "b", nekogao.PairConfig(size=SIDE),
        domain="maps", labels=True,
    )  # fmt: skip
    main(
        ["train", str(tmp_path / "run"), "--pairs", str(tmp_path / "set"), "--recipe", "exemplar"]
    )
    strange = labels(6.0)
    strange[:8] = 200
    images.write(tmp_path / "x.png", strange)
    capsys.readouterr()
    status = main(["apply", str(tmp_path / "run"), str(tmp_path / "x.png"), "--domain", "as-is"])
    assert status == 0
    assert "no pair has the 1 label 200; taken as the nearest" in capsys.readouterr().err


def test_switch_and_strip_are_refused_with_their_reason(run, tmp_path, capsys):
    assert main(["switch", str(run), str(tmp_path / "new"), "--phases", "gray:1"]) == 1
    assert "takes all pairs in at once and forgets nothing" in capsys.readouterr().err
    assert main(["strip", str(run), str(tmp_path / "model.safetensors")]) == 1
    assert "this model is its training pictures" in capsys.readouterr().err
    assert not (tmp_path / "new").exists() and not (tmp_path / "model.safetensors").exists()


def test_other_families_have_no_freedom_no_choices_and_no_provenance(finished, drawing, capsys):
    for option in (["--freedom", "0.5"], ["--choices", "2"], ["--provenance"]):
        assert main(["apply", str(finished), str(drawing), *option]) == 1
        assert "Train a run with --recipe exemplar" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="cannot tell where its pixels come from"):
        nekogao.load(finished).answer(np.zeros((32, 32), np.uint8))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"freedom": 2.0}, "freedom is 2.0: expected a number from 0 to 1"),
        ({"freedom": True}, "freedom is True"),
        ({"choices": 0}, "choices is 0: expected a count from 1 to 64"),
    ],
)
def test_wrong_options_are_refused(wrong, message):
    with pytest.raises(ConfigError, match=message):
        nekogao.Options(**wrong)


def test_pairs_that_are_held_out_are_measured_and_not_known(pairs, tmp_path, capsys):
    status = main(["train", str(tmp_path / "run"), "--pairs", str(pairs), "--recipe", "exemplar",
                   "--hold-out", "1"])  # fmt: skip
    assert status == 0
    opened = Run.open(tmp_path / "run")
    assert opened.config().hold_out == 1
    assert list(nekogao.load(opened.folder).model.faces) == ["s00", "s04", "s12"]
    (row, *_) = [row for row in opened.read_metrics() if row.step == 1 and row.domain == "edges"]
    assert row.unseen["pairs"] == 1 and 0 < row.unseen["mae"] < row.unseen["retrieval_mae"]
    answer = nekogao.load(opened.folder).answer(PairSet.open(pairs).picture(2, "edges"), "edges")
    assert not np.array_equal(answer.output, scene(8.0))


def test_networks_hold_pairs_out_too(pair_set, tiny, tmp_path):
    config = nekogao.compose(None, phases=["edges:2"], overrides={"hold_out": 2, "every": 1})
    list(nekogao.train(tmp_path / "run", pair_set, config))
    rows = Run.open(tmp_path / "run").read_metrics()
    assert all(row.unseen["pairs"] == 2 and row.probe == 2 for row in rows)
    with pytest.raises(ConfigError, match="hold_out = 4: the pair set has 4 pairs"):
        list(
            nekogao.train(tmp_path / "none", pair_set, nekogao.compose(overrides={"hold_out": 4}))
        )


def test_a_stranger_s_face_is_bent_by_pins_and_its_freedom_is_a_knob(tmp_path):
    named = ((who.name, draw_face(who, 128)) for who in CHARACTERS[1:2])
    build_from(named, tmp_path / "set", nekogao.PairConfig(domains=("edges",)))
    nekogao_run = tmp_path / "run"
    list(nekogao.train(nekogao_run, tmp_path / "set", nekogao.compose("exemplar")))
    network = nekogao.load(nekogao_run)
    new, drawn = face(style="ring", head=0.4, tilt=0.2)
    answers = [network.answer(new, "edges", Wish(freedom=f)) for f in (0.0, 0.25, 0.5)]
    held = pins.of_face(draw_face(CHARACTERS[1], 128))
    across, down = np.rint(drawn).astype(int).T
    assert np.abs(answers[2].place[down, across] - held).max() < 8
    still = np.stack(np.meshgrid(np.arange(128), np.arange(128)), axis=-1)
    moved = [float(np.abs(answer.place - still).mean()) for answer in answers]
    assert moved[0] == 0 and 0.4 < moved[1] / moved[2] < 0.6 and moved[2] > 1


def test_pins_that_a_person_gives_are_read_or_refused_with_their_line(tmp_path):
    table = tmp_path / PINS
    head = ",".join(COLUMNS)
    assert (read_pins(table, ["a"], SQUARE) == -1).all()
    table.write_text(f"{head}\nb,1,2,3,4,5,6\na, 10,20,30,21,22,40.5\n")
    assert read_pins(table, ["a", "c"], SQUARE).tolist() == [
        [[10, 20], [30, 21], [22, 40.5]], [[-1, -1]] * 3,
    ]  # fmt: skip
    for text, message in (
        ("id,x\n", "its first line must be id,left_x"),
        (f"{head}\na,1,2,3,4,5\n", "line 2: six numbers must follow the id"),
        (f"{head}\na,1,2,3,4,5,nan\n", "line 2: a pin is not in the picture of 64x64"),
        (f"{head}\n\na,1,2,3,4,5,64\n", "line 3: a pin is not in the picture"),
    ):
        table.write_text(text)
        with pytest.raises(InputError, match=message):
            read_pins(table, ["a"], SQUARE)
    table.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is no table of pins"):
        read_pins(table, ["a"], SQUARE)


def test_pins_are_in_a_picture_whose_sides_differ(tmp_path):
    table = tmp_path / PINS
    table.write_text(f"{','.join(COLUMNS)}\na,1,60,3,4,5,6\n")
    assert read_pins(table, ["a"], Size(48, 64))[0, 0].tolist() == [1, 60]
    with pytest.raises(InputError, match="line 2: a pin is not in the picture of 64x48"):
        read_pins(table, ["a"], Size(64, 48))


@pytest.mark.parametrize("cut", [slice(12, 116), slice(0, 97)])
def test_a_face_that_is_like_none_is_bent_in_a_picture_that_is_no_square(tmp_path, cut):
    who = CHARACTERS[1]
    target = draw_face(who, 128)[:, cut]
    size = str(Size.shaped(target.shape))
    config = nekogao.PairConfig(domains=("edges",), size=size)
    build_from([(who.name, target)], tmp_path / "set", config)
    list(nekogao.train(tmp_path / "run", tmp_path / "set", nekogao.compose("exemplar")))
    whole, drawn = face(style="ring", head=0.4, tilt=0.2)
    new, wanted = np.ascontiguousarray(whole[:, cut]), drawn - np.float32([cut.start, 0])
    answer = nekogao.load(tmp_path / "run").answer(new, "edges", Wish(freedom=0.5))
    held = pins.of_face(target)
    across, down = np.rint(wanted).astype(int).T
    assert np.abs(answer.place[down, across] - held).max() < 10
    assert answer.output.shape == target.shape
    assert (answer.place >= -1e-3).all() and (
        answer.place <= np.array(Size.of(size)) - 0.999
    ).all()


def test_a_study_says_why_there_is_no_derivative(run):
    trained = Trained(run)
    assert reasons(trained, "jacobian") == {
        "gray": "outputs of the family exemplar have no derivative"
    }
    assert measure_jacobian(trained) == {}
    with pytest.raises(ConfigError, match="the family exemplar has no derivative"):
        trained.last.smooth(trained.pairs.header.domains["gray"])


def test_pairs_that_are_held_out_are_no_learned_faces(pair_set, tmp_path):
    config = nekogao.compose(None, phases=["edges:1"], overrides={"hold_out": 1})
    list(nekogao.train(tmp_path / "run", pair_set, config))
    known = list(nekogao.load(tmp_path / "run").model.faces)
    assert len(known) == 3
    assert Subject.load(tmp_path / "run").faces.ids == known
    page = nekogao.build_report(tmp_path / "run").read_text()
    assert "4 pairs (1 held out), trained on" in page and "/3</small>" in page
