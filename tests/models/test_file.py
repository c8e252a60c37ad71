import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

import nekogao
from nekogao.errors import ConfigError, InputError, WeightsError
from nekogao.models import file
from nekogao.nets.generator import Generator
from tests.models.test_junyanz import weights as foreign_weights


def test_a_model_file_holds_all_that_apply_needs(finished):
    model = file.load(finished / "model.safetensors")
    assert list(model.domains) == ["gray", "edges"] and model.last == "gray"
    assert list(model.faces) == ["kuro", "mike", "sora", "tora"]
    assert all(face.shape == (32, 32, 3) for face in model.faces.values())
    assert not model.network.training and (model.size, model.kind) == ((32, 32), "convolutional")


def test_large_sets_travel_with_some_of_their_faces():
    ids = [str(i) for i in range(5000)]
    pictures = [np.full((2, 2), i % 256, np.uint8) for i in range(5000)]
    chosen = file.thumbnails(ids, pictures.__getitem__)
    assert len(chosen) == file.MOST_THUMBNAILS
    names = list(chosen)
    assert (names[0], names[-1]) == ("0", "4999")


def test_what_is_no_model_is_refused(tmp_path, finished):
    path = tmp_path / "model.safetensors"
    with pytest.raises(WeightsError, match="no such file"):
        file.load(path)
    path.write_text("no weights")
    with pytest.raises(WeightsError, match="not a safetensors file"):
        file.load(path)
    path.write_bytes((finished / "model.safetensors").read_bytes()[:5000])
    with pytest.raises(WeightsError, match="not a safetensors file"):
        file.load(path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(WeightsError, match="has no entry 'nekogao-1' \\(found none\\)"):
        file.load(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda about: about.pop("domains"),
        lambda about: about["generator"].update(width=64),
        lambda about: about["generator"].update(size=100),
        lambda about: about["generator"].update(normalisation="sorcery"),
        lambda about: about["generator"].update(bogus=1),
        lambda about: about["faces"].pop(),
        lambda about: about.update(kind="unheard-of"),
        lambda about: about.update(kind=["convolutional"]),
        lambda about: about.update(faces=3),
        lambda about: about.update(faces=[3, 4, 5, 6]),
        lambda about: about.update(faces=["a"] * 4),
        lambda about: about.update(last=3),
        lambda about: about.update(domains=3),
        lambda about: about["domains"][0].update(name=3),
        lambda about: about["domains"][0].update(channels="1"),
        lambda about: about["domains"][1].update(low=10**400, high=10**400),
        lambda about: about["domains"].append("gray"),
        lambda about: about["generator"].update(skips=5),
        lambda about: about["generator"].update(size="32"),
        lambda about: about["generator"].update(width=10**30),
        lambda about: about["generator"].update(patch=[]),
        lambda about: about["generator"].update(norm_eps=None),
        lambda about: about["generator"].update(source_channels=-1),
        lambda about: about["generator"].update(target_channels=1.0),
        lambda about: about.update(generator=[]),
    ],
)
def test_a_header_that_does_not_fit_is_refused(tmp_path, finished, change):
    with safe_open(finished / "model.safetensors", framework="pt") as opened:
        about = json.loads(opened.metadata()[file.FORMAT])
        tensors = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118
    change(about)
    path = tmp_path / "model.safetensors"
    save_file(tensors, path, metadata={file.FORMAT: json.dumps(about)})
    with pytest.raises(WeightsError, match="damaged model file") as caught:
        file.load(path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["3", "[" * 100_000, "{", "null", "\x1b[31m"])
