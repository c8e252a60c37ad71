import numpy as np
import pytest

from nekogao.errors import ConfigError
from nekogao.pictures.domains import Domain, built_in, imported, of_kind


def test_edges_are_black_lines_on_white_where_the_picture_changes():
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[:, 16:] = 255
    edges = built_in("edges").source(picture)
    assert edges.shape == (32, 32) and set(np.unique(edges)) == {0, 255}
    assert (edges[4:-4, :12] == 255).all() and (edges[4:-4, 20:] == 255).all()
    assert (edges[4:-4, 14:18] == 0).any(axis=1).all()


def test_higher_thresholds_draw_fewer_edges():
    rng = np.random.default_rng(0)
    picture = np.kron(rng.integers(0, 256, (8, 8, 3), np.uint8), np.ones((8, 8, 1), np.uint8))
    black = [int((built_in("edges", t, t).source(picture) == 0).sum()) for t in (64, 512, 1024)]
    assert black[0] > black[1] > black[2]


def test_gray_is_luma():
    assert built_in("gray").source(np.full((2, 2, 3), (255, 0, 0), np.uint8)).tolist() == [
        [76, 76],
        [76, 76],
    ]


def test_colour_is_the_picture_itself_in_three_channels():
    picture = np.random.default_rng(0).integers(0, 256, (4, 4, 3), np.uint8)
    found = built_in("colour")
    assert found.channels == 3 and np.array_equal(found.source(picture), picture)
    assert np.array_equal(found.source(picture[..., 0]), np.stack([picture[..., 0]] * 3, axis=2))
    assert imported("colour", 1) == found == Domain.from_dict(found.to_dict())


def test_a_domain_may_be_of_a_built_in_kind_under_another_name():
    found = of_kind("colour", "frames")
    assert (found.name, found.kind, found.channels) == ("frames", "colour", 3)
    assert of_kind("colour", "colour") == built_in("colour")
    with pytest.raises(ConfigError, match="domain 'gray' is made in another way than 'colour'"):
        of_kind("colour", "gray")
    with pytest.raises(ConfigError, match="cannot name a folder"):
        of_kind("colour", "con")
    with pytest.raises(ConfigError, match="unknown domain 'depth'"):
        of_kind("depth", "x")


def test_imported_domains_make_no_source():
    with pytest.raises(ConfigError, match="sources were imported"):
        Domain(name="outline", kind="imported").source(np.zeros((4, 4, 3), np.uint8))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "all", "kind": "gray"}, "not one of all, as-is, target"),
        ({"name": "target", "kind": "imported"}, "not one of all, as-is, target"),
        ({"name": "../x", "kind": "gray"}, "letters, digits"),
        ({"name": "a", "kind": "sobel"}, "unknown kind 'sobel'"),
        ({"name": "a", "kind": "edges", "low": 9, "high": 3}, "0 <= low <= high"),
        ({"name": "a", "kind": "imported", "channels": 2}, "use 1 or 3"),
        ({"name": "a", "kind": "colour"}, "1 channel for the kind colour, whose sources have 3"),
    ],
)
def test_a_bad_domain_is_refused(fields, message):
    with pytest.raises(ConfigError, match=message):
        Domain(**fields)
    with pytest.raises(ConfigError, match="unknown domain 'depth'.*gray, edges, colour"):
        built_in("depth")
