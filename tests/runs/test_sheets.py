import numpy as np
import torch
from PIL import Image

from nekogao.pictures import images
from nekogao.runs import sheets


def test_a_sheet_has_three_rows_and_one_column_per_picture():
    source, output, target = torch.rand(5, 1, 8, 8), torch.rand(5, 3, 8, 8), torch.rand(5, 3, 8, 8)
    drawn = sheets.draw(source, output, target)
    assert drawn.shape == (3 * 8 + 4, 5 * 8 + 8, 3)
    assert np.array_equal(drawn[10:18, :8], images.from_tensor(output)[0])


def test_the_film_shows_every_step_of_every_domain(tmp_path):
    for step in (0, 10, 20):
        for domain in ("edges", "gray"):
            picture = np.full((28, 48, 3), step, np.uint8)
            images.write(tmp_path / sheets.name(step, domain), picture)
    assert list(sheets.sheets(tmp_path)["gray"]) == [0, 10, 20]
    sheets.write_film(tmp_path, tmp_path / "film.gif", 5)
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == 3
        assert film.size[1] == 2 * 78 + 2


def test_the_film_keeps_the_proportions_of_its_pictures(tmp_path):
    rows = [torch.rand(5, channels, 12, 8) for channels in (1, 3, 3)]
    images.write(tmp_path / sheets.name(0, "gray"), sheets.draw(*rows))
    sheets.write_film(tmp_path, tmp_path / "film.gif", 5)
    with Image.open(tmp_path / "film.gif") as film:
        assert film.size == (5 * (43 + 1), 64 + 14 + 2)


def test_no_sheets_make_no_film(tmp_path):
    sheets.write_film(tmp_path, tmp_path / "film.gif", 5)
    assert not (tmp_path / "film.gif").exists()
