"""Commands on folders as people have them: what is left out is said, what is bad is listed."""

import pytest
from PIL import Image

from nekogao.pictures import images
from tests.cli.test_cli import run_command  # noqa: F401

COMMANDS = {
    "pairs": ("pairs", "{in}", "{out}", "--size", "32"),
    "faces": ("faces", "{in}", "{out}", "--fallback", "centre"),
    "import": ("import", "{out}", "--aligned", "{in}", "--size", "32"),
    "apply": ("apply", "{run}", "{in}", "--out", "{out}"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_left_out_of_a_folder_is_said(
    run_command, finished, faces, tmp_path, command  # noqa: F811
):  # fmt: skip
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "cats").symlink_to(faces)
    Image.new("RGB", (64, 32), "red").save(folder / "a.jfif", "JPEG")
    for name in ("a.heic", "b.heic"):
        (folder / name).touch()
    (folder / "lost.png").symlink_to("nowhere.png")
    given = {"in": folder, "out": tmp_path / "out", "run": finished}
    status, out, err = run_command(*(part.format(**given) for part in COMMANDS[command]))
    assert status == 0
    assert f"note: {folder}: 2 files left out: .heic (2); no kind that is read" in err
    assert f"note: {folder}/lost.png: left out: a link to what does not exist" in err
    assert command == "apply" or " ".join(out).startswith("5 ")


@pytest.mark.parametrize("command", ["pairs", "import"])
def test_all_bad_pictures_are_listed_at_once(
    run_command, faces, tmp_path, command  # noqa: F811
):  # fmt: skip
    (tmp_path / "in").mkdir()
    images.write(tmp_path / "in" / "good.png", images.read(faces / "kuro.png"))
    for name in ("a.jpg", "b.png", "c.gif"):
        (tmp_path / "in" / name).write_text("no picture")
    given = {"in": tmp_path / "in", "out": tmp_path / "out"}
    status, _, err = run_command(*(part.format(**given) for part in COMMANDS[command]))
    assert status == 1 and len(err) == 3 and not (tmp_path / "out").exists()
    for line, name in zip(err, ("a.jpg", "b.png", "c.gif"), strict=True):
        assert line.startswith("nekogao: ") and f"{name}: is not a picture" in line


@pytest.mark.parametrize("command", ["pairs", "faces", "explain"])
def test_an_animation_is_said_to_give_its_first_frame(
    run_command, finished, faces, tmp_path, command  # noqa: F811
):  # fmt: skip
    folder = tmp_path / "in"
    folder.mkdir()
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "a.gif", save_all=True, append_images=frames[1:])
    frames[0].save(folder / "b.png")
    commands = {**COMMANDS, "explain": ("explain", "{run}", "{in}", "--out", "{out}")}
    given = {"in": folder, "out": tmp_path / "out", "run": finished}
    _, _, err = run_command(*(part.format(**given) for part in commands[command]))
    assert f"note: {folder}: 1 animation (a.gif); the first frame is taken" in err


def test_no_command_sends_a_terminal_what_is_hidden_in_a_name(
    run_command, faces, tmp_path  # noqa: F811
):  # fmt: skip
    out = tmp_path / "set\x1b[31m\u202e"
    status, said, err = run_command("pairs", faces, out, "--size", "32")
    assert status == 0 and r"set\x1b[31m\u202e" in said[0] and err == []
    status, said, _ = run_command("doctor", out)
    assert status == 0 and r"set\x1b[31m\u202e: sound" in said[0]
