import h5py
import numpy as np
import pytest
from PIL import Image

from nekogao.errors import ConfigError, InputError, PairSetError
from nekogao.pairs.doctor import examine
from nekogao.pairs.hdf5 import import_hdf5
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import characters, images
from nekogao.pictures.domains import built_in


def targets(count=5):
    return [characters.draw_face(who, 32) for who in characters.CHARACTERS[:count]]


def jpeg(picture, tmp_path):
    Image.fromarray(picture).save(tmp_path / "j.jpg", quality=85)
    return images.read(tmp_path / "j.jpg")


def write_hdf5(path, sources, pictures, prefix="train"):
    with h5py.File(path, "w") as file:
        file[f"{prefix}_data_raw"] = np.stack(sources).astype(np.float32)[..., None]
        file[f"{prefix}_data_gen"] = np.stack(pictures).astype(np.float32)
    return path


@pytest.fixture
def two_files(tmp_path):
    """Edges in order, grays shuffled and once through JPEG, as the author's files are."""
    faces = targets()
    order = [3, 0, 4, 1, 2]
    edges = write_hdf5(tmp_path / "c.hdf5", [built_in("edges").source(t) for t in faces], faces)
    shuffled = [jpeg(faces[i], tmp_path) for i in order]
    gray = write_hdf5(tmp_path / "g.hdf5", [images.luma(faces[i]) for i in order], shuffled, "val")
    return {"edges": edges, "gray": gray}


def test_files_are_merged_by_matching_targets(two_files, tmp_path):
    assert import_hdf5(tmp_path / "set", two_files) == 5
    found = PairSet.open(tmp_path / "set")
    assert examine(tmp_path / "set") == [] and found.domains == ["edges", "gray"]
    for target, gray, edges, face in zip(
        found.targets, found.sources["gray"], found.sources["edges"], targets(), strict=True
    ):
        assert np.array_equal(target, face)
        assert np.array_equal(gray, images.luma(face))
        assert np.array_equal(edges, built_in("edges").source(face))
    assert [i.origin.sources["gray"].index for i in found.items] == [1, 3, 4, 0, 2]


def test_other_faces_do_not_match(two_files, tmp_path):
    faces = [characters.draw_face(who, 32) for who in characters.CHARACTERS[4:9]]
    write_hdf5(two_files["gray"], [images.luma(f) for f in faces], faces)
    with pytest.raises(PairSetError, match="has no copy in gray"):
        import_hdf5(tmp_path / "set", two_files)
    assert not (tmp_path / "set").exists()


def test_double_faces_do_not_match_one_to_one(two_files, tmp_path):
    faces = targets()
    faces[1] = faces[0]
    write_hdf5(two_files["edges"], [images.luma(f) for f in faces], faces)
    write_hdf5(two_files["gray"], [images.luma(f) for f in faces], faces)
    with pytest.raises(PairSetError, match="must be one to one"):
        import_hdf5(tmp_path / "set", two_files)


def test_damaged_files_are_refused(two_files, tmp_path):
    def refuse(message, error=InputError):
        with pytest.raises(error, match=message) as caught:
            import_hdf5(tmp_path / "set", two_files)
        assert "\n" not in str(caught.value) and not (tmp_path / "set").exists()

    path = two_files["gray"]
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refuse("damaged or not HDF5")
    path.write_text("no HDF5")
    refuse("damaged or not HDF5")
    path.unlink()
    refuse("no such file")
    with h5py.File(path, "w") as file:
        file["pictures"] = np.zeros(3)
    refuse("has no train_data_raw and train_data_gen .*; found pictures")
    write_hdf5(path, [np.zeros((32, 32))], [np.full((32, 32, 3), 300.0)])
    refuse("values from 300 to 300; expected 0 to 255")
    write_hdf5(path, [np.zeros((32, 32))], [np.full((32, 32, 3), 0.5)])
    refuse("would all be black")
    write_hdf5(path, [np.zeros((32, 32))] * 2, [np.full((32, 32, 3), 9.0)])
    refuse("2 sources for 1 target;")
    write_hdf5(path, [np.zeros((32, 20))], [np.full((32, 20, 3), 9.0)])
    with pytest.raises(ConfigError, match="size 20x32: each side must be from 32 to 512 pixels"):
        import_hdf5(tmp_path / "set", {"edges": path})
    write_hdf5(path, [np.zeros((32, 32))], [np.full((32, 32, 2), 9.0)])
    refuse("expected items x height x width x 1 or 3")
    with h5py.File(path, "w") as file:
        file["train_data_raw"], file["train_data_gen"] = 3.0, 4.0
    refuse("expected items x height x width")
    write_hdf5(path, [np.zeros((64, 64))], [np.full((32, 32, 3), 9.0)])
    refuse("of one size")


