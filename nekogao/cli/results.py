"""Commands that use and show what was trained."""

import sys
from pathlib import Path

from tyro.conf import Positional

from nekogao.cli.app import AT_FAULT, DONE, UsageError, app, is_file, note_left_out
from nekogao.names import Fit, shown


@app.command
def apply(
    model: Positional[Path],
    images: Positional[tuple[str, ...]],
    out: Path | None = None,
    domain: str | None = None,
    fit: Fit = "stretch",
    restore: bool = False,
    settle: int = 0,
    side_by_side: bool = False,
    nearest: bool = False,
) -> int:
    """Translate pictures, folders, glob patterns, videos and animations.

    Args:
        model: A run, a model.safetensors, or a foreign U-Net's .pth.
        images: What to translate.
        out: Where to; RUN/applied where MODEL is a run. Nothing there is ever overwritten.
        domain: The domain to make sources with; the one trained last unless given. `as-is`
            takes the pictures themselves as sources.
        fit: How a picture becomes the model's square.
        restore: Give outputs their picture's own size back.
        settle: How often to feed the output back through the domain.
        side_by_side: Write picture, source and output (and nearest face) in one row.
        nearest: Name the training face that each output resembles most.
    """
    from nekogao.models.gallery import apply as translate
    from nekogao.models.translator import Options, Translator

    if not images:
        raise UsageError("apply: name at least one picture, folder or pattern")
    if settle < 0:
        raise UsageError(f"apply: --settle {settle} must not be negative")
    if out is None and is_file(model):
        raise UsageError("apply: give --out, since MODEL is a file")
    options = Options(
        domain=domain, fit=fit, restore=restore, settle=settle,
        side_by_side=side_by_side, nearest=nearest,
    )  # fmt: skip
    note_left_out(*images, videos=True)
    failed = 0
    for done in translate(Translator.load(model), images, out or model / "applied", options):
        if done.error:
            failed += 1
            print(f"nekogao: {shown(done.error)}", file=sys.stderr)
            continue
        if done.note:
            print(f"note: {shown(done.note)}", file=sys.stderr)
        frames = f"  {done.frames} frames" if done.frames else ""
        near = f"  nearest face {done.nearest}" if done.nearest else ""
        print(shown(f"{done.path} -> {done.output}{frames}{near}"))
    return AT_FAULT if failed else DONE


@app.command
def report(run: Positional[Path], applied: Path | None = None) -> int:
    """Write one HTML page about a run.

    Args:
        run: A run.
        applied: A folder that `apply` wrote; RUN/applied unless given.
    """
    from nekogao.report.run import build_report

    print(build_report(run, applied).resolve())
    return DONE
