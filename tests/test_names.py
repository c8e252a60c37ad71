from hypothesis import given
from hypothesis import strategies as st

from nekogao import names


def test_a_taken_name_gets_a_number(tmp_path):
    for expected in ("a.png", "a-2.png", "a-3.png"):
        path = names.free_name(tmp_path, "a", ".png")
        assert path.name == expected
        path.touch()


@given(st.text())
def test_a_slug_is_a_plain_file_name(text):
    name = names.slug(text)
    assert name and not set(name) & set('/\\:*?"<>| \n') and name not in {".", ".."}


@given(st.text(min_size=100))
def test_a_slug_leaves_room_for_suffixes(text):
    assert len(names.slug(text).encode()) <= 150
