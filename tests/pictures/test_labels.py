import numpy as np
import pytest
from PIL import Image
from skimage.draw import disk

from nekogao.pictures import characters, images, labels
from nekogao.pictures.labels import census, palette_of, survey


def label_map(seed=0, values=range(0, 250, 23), side=96):
    """Discs of each value on the first one."""
    rng = np.random.default_rng(seed)
    drawn = np.full((side, side), values[0], np.uint8)
    for value in [*values[1:]] * 2:
        drawn[disk(rng.integers(10, side - 10, 2), 11, shape=drawn.shape)] = value
    for number, value in enumerate(values):
        drawn[:6, 8 * number : 8 * number + 8] = value
    return drawn


def found_in(pictures, channels=1, **options):
    return [c[0] for c in palette_of(survey(map(census, pictures), **options), channels)]


def test_few_values_in_flat_regions_are_labels():
    assert found_in([label_map(seed) for seed in range(3)]) == list(range(0, 250, 23))


def test_a_coloured_map_keeps_its_colours():
    colours = np.random.default_rng(1).integers(0, 256, (250, 3), np.uint8)
    found = palette_of(survey([census(colours[label_map()])]), 3)
    assert set(found) == {tuple(colours[v].tolist()) for v in range(0, 250, 23)}


@pytest.mark.parametrize("kind", ["photograph", "gray face", "face", "line drawing", "blank"])
def test_other_pictures_are_no_label_maps(kind):
    face = characters.draw_face(characters.CHARACTERS[0], 128)
    line = np.full((64, 64), 255, np.uint8)
    line[::9] = line[:, ::7] = 0
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    given = {"photograph": noise, "gray face": images.luma(face), "face": face,
             "line drawing": line, "blank": np.zeros((64, 64), np.uint8)}  # fmt: skip
    assert survey([census(given[kind])]) == []


def test_blends_at_borders_are_strays_and_snap_to_a_neighbour():
    clean = label_map()
    big = images.resize(clean, 192, 192, nearest=True)
    blended = images.resize(images.resize(big, 160, 160), 192, 192)
    assert len(np.unique(blended)) > 100
    found = palette_of(survey([census(blended)], forced=True), 1)
    assert [c[0] for c in found] == list(range(0, 250, 23))
    counted = labels.strays(blended, found)
    assert sum(counted.values()) == (~np.isin(blended, np.unique(clean))).sum()
    snapped = labels.snap(blended, found)
    assert not labels.strays(snapped, found) and (snapped == big).mean() > 0.95
    assert np.array_equal(labels.snap(clean, found), clean)


def test_a_compressed_map_has_a_label_for_each_region(tmp_path):
    clean = images.resize(label_map(), 384, 384, nearest=True)
    Image.fromarray(clean).save(tmp_path / "x.jpg", quality=80)
    lossy = images.read(tmp_path / "x.jpg", channels=1)
    assert survey([census(lossy)]) == []
    found = found_in([lossy], forced=True)
    assert len(found) == 11 and np.abs(np.array(found) - range(0, 250, 23)).max() <= 4
    snapped = labels.snap(lossy, tuple((v,) for v in found))
    assert (np.abs(snapped.astype(int) - clean) <= 4).mean() > 0.98
