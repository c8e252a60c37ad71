"""Draw the README's picture from what `make demo` left: `python docs/images/strip.py demo`."""

import sys
from pathlib import Path

from nekogao.models.applied import read_applied
from nekogao.pictures import images
from nekogao.runs.folder import Run
from nekogao.runs.sheets import sheets

SIDE = 96
demo = Path(sys.argv[1])
run = Run.open(demo / "ten-faces")
config = run.config()
rows = []
for phase, domain in zip((1, 2), ("edges", "gray"), strict=True):
    step = max(row.step for row in run.read_metrics() if row.phase == phase)
    sheet = images.read(sheets(run.previews)[domain][step])
    cell = (sheet.shape[0] + 2) // 3
    for row in (0, 1):  # source, generated
        top = row * cell
        faces = [
            sheet[top : top + cell - 2, x : x + cell - 2] for x in range(0, sheet.shape[1], cell)
        ]
        rows.append([images.resize(face, SIDE, SIDE) for face in faces])
cells = []
for done in read_applied(run.applied):
    photograph = images.fit(images.read(Path(done.input)), SIDE, "crop")
    cells += [photograph, images.resize(images.read(run.applied / done.output), SIDE, SIDE)]
white = images.fit(images.tile([[images.rgb(cells[0])]]) | 255, SIDE, "stretch")
rows.append([white, *cells, white])
images.write(Path(__file__).parent / "strip.png", images.tile(rows, gap=4))
