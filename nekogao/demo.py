"""The whole story on pictures that come with the package and its dependencies."""

from collections.abc import Callable, Iterator
from pathlib import Path

from nekogao.config.compose import compose
from nekogao.files import new_folder
from nekogao.models.gallery import apply
from nekogao.models.translator import Options, Translator
from nekogao.pairs.build import build
from nekogao.pictures import photographs
from nekogao.report.run import build_report
from nekogao.runs.events import Event, Interrupted
from nekogao.runs.folder import Run
from nekogao.training.loop import train

PHASES = ("edges:100", "gray:100")
RUN = "ten-faces"
SETTLE = 10
"""Times that an output is fed back in the demo: one pass gives a blend, more give a face."""


def demo(out: Path, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
    """Ten faces, edges then gray, then four photographs; ends with OUT/ten-faces/report.html.

    Called again after an interruption it goes on where it was. Raises InputError where `out`
    holds something else.
    """
    if not (out / "faces").is_dir():
        with new_folder(out) as folder:
            photographs.write_folder(photographs.ten_faces(), folder / "faces")
            photographs.write_folder(photographs.photographs(), folder / "photographs")
    if not (out / "pairs").is_dir():
        # Built where they stay, so that the manifest names faces that are still there.
        build(out / "faces", out / "pairs")
    config = compose("fast", phases=PHASES)
    for event in train(out / RUN, out / "pairs", config, stop=stop):
        yield event
        if isinstance(event, Interrupted):
            return
    run = Run.open(out / RUN)
    if not run.applied.is_dir():
        options = Options(nearest=True, settle=SETTLE)
        with new_folder(run.applied) as folder:
            list(apply(Translator.load(run.folder), [str(out / "photographs")], folder, options))
    build_report(run.folder)
