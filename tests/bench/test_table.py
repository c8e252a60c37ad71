from nekogao.bench import table
from nekogao.bench.findings import Findings, Line, Section
from nekogao.bench.steps import Operation, Profiles


def test_the_table_shows_ratios_shares_and_goals(capsys):
    rows = [
        Line(name="step-article", value=250.0, unit="ms", baseline=500.0, ratio=2.0, share=0.65),
        Line(name="fast-both", value=None, unit="s", note="gray at the end: [blurred]"),
    ]
    longest = Operation(operation="aten::mm", calls=3, ms=1.25, share=0.5)
    profiles = Profiles({"article": {"nekogao": [longest], "baseline": []}})
    sections = [
        Section("step-article", 1.0, Findings(rows)),
        Section("profile", 1.0, Findings([], profiles)),
    ]
    table.show(3.1e11, sections)
    out = capsys.readouterr().out
    for text in ("250 ms", "500 ms", "2.00x", "65%", ">= 1.8x", ">= 70%", "not reached",
                 "fast-both: gray at the end: [blurred]", "310 GFLOP/s", "aten::mm",
                 "A step of article, nekogao"):  # fmt: skip
        assert text in out, out
    assert out.count("yes") == 1 and out.count(" no ") == 2  # the share, and what was not reached