def a_file(path, raw, gen=None):
    gen = np.stack([*targets(1) * len(raw)]) if gen is None else gen
    with h5py.File(path, "w") as file:
        file["train_data_raw"], file["train_data_gen"] = raw, gen
    return path


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32])
def test_sources_of_0_and_1_are_refused_whatever_their_type(tmp_path, kind):
    mask = (images.luma(targets(1)[0]) > 128)[None, ..., None]
    path = a_file(tmp_path / "x.h5", mask.astype(kind))
    with pytest.raises(InputError, match="values from 0 to 1 would all be black on 0 to 255"):
        import_hdf5(tmp_path / "set", {"mask": path})


def test_booleans_become_black_and_white(tmp_path):
    mask = (images.luma(targets(1)[0]) > 128)[None, ..., None]
    import_hdf5(tmp_path / "set", {"mask": a_file(tmp_path / "x.h5", mask)})
    (source,) = PairSet.open(tmp_path / "set").sources["mask"]
    assert np.array_equal(source, mask[0, ..., 0] * np.uint8(255)) and source.max() == 255


def foreign(path, how, shape=(1, 32, 32, 3)):
    """A file of sources that are, in one way or another, not its own."""
    other = path.with_name("other.h5")
    with h5py.File(other, "w") as file:
        file["data"] = np.full(shape, 65, np.uint8)
    secret = path.with_name("secret.txt")
    secret.write_bytes(b"secret" * 600)
    with h5py.File(path, "w") as file:
        file["train_data_gen"] = np.stack(targets(1))
        if how == "external storage":
            file.create_dataset("train_data_raw", shape, "u1", external=[(str(secret), 0, 3072)])
        elif how == "virtual":
            layout = h5py.VirtualLayout(shape, "u1")
            layout[...] = h5py.VirtualSource(str(other), "data", shape)
            file.create_virtual_dataset("train_data_raw", layout)
        elif how == "external link":
            file["train_data_raw"] = h5py.ExternalLink(str(other), "data")
        elif how == "soft link to an external link":
            file["group/out"] = h5py.ExternalLink(str(other), "/")
            file["train_data_raw"] = h5py.SoftLink("/group/out/data")
        elif how == "loop":
            file["train_data_raw"] = h5py.SoftLink("/a")
            file["a"] = h5py.SoftLink("/train_data_raw")
        elif how == "dangling":
            file["train_data_raw"] = h5py.SoftLink("/nothing")
        elif how == "group":
            file.create_group("train_data_raw")
        elif how == "text":
            file["train_data_raw"] = np.full(shape, b"x")
        elif how == "huge":
            file.create_dataset("train_data_raw", (10**9, 128, 128, 3), "u1", chunks=True)
    return path


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("external storage", "the values of train_data_raw are in other files"),
        ("virtual", "the values of train_data_raw are in other files"),
        ("external link", "train_data_raw is a link to another file, or leads nowhere"),
        ("soft link to an external link", "is a link to another file, or leads nowhere"),
        ("loop", "is a link to another file, or leads nowhere"),
        ("dangling", "is a link to another file, or leads nowhere"),
        ("group", "train_data_raw is no dataset"),
        ("text", r"values of type \|S1; expected numbers"),
        ("huge", "declares 49,152,000,000,000 bytes .* and stores 0; it cannot be whole"),
    ],
)
def test_a_file_gives_nothing_but_what_it_holds(tmp_path, how, reason):
    with pytest.raises(InputError, match=reason) as caught:
        import_hdf5(tmp_path / "set", {"source": foreign(tmp_path / "x.h5", how)})
    assert "\n" not in str(caught.value) and not (tmp_path / "set").exists()


def test_a_soft_link_inside_the_file_is_followed(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["deep/own"] = np.stack([255 - t for t in targets(2)])
        file["train_data_gen"] = np.stack(targets(2))
        file["train_data_raw"] = h5py.SoftLink("deep/own")
    assert import_hdf5(tmp_path / "set", {"source": tmp_path / "x.h5"}) == 2


def test_gray_sources_of_the_domain_colour_have_three_channels(tmp_path):
    faces = targets()
    path = write_hdf5(tmp_path / "a.hdf5", [images.luma(face) for face in faces], faces)
    import_hdf5(tmp_path / "set", {"colour": path})
    found = PairSet.open(tmp_path / "set")
    assert found.header.domains["colour"] == built_in("colour")
    assert np.array_equal(found.sources["colour"][0], images.rgb(images.luma(faces[0])))
