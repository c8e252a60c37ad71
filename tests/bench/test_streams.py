import pytest

from nekogao.bench import streams
from nekogao.bench.findings import Workplace
from nekogao.pictures import images


@pytest.fixture
def work(tmp_path):
    return Workplace(tmp_path, tmp_path, quick=True)


def test_pictures_to_import_are_large_and_share_their_pixels(tmp_path):
    sides = streams.write_pictures(tmp_path, 3)
    for side in sides:
        paths = images.find(side)
        assert [path.name for path in paths] == ["0000.jpg", "0001.jpg", "0002.jpg"]
        assert images.read(paths[2]).shape == (1200, 1600, 3)
        assert paths[0].samefile(paths[2])


def test_an_import_is_compared_with_its_pictures_at_full_size(work):
    stream = streams.import_folders(work, 2, repeats=1)
    assert stream.row.baseline == 2 * 2 * 1600 * 1200 * 3 / 2**20
    assert stream.row.value == stream.peak_bytes[0] / 2**20 > 50


@pytest.mark.slow
def test_answering_a_folder_answers_all_of_it(work):
    stream = streams.explain(work, 3, repeats=1)
    assert stream.row.name == "explain-3" and stream.peak_bytes[0] > 50 * 2**20
    folder = work.scratch / "explain-3"
    assert streams.answer(folder / "model.safetensors", folder / "sources") == 3
