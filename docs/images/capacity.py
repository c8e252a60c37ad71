"""Draw docs/images/capacity.png from files of results; of a number of faces the first counts.

python docs/images/capacity.py benchmarks/results/2026-11-26-two-cores-capacity{,-more}.json
"""

import json
import sys
from pathlib import Path

from matplotlib.figure import Figure

SSIM = 0.90
INK, RULE, COLOURS = (
    "#4a4540",
    "#c9c2b8",
    ("#3d405b", "#f2a541", "#e4572e", "#6a994e", "#2e86ab", "#9d4edd"),
)


def curves(trials: list[dict]) -> Figure:
    """SSIM over time of each number of faces, and when it comes to 0.90."""
    figure = Figure(figsize=(10, 3.6), layout="constrained", facecolor="white")
    left, right = figure.subplots(1, 2)
    squares = sorted((t for t in trials if t["challenge"]["side"] == 128), key=faces)
    reached = []
    for trial, colour in zip(squares, COLOURS[-len(squares) :], strict=False):
        rows = trial["measurements"]
        seconds, ssim = [row["seen"] for row in rows], [row["ssim"] for row in rows]
        label = f"{faces(trial)} face{'s' * (faces(trial) > 1)}"
        left.plot(seconds, ssim, color=colour, lw=2, label=label, marker="o", ms=3)
        good = [r["seen"] for r in rows if r["ssim"] >= SSIM and r["identity"] == 1]
        if good:
            reached.append((faces(trial), good[0], colour))
    left.axhline(SSIM, color=INK, lw=1, ls=(0, (4, 3)))
    left.set(xscale="log", xlabel="seconds from the start of the command", ylim=(0, 1))
    left.set_title("SSIM of edges at 128x128, all faces", loc="left", fontsize=10, color=INK)
    left.legend(frameon=False, loc="lower right", fontsize=9)
    right.plot([n for n, *_ in reached], [s for _, s, _ in reached], color=RULE, lw=1.5, zorder=1)
    for count, seconds, colour in reached:
        right.scatter(count, seconds, color=colour, zorder=2)
        right.annotate(f"  {seconds:.3g} s", (count, seconds), color=INK, fontsize=9, va="top")
    right.set(xscale="log", yscale="log", xlabel="faces", ylabel="seconds")
    right.set_title(f"Seconds to SSIM {SSIM:.2f}, all identified", loc="left", fontsize=10,
                    color=INK)  # fmt: skip
    right.margins(0.15)
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
        axis.spines[["left", "bottom"]].set_color(RULE)
        axis.tick_params(colors=INK)
        axis.grid(color=RULE, lw=0.5, alpha=0.6)
    return figure


def faces(trial: dict) -> int:
    """How many faces were learned."""
    return trial["challenge"]["faces"]


def trials_of(path: Path) -> list[dict]:
    """The trials of the recipe as it is in one file of results."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return found["again"] if "again" in found else found["sections"]["capacity"]["trials"]


if __name__ == "__main__":
    first: dict[tuple[int, int], dict] = {}
    for trial in (trial for name in sys.argv[1:] for trial in trials_of(Path(name))):
        first.setdefault((faces(trial), trial["challenge"]["side"]), trial)
    curves(list(first.values())).savefig(Path(__file__).with_suffix(".png"), dpi=110)
