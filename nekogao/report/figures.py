"""Curves as SVG text."""

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from nekogao.runs.metrics import Measurement

COLOURS = ("#e4572e", "#2e86ab", "#6a994e", "#9d4edd", "#f2a541", "#3d405b")
"""One per domain, in the pair set's order."""

_PANELS = (
    ("skill", "skill (1 exact, 0 the mean face)"),
    ("ssim", "SSIM"),
    ("mae", "mean absolute error"),
    ("identity", "identity (share of faces recognised)"),
)
INK, _RULE = "#4a4540", "#c9c2b8"


def curves(
    rows: Sequence[Measurement], domains: Sequence[str], boundaries: Sequence[tuple[float, str]]
) -> str:
    """Four panels of measures over epochs, one line per domain.

    Args:
        rows: The measurements of a run.
        domains: In the order of colours.
        boundaries: The epoch at which each phase begins, and its name.
    """
    with drawing(5.4) as figure:
        # The labels' sizes are known: searching for room would cost half of the time.
        figure.set_layout_engine(None)
        figure.subplots_adjust(0.045, 0.085, 0.995, 0.91, wspace=0.12, hspace=0.26)
        axes = figure.subplots(2, 2, sharex=True).ravel()
        for axis, (key, title) in zip(axes, _PANELS, strict=True):
            for domain, colour in zip(domains, COLOURS * len(domains), strict=False):
                points = [(row.epoch, getattr(row, key)) for row in rows if row.domain == domain]
                axis.plot(*zip(*points, strict=True), color=colour, lw=2, label=domain)
            dress(axis, title, boundaries)
        axes[2].set_xlabel("epoch")
        axes[3].set_xlabel("epoch")
        axes[0].set_ylim(bottom=max(-0.6, axes[0].get_ylim()[0]))
        axes[0].legend(frameon=False, loc="lower right")
        for epoch, name in boundaries:
            axes[0].text(epoch, 1.01, f" {name}", transform=axes[0].get_xaxis_transform(),
                         color=INK, fontsize=8, va="bottom")  # fmt: skip
        axes[0].set_title(axes[0].get_title(loc="left"), loc="left", fontsize=10, pad=16, y=1.0)
        return svg(figure)


@dataclass(frozen=True)
class Line:
    """One run among several."""

    name: str
    colour: str
    rows: Sequence[Measurement]
    boundaries: Sequence[tuple[float, str]]
    """The epoch at which each phase begins, and its name."""


def compared(lines: Sequence[Line], domains: Sequence[str]) -> str:
    """Skill and SSIM of several runs over epochs: a row of two panels for each domain.

    Where runs were trained for unequal lengths their curves end where they end.
    """
    with drawing(0.5 + 2.5 * len(domains)) as figure:
        axes = figure.subplots(len(domains), 2, sharex=True, squeeze=False)
        for domain, row in zip(domains, axes, strict=True):
            for axis, key, title in zip(row, ("skill", "ssim"), ("skill", "SSIM"), strict=True):
                for line in lines:
                    points = [(r.epoch, getattr(r, key)) for r in line.rows if r.domain == domain]
                    if points:
                        axis.plot(*zip(*points, strict=True), color=line.colour, lw=2,
                                  label=line.name)  # fmt: skip
                    for epoch, _ in line.boundaries[1:]:
                        axis.axvline(epoch, color=line.colour, lw=1, ls=(0, (4, 3)), alpha=0.6)
                dress(axis, f"{domain}: {title}")
            row[0].set_ylim(bottom=max(-0.6, row[0].get_ylim()[0]))
        for axis in axes[-1]:
            axis.set_xlabel("epoch")
        axes[0][0].legend(frameon=False, loc="lower right")
        return svg(figure)


@contextmanager
def drawing(height: float) -> Iterator[Figure]:
    """A figure as wide as the page, `height` in inches.

    Text stays text, so that the page's own font shows and the numbers can be searched.
    """
    with mpl.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "nekogao",
            "text.parse_math": False,  # names may hold dollar signs
            "font.family": "sans-serif",
            "font.size": 9,
        }
    ):
        figure = Figure(figsize=(10, height), layout="constrained")
        FigureCanvasSVG(figure)
        yield figure


def svg(figure: Figure) -> str:
    """A figure as an SVG element."""
    buffer = io.StringIO()
    with warnings.catch_warnings():
        # The page's own font draws the text; matplotlib's needs only its width.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def dress(axis: Axes, title: str, boundaries: Sequence[tuple[float, str]] = ()) -> None:
    """Give a panel the page's looks; all boundaries but the first become dashed lines."""
    # Its height is given: searching for one that no tick label is in costs half of the time.
    axis.set_title(title, loc="left", fontsize=10, color=INK, y=1.0)
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(_RULE)
    axis.tick_params(colors=INK, length=3)
    axis.grid(axis="y", color=_RULE, lw=0.5, alpha=0.6)
    for epoch, _ in boundaries[1:]:
        axis.axvline(epoch, color=INK, lw=1, ls=(0, (4, 3)))
