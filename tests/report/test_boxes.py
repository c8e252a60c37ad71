"""The page of boxes: what it holds, and what it saves after boxes were moved in a browser."""

import html
import re
import subprocess

import numpy as np
import pytest

from nekogao.cli import main
from nekogao.errors import InputError
from nekogao.pictures import boxes, faces, images, photographs
from nekogao.pictures.detection import Box, centre_box, cut
from nekogao.report.boxes import build_boxes
from tests.browser import CHROMIUM, needs_chromium

ACTIONS = """<script>
Element.prototype.setPointerCapture = () => {};
const picture = (canvas) => Array.from(
  canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data);
async function act() {
  await Promise.all(all.map((photo) => photo.picture.decode()));
  const say = (name, value) => {
    const line = document.createElement("pre");
    line.id = name; line.textContent = value; document.body.append(line);
  };
  say("before", table());
  const [first, second] = all;
  const key = (box, key) => box.group.dispatchEvent(new KeyboardEvent("keydown", { key }));
  const box = first.boxes[0];
  const screen = (x, y) => new DOMPoint(x, y).matrixTransform(first.svg.getScreenCTM());
  const drag = (target, from, to) => {
    const at = (type, p) => target.dispatchEvent(new PointerEvent(type,
      { bubbles: true, pointerId: 1, clientX: p.x, clientY: p.y }));
    at("pointerdown", from); at("pointermove", to); at("pointerup", to); at("pointermove", from);
  };
  const { x, y } = box.centre;
  drag(box.edge, screen(x, y), screen(x + 30, y - 20));
  drag(box.corner, screen(box.x + box.width, box.y + box.height), screen(x + 90, y + 40));
  drag(box.knob, screen(x + 30, y - 120), screen(x + 130, y - 20));
  key(box, "["); key(box, "ArrowLeft"); key(box, "+");
  say("dragged", table());
  box.preview();
  say("crop", picture(box.canvas).filter((_, i) => i % 4 === 0).join(" "));
  if (second.boxes.length) key(second.boxes[0], "Enter");
  second.add();
  say("added", table());
  key(box, "Delete");
  say("removed", table());
  say("count", document.getElementById("count").textContent);
}
act().catch((error) => { document.title = String(error); });
</script>"""


@pytest.fixture
def looked(tmp_path):
    """Two photographs, one with a box by hand and one miss, and their faces."""
    photos = tmp_path / "photos"
    (photos / "=cats").mkdir(parents=True)
    images.write(
        photos / "astronaut.png", images.resize(photographs.photographs()["astronaut"], 256, 256)
    )
    images.write(
        photos / "=cats" / 'a "quoted", name.png',
        images.resize(photographs.photographs()["coffee"], 300, 200),
    )
    # Given, since looking for faces takes seconds.
    (tmp_path / "table.csv").write_text(
        "file,x,y,width,height,kind,score\nastronaut.png,85,30,60,60,human,40\n"
    )
    faces.crop(photos, tmp_path / "faces", boxes=tmp_path / "table.csv")
    return photos, tmp_path / "faces"


def test_the_page_holds_every_photograph_and_no_folder_of_this_machine(looked, tmp_path):
    photos, found = looked
    page = build_boxes(photos, found).read_text(encoding="utf-8")
    assert page.count("<image href=") == 2 and str(tmp_path) not in page
    assert "a &#34;quoted&#34;, name.png" in page
    assert not re.search(r'(src|href)="(?!data:)', page)


def test_the_command_writes_it_beside_new_faces_and_beside_old_ones(looked, tmp_path, capsys):
    photos, found = looked
    assert main(["faces", str(photos), str(found), "--look"]) == 0
    assert capsys.readouterr().out == f"Open {found.resolve() / 'boxes.html'}\n"
    table = str(tmp_path / "table.csv")
    new = ["faces", str(photos), str(tmp_path / "new"), "--look", "--boxes", table]
    assert main(new) == 0
    assert (tmp_path / "new" / "boxes.html").read_bytes() == (found / "boxes.html").read_bytes()


def test_what_is_missing_is_said(looked, tmp_path):
    photos, found = looked
    with pytest.raises(InputError, match="no such folder"):
        build_boxes(tmp_path / "absent", found)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"boxes\.csv: no such file"):
        build_boxes(photos, tmp_path / "empty")
    (photos / "astronaut.png").unlink()
    with pytest.raises(InputError, match="is no photograph in"):
        build_boxes(photos, found)


@needs_chromium
def test_boxes_are_moved_resized_turned_added_and_removed(looked, tmp_path):
    photos, found = looked
    page = build_boxes(photos, found)
    acting = tmp_path / "acting.html"
    text = page.read_text(encoding="utf-8")
    acting.write_text(text.replace("</body>", ACTIONS + "</body>"), encoding="utf-8")
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,900",
         f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=3000", "--dump-dom",
         acting.as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    said = {
        name: html.unescape(value)
        for name, value in re.findall(r'<pre id="(\w+)">([^<]*)</pre>', done.stdout)
    }
    assert "count" in said, re.search("<title>.*?</title>", done.stdout)[0] + done.stderr[-300:]

    def saved(name):
        (tmp_path / "saved.csv").write_text(said[name], encoding="utf-8", newline="")
        return boxes.match(tmp_path / "saved.csv", photos, images.find(photos))

    astronaut, coffee = photos / "astronaut.png", photos / "=cats" / 'a "quoted", name.png'
    # In the order of the page, which sorts as `find` does.
    first, second = images.find(photos)
    table = boxes.match(found / "boxes.csv", photos, images.find(photos))
    old = {path: rows[0].box for path, rows in table.items()}
    assert {path: rows[0].box._replace(score=0) for path, rows in saved("before").items()} == {
        path: box._replace(score=0) for path, box in old.items()
    }
    (moved,) = (row.box for row in saved("dragged")[first])
    was = old[first]
    assert moved.kind == "hand" and moved.width == moved.height
    around = 2 * max(images.read(first).shape) / 45  # the handle is inside the corner
    assert abs(moved.width - 122 - around) <= 3, "the corner was drawn 60 pixels away"
    assert abs(moved.x + moved.width / 2 - (was.x + was.width / 2 + 29)) <= 2
    assert abs(moved.y + moved.height / 2 - (was.y + was.height / 2 - 20)) <= 2
    assert abs(moved.angle - 89) <= 1
    shown = np.array(said["crop"].split(), float).reshape(160, 160)
    real = images.resize(cut(images.read(first), moved)[..., 0], 160, 160).astype(float)
    assert np.corrcoef(shown.ravel(), real.ravel())[0, 1] > 0.97, "as it will be cut out"
    assert len(saved("added")[second]) == 2
    assert all(row.box.kind == "hand" for row in saved("added")[second])
    assert first not in saved("removed") and said["count"] == "2 faces, 1 photograph without one"
    again = tmp_path / "again"
    (tmp_path / "saved.csv").write_text(said["added"], encoding="utf-8", newline="")
    assert main(["faces", str(photos), str(again), "--boxes", str(tmp_path / "saved.csv")]) == 0
    assert len(list((again / "crops").rglob("*.png"))) == 3
    assert {astronaut, coffee} == {first, second}


def test_a_miss_is_the_centre_until_it_is_touched(looked):
    photos, found = looked
    coffee = next(path for path in images.find(photos) if path.name != "astronaut.png")
    rows = boxes.match(found / "boxes.csv", photos, images.find(photos))[coffee]
    assert [row.box for row in rows] == [centre_box(images.read(coffee), "miss")]
    assert isinstance(rows[0].box, Box)
