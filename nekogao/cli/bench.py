"""The command that measures speed."""

from pathlib import Path
from typing import Literal

from nekogao.cli.app import DONE, app, say

SectionName = Literal[
    "step-article", "step-unet256", "translate", "apply", "help", "fast", "textbook", "capacity",
    "scale", "costs", "drawings", "unseen", "profile",
]  # fmt: skip


@app.command
def bench(
    pairs: Path | None = None,
    out: Path = Path("bench.json"),
    only: tuple[SectionName, ...] = (),
    quick: bool = False,
    sets: Path | None = None,
    clip: Path | None = None,
) -> int:
    """Measure speed and memory, compared with textbook baselines and the arithmetic limit.

    Missed goals are reported but do not affect the exit status.

    Args:
        pairs: A pair set with the domains edges and gray; ten embedded faces unless given.
        out: A new file for all the numbers, as JSON.
        only: Sections to measure; all unless given.
        quick: Measure less often, and leave out what takes many minutes.
        sets: A folder that keeps the drawn pair sets of `scale` and `costs` for the next time;
            drawing 100,000 takes ten minutes and 3 GB.
        clip: A video of 100 frames or more for `unseen`, which is left out without one.
    """
    from nekogao.bench import limit, result, suite, table

    result.check_new_file(out)
    rate = limit.matmul_rate(3 if quick else 9)
    about = result.about(rate, pairs, quick, clip)
    result.begin(out, about)
    done = []
    for section in suite.run(pairs, only, quick, sets, clip):
        say(f"{section.name}: measured in {section.seconds:.0f} s")
        done.append(section)
        result.write(out, about, done)
    table.show(rate, done)
    if clip is None and not only:
        left = ", ".join(sorted(suite.NEEDS_CLIP))
        say(f"{left}: left out, since no clip is named. Name a video with --clip.")
    say(f"All the numbers: {out.resolve()}")
    return DONE
