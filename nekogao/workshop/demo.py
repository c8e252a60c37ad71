"""The whole story on pictures that come with the package and its dependencies."""

from collections.abc import Callable, Iterator
from pathlib import Path

from nekogao.config.compose import compose
from nekogao.files import new_folder
from nekogao.pictures import photographs
from nekogao.runs.events import Event
from nekogao.workshop.make import RUNS, make

PHASES = ("edges:100", "gray:100")
FACES, OTHERS, MADE = "photos", "others", "cats"
RUN = f"{MADE}/{RUNS}/{MADE}"
"""Where the run is in the demo's folder."""


def demo(out: Path, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
    """Ten faces, edges then gray, then four photographs; ends with OUT/RUN/report.html.

    It is `make` on the built-in pictures, with two phases instead of one. Called again after an
    interruption it goes on where it was. Raises InputError where `out` holds something else.
    """
    if not (out / FACES).is_dir():
        with new_folder(out) as folder:
            photographs.write_folder(photographs.ten_faces(), folder / FACES)
            photographs.write_folder(photographs.photographs(), folder / OTHERS)
    yield from make(
        out / FACES, out / OTHERS, out / MADE, whole=True, name=MADE,
        config=compose("fast", phases=PHASES), stop=stop,
    )  # fmt: skip
