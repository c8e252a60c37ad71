"""Commands that use and show what was trained."""

from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from nekogao.cli.app import (
    AT_FAULT,
    DONE,
    UsageError,
    app,
    is_file,
    note,
    note_left_out,
    say,
    tell,
)
from nekogao.names import Fit, counted


@app.command
def apply(
    model: Annotated[Positional[Path], arg(metavar="MODEL")],
    images: Annotated[Positional[tuple[str, ...]], arg(metavar="IMAGES ...")],
    out: Path | None = None,
    domain: str | None = None,
    fit: Fit = "stretch",
    restore: bool = False,
    settle: int | Literal["still"] | None = None,
    side_by_side: bool = False,
    nearest: bool = False,
    freedom: float | None = None,
    choices: int = 1,
    provenance: bool = False,
    auto: bool = False,
) -> int:
    """Translate pictures, folders, glob patterns, videos and animations.

    Args:
        model: A run, a model.safetensors, or a foreign U-Net's .pth.
        images: What to translate.
        out: Where to; RUN/applied where MODEL is a run. Nothing there is ever overwritten.
        domain: The domain to make sources with. Unless given, a line drawing goes in as edges
            where the model knows them, and other pictures through the domain trained last.
            `as-is` takes the pictures themselves as sources.
        fit: How a picture gets the model's proportions.
        restore: Give outputs their picture's own size back.
        settle: How often to feed the output back through the domain; `still` until it no longer
            changes, which is what an encoder-decoder does unless this is given.
        side_by_side: Write picture, source and output (and nearest face) in one row.
        nearest: Name the training face that each output resembles most.
        freedom: For exemplar models: from 0 (the remembered target as it is) to 1 (follow the
            source); the model decides unless given.
        choices: For exemplar models: how many answers to give for each picture, the best first.
        provenance: For exemplar models: also write where each pixel comes from, as a picture and
            as numbers (.npz).
        auto: Turn white lines on black into black on white where the model was given such.
    """
    from nekogao.models.gallery import apply as translate
    from nekogao.models.options import Options
    from nekogao.models.translator import Translator
    from nekogao.runs.folder import Run

    if not images:
        raise UsageError("apply: name at least one picture, folder or pattern")
    if isinstance(settle, int) and settle < 0:
        raise UsageError(f"apply: --settle {settle} must not be negative")
    if out is None and is_file(model):
        raise UsageError("apply: give --out, since MODEL is a file")
    options = Options(
        domain=domain, fit=fit, restore=restore, settle=settle,
        side_by_side=side_by_side, nearest=nearest, freedom=freedom, choices=choices,
        provenance=provenance, auto=auto,
    )  # fmt: skip
    note_left_out(*images, videos=True)
    failed = 0
    translator = Translator.load(model)
    if model.is_dir():
        translator.originals = Run(model).face
    for done in translate(translator, images, out or model / "applied", options):
        if done.error:
            failed += 1
            tell(done.error)
            continue
        if done.note:
            note(done.note)
        frames = f"  {counted(done.frames, 'frame')}" if done.frames else ""
        near = f", nearest face {done.nearest}" if done.nearest and done.frames else ""
        say(f"{done.path} -> {done.output}{frames}  {done.words}{near}")
    return AT_FAULT if failed else DONE


@app.command
def report(
    run: Annotated[Positional[Path], arg(metavar="RUN")],
    applied: Path | None = None,
    pairs: Path | None = None,
) -> int:
    """Write one HTML page about a run.

    Args:
        run: A run.
        applied: A folder that `apply` wrote; RUN/applied unless given.
        pairs: The pair set, where the run's own has moved; it is noted in the run.
    """
    from nekogao.report.run import build_report

    say(str(build_report(run, applied, pairs).resolve()))
    return DONE


@app.command
def compare(
    runs: Annotated[Positional[tuple[Path, ...]], arg(metavar="RUN RUN ...")],
    out: Path = Path("compare.html"),
) -> int:
    """Write one HTML page that sets runs side by side.

    Sheets, curves, what each keeps, and the settings in which they differ.

    Args:
        runs: From two to six runs; they need not be finished.
        out: A new file.
    """
    from nekogao.report.compare import build_comparison

    if len(runs) < 2:
        raise UsageError("compare: name at least two runs")
    say(str(build_comparison(runs, out).resolve()))
    return DONE


@app.command
def words() -> int:
    """Say what the words on pages and in messages mean, one sentence each."""
    from nekogao.report.legend import WORDS

    for word, meaning in WORDS.items():
        say(f"{word:10}{meaning}")
    return DONE


@app.command
def strip(
    model: Annotated[Positional[Path], arg(metavar="MODEL")],
    out: Annotated[Positional[Path], arg(metavar="OUT")],
) -> int:
    """Write a model file without the faces it was trained on, to be given to others.

    Args:
        model: A run, a model.safetensors, or a foreign U-Net's .pth.
        out: A new file. The network in it is the same; `apply` works, except for --nearest.
    """
    from nekogao.models.file import strip as write

    write(model, out)
    say(f"{out}: the network, without thumbnails and names of training faces")
    return DONE
