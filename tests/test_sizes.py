import pytest
from hypothesis import given
from hypothesis import strategies as st

from nekogao.errors import ConfigError
from nekogao.sizes import Size, check_size


@given(st.integers(1, 9999), st.integers(1, 9999))
def test_a_size_is_read_back_from_what_files_have(width, height):
    size = Size(width, height)
    assert Size.of(size.plain) == Size.stored(size.plain) == Size.of(str(size)) == size
    assert (size.plain == width) == (width == height)
    assert Size.shaped((height, width, 3)) == size and size.shape == (height, width)


def test_width_comes_before_height():
    size = Size.of("192x256")
    assert (size.width, size.height, str(size), size.plain) == (192, 256, "192x256", "192x256")
    assert (size.shorter, size.longer, size.within(32)) == (192, 256, (24, 32))
    assert Size.of(128) == Size.of("128") == (128, 128) and Size.of("64x64").plain == 64
    assert Size(512, 3).within(32) == (32, 1)


@pytest.mark.parametrize(
    "given", ["", "wide", "192x", "x256", "192 x 256", "192x256x3", "-3", "0", "12x0", 0, -32, 1.5,
              True, None, (3, 4), "\u0661\u0662", "9" * 5000],
)  # fmt: skip
def test_anything_else_is_refused_in_one_line(given):
    # Beartype would refuse other types before the function does.
    read = getattr(Size.of.__func__, "__wrapped__", Size.of.__func__)
    with pytest.raises(ConfigError) as caught:
        read(Size, given)
    assert str(caught.value) == (
        f"size {str(given)[:40]!r}: must be a side in pixels, or WIDTHxHEIGHT. "
        'Give size=128 or size="192x256" (--size on the command line).'
    )


@pytest.mark.parametrize("given", [31, 513, "32x31", "513x32"])
def test_sides_outside_the_limits_are_refused(given):
    with pytest.raises(ConfigError, match=f"size {given}: each side must be from 32 to 512"):
        check_size(given)


@pytest.mark.parametrize("given", [32, 512, "32x512", "45x33"])
def test_all_others_are_taken(given):
    assert check_size(given).plain == given


@pytest.mark.parametrize("given", ["64", "64x64", "064x32"])
def test_a_file_has_one_spelling_for_a_size(given):
    with pytest.raises(ConfigError, match=f"size is '{given}', must be "):
        Size.stored(given)
