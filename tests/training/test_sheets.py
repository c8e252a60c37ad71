import numpy as np
import torch
from PIL import Image

from nekogao.nets.generator import Generator
from nekogao.pictures import images
from nekogao.training import sheets as previews


def test_a_borrowed_model_comes_back_as_it_was():
    model = Generator(size=32, width=2, dropout=0.5)
    model.train()
    model.up[0].eval()
    modes = [m.training for m in model.modules()]
    before = {k: v.clone() for k, v in model.state_dict().items()}
    first = previews.translate(model, torch.rand(3, 1, 32, 32))
    assert [m.training for m in model.modules()] == modes
    assert not first.requires_grad
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())


def test_translating_draws_no_random_number():
    model = Generator(size=32, width=2, dropout=0.5)
    sources = torch.rand(40, 1, 32, 32)
    state = torch.random.get_rng_state()
    outputs = previews.translate(model, sources)
    assert torch.equal(state, torch.random.get_rng_state())
    assert torch.equal(outputs, previews.translate(model, sources))
    assert torch.allclose(outputs[:1], previews.translate(model, sources[:1]), atol=1e-5)


def test_a_sheet_has_three_rows_and_a_column_a_picture():
    source, output, target = torch.rand(5, 1, 8, 8), torch.rand(5, 3, 8, 8), torch.rand(5, 3, 8, 8)
    sheet = previews.draw(source, output, target)
    assert sheet.shape == (3 * 8 + 4, 5 * 8 + 8, 3)
    assert np.array_equal(sheet[10:18, :8], images.from_tensor(output)[0])


def test_the_film_shows_every_step_of_every_domain(tmp_path):
    for step in (0, 10, 20):
        for domain in ("edges", "gray"):
            picture = np.full((28, 48, 3), step, np.uint8)
            images.write(tmp_path / previews.name(step, domain), picture)
    assert list(previews.sheets(tmp_path)["gray"]) == [0, 10, 20]
    previews.write_film(tmp_path, tmp_path / "film.gif", 5)
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == 3
        assert film.size[1] == 2 * 78 + 2


def test_no_sheets_make_no_film(tmp_path):
    previews.write_film(tmp_path, tmp_path / "film.gif", 5)
    assert not (tmp_path / "film.gif").exists()
