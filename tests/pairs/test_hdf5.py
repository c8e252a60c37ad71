import h5py
import numpy as np
import pytest
from PIL import Image

from nekogao.errors import InputError, PairSetError
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
    refuse("2 sources for 1 targets")
    write_hdf5(path, [np.zeros((32, 20))], [np.full((32, 20, 3), 9.0)])
    refuse("expected items x side x side")
    with h5py.File(path, "w") as file:
        file["train_data_raw"], file["train_data_gen"] = 3.0, 4.0
    refuse("expected items x side x side")
    write_hdf5(path, [np.zeros((64, 64))], [np.full((32, 32, 3), 9.0)])
    refuse("of one size")
