"""Commands that train."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from nekogao.cli.app import (
    AT_FAULT,
    DONE,
    INTERRUPTED,
    UsageError,
    app,
    end_run,
    from_the_line,
    note_first_frames,
    note_left_out,
    process_start,
    show_result,
)
from nekogao.cli.output import go_on_unheard


@app.command
def demo(out: Annotated[Positional[Path], arg(metavar="OUT")] = Path("demo")) -> int:
    """The whole story on ten embedded faces, a few minutes long; ends with a report.

    Args:
        out: A new folder; the same command resumes after an interruption.
    """
    from nekogao.tracking import console
    from nekogao.training.allocator import keep_freed_memory
    from nekogao.workshop.demo import RUN
    from nekogao.workshop.demo import demo as tell

    go_on_unheard()
    keep_freed_memory()
    with console.stop_on_signal() as stop:
        if console.show(tell(out, stop)):
            return INTERRUPTED
    show_result(out / RUN)
    return DONE


@app.command
def make(
    photos: Annotated[Positional[Path], arg(metavar="PHOTOS")],
    apply: tuple[str, ...] = (),
    out: Path = Path("cats"),
    time: str | None = None,
    extend: bool = False,
    whole: bool = False,
    kind: Literal["auto", "cat", "human"] = "auto",
) -> int:
    """From photographs to a trained translator and its answers, in one folder.

    Looks for faces, makes pairs, trains, translates the pictures and writes a page. The same
    command goes on after an interruption; with more pictures it translates those.

    Args:
        photos: A folder of photographs; they are never changed.
        apply: Pictures, folders and patterns to translate in the end.
        out: A new folder, or one that this command began.
        time: How long it may take in all, as 30s or 2m; decides the size of the pictures and how
            long to train. Unless given, it trains as the recipe `fast` does.
        extend: Take in photographs that are new in PHOTOS, and train on with them.
        whole: Take the photographs whole, without looking for faces.
        kind: Whose faces to look for.
    """
    from nekogao.runs.events import Event, Said
    from nekogao.tracking import console
    from nekogao.training.allocator import keep_freed_memory
    from nekogao.workshop.make import make as tell
    from nekogao.workshop.plan import parse_time

    with from_the_line("make"):
        seconds = None if time is None else parse_time(time)
    note_left_out(photos)
    note_first_frames(photos)
    go_on_unheard()
    keep_freed_memory()
    with console.stop_on_signal() as stop:
        events = tell(
            photos, apply, out, seconds=seconds, extend=extend, whole=whole, kind=kind,
            begun=process_start(), stop=stop,
        )  # fmt: skip
        faults: list[Said] = []

        def heard() -> Iterator[Event]:
            for event in events:
                if isinstance(event, Said) and event.fault:
                    faults.append(event)
                yield event

        if console.show(heard(), whole=True):
            return INTERRUPTED
    return AT_FAULT if faults else DONE


@app.command
def train(
    run: Annotated[Positional[Path], arg(metavar="RUN")],
    pairs: Path | None = None,
    recipe: str | None = None,
    config: Path | None = None,
    phases: tuple[str, ...] = (),
    generator: str | None = None,
    seed: int | None = None,
    hold_out: int | None = None,
    settings: Annotated[tuple[str, ...], arg(name="set")] = (),
    init_from: Path | None = None,
) -> int:
    """Train a run; the same command again resumes where it was interrupted.

    Args:
        run: The run's folder.
        pairs: The pair set; may be left out when going on with a run. Where it has moved, the
            new place is noted in the run.
        recipe: fast (the default), article, pix2pix, one-pair or exemplar; see `nekogao recipes`.
        config: A TOML file, or another run's run.toml, instead of a recipe.
        phases: DOMAIN:EPOCHS, in order, as in edges:160 gray:80; edges+gray:100 and all:100 mix.
        generator: encoder-decoder, no-skips, inner3, unet, unet-128 or unet-256.
        seed: Everything random follows from it.
        hold_out: So many pairs, spread evenly, are not trained on but measured.
        settings: Any other setting, as in generator.width=32 optimizer.lr=1e-3; `nekogao recipes
            NAME` lists all of them.
        init_from: A run or model file to take the first weights from.
    """
    from nekogao.config.compose import DEFAULT, compose, parse_overrides
    from nekogao.runs.folder import Run
    from nekogao.tracking import console
    from nekogao.training.allocator import keep_freed_memory
    from nekogao.training.loop import train as go

    if recipe and config:
        raise UsageError("train: give --recipe or --config, not both")
    chosen = None
    if not Run(run).exists or any(
        (recipe, config, phases, generator, settings, seed is not None, hold_out is not None)
    ):
        if config:
            compose(config)  # what is wrong in the file is not the command line's fault
        with from_the_line("train"):
            chosen = compose(
                config or recipe or DEFAULT,
                generator=generator,
                phases=phases,
                seed=seed,
                overrides={
                    **parse_overrides(settings),
                    **({} if hold_out is None else {"hold_out": hold_out}),
                },
            )
    go_on_unheard()
    keep_freed_memory()
    with console.stop_on_signal() as stop:
        interrupted = console.show(go(run, pairs, chosen, init_from=init_from, stop=stop))
    return end_run(run, interrupted)


@app.command
def switch(
    run: Annotated[Positional[Path], arg(metavar="RUN")],
    new: Annotated[Positional[Path], arg(metavar="NEW")],
    phases: tuple[str, ...],
    pairs: Path | None = None,
) -> int:
    """Go on from the end of a run with more phases, in a new run.

    Args:
        run: A finished run; it stays as it is.
        new: The new run's folder; the same command resumes after an interruption.
        phases: DOMAIN:EPOCHS, in order.
        pairs: The pair set: the old run's where it has moved, or one of other faces. What is
            kept of the faces before is then measured as edges-of-SET.
    """
    from nekogao.config.schema import Phase
    from nekogao.tracking import console
    from nekogao.training.allocator import keep_freed_memory
    from nekogao.training.loop import switch as go

    with from_the_line("switch"):
        chosen = [str(Phase.parse(phase)) for phase in phases]
    go_on_unheard()
    keep_freed_memory()
    with console.stop_on_signal() as stop:
        interrupted = console.show(go(run, new, chosen, pairs, stop=stop))
    return end_run(new, interrupted)


@app.command
def recipes(name: Annotated[Positional[str], arg(metavar="NAME")] = "") -> int:
    """List the recipes, or show all settings of one with what they mean.

    Args:
        name: A recipe; without one all are listed, one per line.
    """
    from nekogao.config.compose import compose
    from nekogao.config.compose import recipes as known
    from nekogao.config.documentation import document

    if name:
        with from_the_line("recipes"):
            chosen = compose(name)
        print(document(chosen), end="")
        return DONE
    for each, meaning in known().items():
        print(f"{each:10}{meaning}")
    return DONE
