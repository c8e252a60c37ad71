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
    assert not model.network.training and (model.size, model.kind) == (32, "convolutional")


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
    assert "\n" not in str(caught.value)


def test_foreign_weights_are_read_without_running_anything(tmp_path):
    torch.save(foreign_weights(), tmp_path / "net.pth")
    assert isinstance(file.load(tmp_path / "net.pth").network, Generator)

    class Evil:
        def __reduce__(self):
            return (print, ("executed",))

    torch.save({"a": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(WeightsError, match="cannot be read as plain weights"):
        file.load(tmp_path / "evil.pth")
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
