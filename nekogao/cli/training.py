"""Commands that train."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from nekogao.cli.app import DONE, INTERRUPTED, UsageError, app, end_run, from_the_line, show_result
from nekogao.cli.output import go_on_unheard


@app.command
def demo(out: Annotated[Positional[Path], arg(metavar="OUT")] = Path("demo")) -> int:
    """The whole story on ten embedded faces, a few minutes long; ends with a report.

    Args:
        out: A new folder; the same command resumes after an interruption.
    """
    from nekogao.demo import RUN
    from nekogao.demo import demo as tell
    from nekogao.tracking import console
    from nekogao.training.allocator import keep_freed_memory

    go_on_unheard()
    keep_freed_memory()
    with console.stop_on_signal() as stop:
        if console.show(tell(out, stop)):
            return INTERRUPTED
    show_result(out / RUN)
    return DONE


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
        pairs: The pair set, where the old run's has moved; it is noted in the new run.
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
