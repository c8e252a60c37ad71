"""A compact table of a study: `python docs/studies/tables.py FOLDER MEASURE:NUMBER ...`.

FOLDER is what `nekogao study` wrote. Every cell of the grid is a row; means over seeds with 95 %
bootstrap intervals.
"""

import json
import sys
from pathlib import Path


def show(estimates: dict, wanted: str, seeds: int) -> str:
    measure, _, number = wanted.partition(":")
    found = estimates.get(measure, {}).get(number)
    if found is None:
        return "–"
    text = f"{found['mean']:.2f}"
    if found["low"] is not None:
        text += f" [{found['low']:.2f}, {found['high']:.2f}]"
    return text + (f" ({found['seeds']} of {seeds})" if found["seeds"] < seeds else "")


study = json.loads((Path(sys.argv[1]) / "results.json").read_text(encoding="utf-8"))
columns = sys.argv[2:]
axes = list(study["cells"][0]["choices"])
head = [*(axis.rpartition(".")[2] for axis in axes), "seeds", *columns]
print("| " + " | ".join(head) + " |")
print("|" + "---|" * len(head))
for cell in study["cells"]:
    shown = [show(cell["estimates"], column, cell["seeds"]) for column in columns]
    print("| " + " | ".join([*cell["choices"].values(), str(cell["seeds"]), *shown]) + " |")
