import re

from nekogao.report import figures
from nekogao.report.figures import curves
from nekogao.runs.metrics import Measurement


def test_the_curves_name_domains_and_phases_and_mark_the_boundary():
    rows = [
        Measurement(
            step=e,
            epoch=float(e),
            phase=1,
            domain=d,
            skill=e / 10,
            ssim=0.5,
            mae=0.1,
            psnr=20.0,
            identity=1.0,
        )
        for e in (0, 5, 10)
        for d in ("edges", "gray")
    ]
    svg = curves(rows, ["edges", "gray"], [(0.0, "edges:5"), (5.0, "gray:5")])
    assert svg.startswith("<svg") and svg.rstrip().endswith("</svg>")
    for text in ("edges", "gray", "edges:5", "gray:5", "SSIM"):
        assert re.search(f">\\s*{text}\\s*</text>", svg), text
    assert len(re.findall("stroke-dasharray: 4,3", svg)) == 4  # one boundary a panel


def test_names_with_dollar_signs_are_text_and_no_formula():
    with figures.drawing(2.0) as figure:
        axis = figure.subplots()
        axis.plot([0, 1], [0, 1], label="$\\foo$ 猫の顔")
        axis.set_yticks([0], ["$\\frac{$"])
        axis.legend()
        figures.dress(axis, "$\\foo$")
        text = figures.svg(figure)
    assert text.count("$\\foo$") >= 2 and "$\\frac{$" in text and "猫の顔" in text
