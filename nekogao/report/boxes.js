"use strict";
const SVG = "http://www.w3.org/2000/svg";
const PREVIEW = 160;
const LEAST = 8;
const COLUMNS = ["file", "x", "y", "width", "height", "angle", "kind", "score", "crop", "sha256"];
const photographs = JSON.parse(document.getElementById("data").textContent);
let changed = false;

function element(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (parent) parent.append(made);
  return made;
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

class Photograph {
  constructor(item) {
    Object.assign(this, photographs[item.dataset.number]);
    this.svg = item.querySelector("svg");
    this.faces = item.querySelector(".faces");
    this.picture = new Image();
    this.picture.src = this.svg.querySelector("image").getAttribute("href");
    this.boxes = this.boxes.map((box) => new Box(this, box));
    this.picture.decode().then(() => this.boxes.forEach((box) => box.preview()), () => {});
    item.querySelector(".add").addEventListener("click", () => this.add());
  }

  // Where an event is, in pixels of the photograph.
  at(event) {
    const point = new DOMPoint(event.clientX, event.clientY);
    return point.matrixTransform(this.svg.getScreenCTM().inverse());
  }

  add() {
    const side = Math.round(Math.min(this.width, this.height) / 2);
    const box = new Box(this, {
      x: Math.round((this.width - side) / 2), y: Math.round((this.height - side) / 2),
      width: side, height: side, angle: 0, kind: "hand",
    });
    this.boxes.push(box);
    box.touch();
    box.group.focus();
  }
}

class Box {
  constructor(photo, box) {
    this.photo = photo;
    Object.assign(this, box);
    this.group = element("g", { class: "box", tabindex: "0", role: "application" }, photo.svg);
    this.halo = element("rect", { class: "halo" }, this.group);
    this.edge = element("rect", { class: "edge" }, this.group);
    this.stem = element("line", { class: "stem" }, this.group);
    this.corner = element("circle", { class: "handle resize" }, this.group);
    this.knob = element("circle", { class: "handle turn" }, this.group);
    this.canvas = document.createElement("canvas");
    this.canvas.width = this.canvas.height = PREVIEW;
    photo.faces.append(this.canvas);
    this.group.addEventListener("pointerdown", (event) => this.grab(event));
    this.group.addEventListener("keydown", (event) => this.key(event));
    this.draw();
  }

  get centre() {
    return { x: this.x + this.width / 2, y: this.y + this.height / 2 };
  }

  // Of its handles, in pixels of the photograph.
  get radius() {
    return Math.max(this.photo.width, this.photo.height) / 45;
  }

  // Square, with its centre in the photograph.
  place(x, y, side) {
    side = clamp(Math.round(side), LEAST, 2 * Math.max(this.photo.width, this.photo.height));
    x = clamp(x, 0, this.photo.width);
    y = clamp(y, 0, this.photo.height);
    this.x = Math.round(x - side / 2);
    this.y = Math.round(y - side / 2);
    this.width = this.height = side;
    this.touch();
  }

  turn(angle) {
    this.angle = Math.round(((((angle + 180) % 360) + 360) % 360 - 180) * 10) / 10;
    this.touch();
  }

  touch() {
    this.kind = "hand";
    changed = true;
    this.draw();
    this.preview();
  }

  remove() {
    this.photo.boxes.splice(this.photo.boxes.indexOf(this), 1);
    this.group.remove();
    this.canvas.remove();
    changed = true;
    count();
  }

  grab(event) {
    event.preventDefault();
    this.group.focus();
    this.group.setPointerCapture(event.pointerId);
    const start = this.photo.at(event), centre = this.centre;
    const what = event.target;
    const move = (after) => {
      const now = this.photo.at(after);
      if (what === this.corner) {
        const reach = Math.hypot(now.x - centre.x, now.y - centre.y);
        this.place(centre.x, centre.y, reach * Math.SQRT2 + 2 * this.radius);
      } else if (what === this.knob) {
        this.turn((Math.atan2(now.y - centre.y, now.x - centre.x) * 180) / Math.PI + 90);
      } else {
        this.place(centre.x + now.x - start.x, centre.y + now.y - start.y, this.width);
      }
    };
    const end = () => {
      this.group.removeEventListener("pointermove", move);
      this.group.removeEventListener("pointerup", end);
      this.group.removeEventListener("pointercancel", end);
    };
    this.group.addEventListener("pointermove", move);
    this.group.addEventListener("pointerup", end);
    this.group.addEventListener("pointercancel", end);
  }

  key(event) {
    const far = (event.shiftKey ? 10 : 1) * Math.max(1, Math.round(this.photo.width / 400));
    const steps = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] };
    const { x, y } = this.centre;
    if (event.key in steps) this.place(x + steps[event.key][0], y + steps[event.key][1], this.width);
    else if (event.key === "+" || event.key === "=") this.place(x, y, this.width + 2 * far);
    else if (event.key === "-") this.place(x, y, this.width - 2 * far);
    else if (event.key === "[") this.turn(this.angle - 1);
    else if (event.key === "]") this.turn(this.angle + 1);
    else if (event.key === "Enter") this.touch();
    else if (event.key === "Delete" || event.key === "Backspace") this.remove();
    else return;
    event.preventDefault();
  }

  draw() {
    // The handles are inside, since a face may fill its photograph.
    const { x, y } = this.centre, radius = this.radius;
    const top = this.y + 1.8 * radius;
    this.group.setAttribute("transform", `rotate(${this.angle} ${x} ${y})`);
    this.group.classList.toggle("miss", this.kind === "miss");
    this.group.setAttribute("aria-label",
      `box of ${this.width} pixels at ${this.x}, ${this.y}, turned by ${this.angle} degrees` +
      (this.kind === "miss" ? ", not taken" : ""));
    for (const [shape, attributes] of [
      [this.halo, { x: this.x, y: this.y, width: this.width, height: this.height }],
      [this.edge, { x: this.x, y: this.y, width: this.width, height: this.height }],
      [this.stem, { x1: x, y1: this.y, x2: x, y2: top }],
      [this.corner, { cx: this.x + this.width - radius, cy: this.y + this.height - radius, r: radius }],
      [this.knob, { cx: x, cy: top, r: radius }],
    ]) for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
    this.canvas.classList.toggle("miss", this.kind === "miss");
    count();
  }

  // The face as it will be cut out.
  preview() {
    const pen = this.canvas.getContext("2d"), scale = PREVIEW / this.width, { x, y } = this.centre;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, PREVIEW, PREVIEW);
    pen.translate(PREVIEW / 2, PREVIEW / 2);
    pen.rotate((-this.angle * Math.PI) / 180);
    pen.scale(scale, scale);
    pen.drawImage(this.photo.picture, -x, -y, this.photo.width, this.photo.height);
  }

  // A photograph that starts like a formula keeps the quote that it came with.
  row() {
    const cells = { ...this, file: this.photo.file, score: 0, crop: "", sha256: "" };
    return COLUMNS.map((name) => quoted(String(cells[name]))).join(",");
  }
}

function quoted(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const all = [];

function boxes() {
  return all.flatMap((photo) => photo.boxes);
}

function count() {
  const faces = boxes().filter((box) => box.kind !== "miss").length;
  const without = all.filter((photo) => !photo.boxes.some((box) => box.kind !== "miss")).length;
  document.getElementById("count").textContent =
    `${faces} ${faces === 1 ? "face" : "faces"}, ${without} ${without === 1 ? "photograph" : "photographs"} without one`;
}

function table() {
  return [COLUMNS.join(","), ...boxes().map((box) => box.row())].join("\r\n") + "\r\n";
}

for (const item of document.querySelectorAll(".photographs li")) all.push(new Photograph(item));
count();

document.getElementById("save").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([table()], { type: "text/csv" }));
  link.download = "boxes.csv";
  link.click();
  URL.revokeObjectURL(link.href);
  changed = false;
});
window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