def test_a_header_that_is_no_table_is_refused(tmp_path, text):
    path = tmp_path / "model.safetensors"
    save_file({"a": torch.zeros(1)}, path, metadata={file.FORMAT: text})
    with pytest.raises(WeightsError, match="damaged model file") as caught:
        file.load(path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(("name", "change", "message"), [
    ("first", lambda w: w.half(), "is torch.float16, must be torch.float32"),
    ("first", lambda w: w.to(torch.bfloat16), "is torch.bfloat16, must be"),
    ("first", lambda w: w.flatten(), "size mismatch"),
    ("first", lambda w: w * float("nan"), "is not finite .* of .* values"),
    ("first", lambda w: w / 0, "is not finite"),
    ("thumbnails", lambda t: t.float(), "thumbnails are torch.float32 of shape"),
    ("thumbnails", lambda t: t[..., 0], "thumbnails are torch.uint8 of shape"),
    ("thumbnails", lambda t: t[:, :16], "thumbnails are torch.uint8 of shape"),
    ("thumbnails", lambda t: t[0, 0, 0, 0], "thumbnails are torch.uint8 of shape"),
    ("thumbnails", lambda t: t[:3], "4 names of faces, 3 thumbnails"),
])  # fmt: skip
def test_tensors_that_do_not_fit_are_refused(tmp_path, finished, name, change, message):
    about, tensors = taken_apart(finished)
    key = name if name in tensors else next(k for k in tensors if k.endswith("weight"))
    tensors[key] = change(tensors[key]).contiguous()
    path = tmp_path / "model.safetensors"
    save_file(tensors, path, metadata={file.FORMAT: json.dumps(about)})
    with pytest.raises(WeightsError, match=message) as caught:
        file.load(path)
    assert str(caught.value).isprintable() and str(path) in str(caught.value)


def taken_apart(run):
    with safe_open(run / "model.safetensors", framework="pt") as opened:
        tensors = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118
        return json.loads(opened.metadata()[file.FORMAT]), tensors


def test_foreign_weights_are_read_without_running_anything(tmp_path):
    torch.save(foreign_weights(), tmp_path / "net.pth")
    assert isinstance(file.load(tmp_path / "net.pth").network, Generator)

    class Evil:
        def __reduce__(self):
            return (print, ("executed",))

    torch.save({"a": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(WeightsError, match="holds Python objects .*, not weights alone") as caught:
        file.load(tmp_path / "evil.pth")
    assert "weights_only" not in str(caught.value) and str(caught.value).isprintable()
    (tmp_path / "cut.pth").write_bytes((tmp_path / "net.pth").read_bytes()[:5000])
    (tmp_path / "text.PTH").write_text("no weights")
    (tmp_path / "empty.pt").touch()
    for name in ("cut.pth", "text.PTH", "empty.pt"):
        with pytest.raises(WeightsError, match="is damaged, or not what torch.save wrote"):
            file.load(tmp_path / name)
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(WeightsError, match="is not a state dict"):
        file.load(tmp_path / "list.pth")


def test_a_model_file_is_written_as_it_was_read(tmp_path, finished):
    file.save(tmp_path / "again.safetensors", file.load(finished / "model.safetensors"))
    again = (tmp_path / "again.safetensors").read_bytes()
    assert again == (finished / "model.safetensors").read_bytes()


def test_loading_draws_no_random_number(finished):
    state = torch.random.get_rng_state()
    file.load(finished / "model.safetensors")
    assert torch.equal(state, torch.random.get_rng_state())


def test_a_stripped_model_says_nothing_of_the_faces_and_translates_the_same(finished, tmp_path):
    out = tmp_path / "given" / "cats.safetensors"
    out.parent.mkdir()
    file.strip(finished, out)
    whole, stripped = file.open_model(finished), file.load(out)
    data = out.read_bytes()
    assert len(whole.faces) == 4 and stripped.faces == {}
    for name, face in whole.faces.items():
        assert name.encode() not in data
        assert not any(row.tobytes() in data for row in face if len(np.unique(row)) > 3)
    home = {str(Path.home()), str(finished), str(tmp_path)}
    assert not any(word.encode() in data for word in home - {"/"})
    ours, theirs = whole.network.state_dict(), stripped.network.state_dict()
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)
    assert (stripped.domains, stripped.last) == (whole.domains, whole.last)
    assert [path.name for path in out.parent.iterdir()] == ["cats.safetensors"]
    with pytest.raises(ConfigError, match="faces"):
        nekogao.load(out)(Image.new("RGB", (32, 32)), nekogao.Options(nearest=True))


def test_stripping_overwrites_nothing_and_wants_a_fit_name(finished, tmp_path):
    (tmp_path / "taken.safetensors").write_text("mine")
    for name, message in (("taken.safetensors", "exists already"), ("x.pth", "End it in"),
                          ("absent/x.safetensors", "absent: no such folder")):  # fmt: skip
        with pytest.raises(InputError, match=message):
            file.strip(finished, tmp_path / name)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]
