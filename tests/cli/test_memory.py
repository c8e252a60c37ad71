import cv2
import numpy as np
import pytest
import torch

from nekogao.cli import app, main, memory


def raised(make):
    try:
        make()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


HUGE = 2**60
ERRORS = {
    "python": MemoryError(),
    "numpy": raised(lambda: np.empty(HUGE, np.uint8)),
    "cpu": raised(lambda: torch.empty(HUGE, dtype=torch.uint8)),
    "cuda": torch.OutOfMemoryError(
        "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79 GiB"
    ),
    "old cuda": RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be reported"),
    "opencv": cv2.error("OpenCV: error: (-4:Insufficient memory) Failed to allocate 9 bytes"),
}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize(
    ("command", "advice"),
    [
        (("train", "run"), ("batch", "width", "size")),
        (("pairs", "in", "out"), ("--size",)),
        (("apply", "run", "a.png"), ("width", "size")),
        (("study", "a.toml"), ("batch", "width", "size")),
    ],
)
def test_too_little_memory_is_one_line_that_says_what_to_lower(
    monkeypatch, capsys, name, command, advice
):
    def fail(arguments, description):
        raise ERRORS[name]

    monkeypatch.setattr(app.app, "run", fail)
    assert main(command) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("nekogao: not enough memory")
    assert all(word in line for word in advice)


def test_the_amount_is_said_where_it_is_known():
    assert memory.shortage(ERRORS["cuda"]).endswith("(20.00 MiB more were needed)")
    assert "MiB more were needed" in memory.shortage(ERRORS["cpu"])


def test_other_errors_are_not_taken_for_it(monkeypatch):
    def fail(arguments, description):
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(app.app, "run", fail)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        main(["train", "run"])
