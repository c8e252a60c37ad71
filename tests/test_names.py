import csv
import io
import unicodedata

import pytest
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
    assert unicodedata.is_normalized("NFC", name) and names.slug(name) == name


@given(st.text(min_size=100))
def test_a_slug_leaves_room_for_suffixes(text):
    assert len(names.slug(text).encode()) <= 150


@pytest.mark.parametrize(
    "text", ["con", "CON", "Aux", "nul.txt", "prn.a.b", "com1", "LPT9", "com¹", " con ", "-aux."]
)
def test_a_slug_is_no_device_of_windows(text):
    assert not names.is_reserved(names.slug(text))
    assert names.slug(text).partition(".")[0].endswith("_")


@pytest.mark.parametrize("text", ["console", "com", "com10", "auxiliary", "nul-2", "a.con"])
def test_names_that_only_resemble_devices_stay_as_they_are(text):
    assert names.slug(text) == text


@pytest.mark.parametrize("text", ["ไก่ขี้", "हिन्दी", "שָׁלוֹם", "ガール", "Mädchen", "กำ้"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_slug_keeps_combining_marks(text, form):
    assert names.slug(unicodedata.normalize(form, text)) == unicodedata.normalize("NFC", text)


@given(st.text())
def test_a_cell_is_no_formula_and_is_read_back(text):
    assert not names.cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert names.from_cell(names.cell(text)) == text
    written = io.StringIO()
    csv.writer(written).writerow(["x", names.cell("=1+1")])
    assert written.getvalue().strip() == "x,'=1+1"


def test_a_shown_name_has_no_terminal_escapes_and_stays_itself_otherwise():
    assert names.shown("\x1b[31mred\x07\n.png") == "\\x1b[31mred\\x07\\n.png"
    assert names.shown("cat\u202egnp.exe") == "cat\\u202egnp.exe"
    assert names.shown("caf\udce9") == "caf\\udce9"
    for plain in ("猫の顔.png", "a b.png", "👩\u200d🚀.png", "C:\\x"):
        assert names.shown(plain) == plain


def test_absolute_paths_are_cut_down_to_their_names():
    cut = names.without_folders
    assert cut('pairs = "/home/me/my sets/cats"') == 'pairs = "cats"'
    assert cut("pairs = 'C:\\\\Users\\\\me\\\\cats'") == "pairs = 'cats'"
    assert cut("/home/me/a.png: is not a picture.") == "a.png: is not a picture."
    for kept in ("edges+gray:100", "1/2 of 3", "sets/cats", "https://example.org/a/b", "a / b"):
        assert cut(kept) == kept
