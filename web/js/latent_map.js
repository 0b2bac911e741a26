// The plane of a model with two latent dimensions as a sheet of pictures. The pointer moves over it; a click or tap pins
// the place, so that it stays on the way to Save; a drag records a path. Events: "move" with detail z, "path" with detail
// a list of z.
import {el, svg, withoutGestures} from "./dom.js";

export const REACH = 3;   // standard deviations from the middle to the map's edge
const GRID = 17;          // pictures along the map's side
const DRAG = 6;           // pixels that tell a drag from a click

export class LatentMap extends EventTarget {
  #sheet = el("canvas", {class: "picture", tabindex: "0", role: "application",
    "aria-label": "Map of the latent plane. Move over it; click to pin a place, drag to record a path. Arrow keys move the pin."});
  #mark = el("div", {class: "mark"});
  #line = svg("polyline");
  #place = [0.5, 0.5];
  #isPinned = false;
  #drag = null;           // {pointer, start, path}
  element = el("div", {class: "paper map"}, this.#sheet,
    svg("svg", {class: "path", viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": true}, this.#line), this.#mark);

  constructor() {
    super();
    this.#listen();
  }

  get isPinned() { return this.#isPinned; }

  // Fetches the sheet, and begins where its pictures are clearest within 1.5 standard deviations of the middle.
  async load(engine, model) {
    const rows = [];
    for (let row = 0; row < GRID; row++) {
      for (let column = 0; column < GRID; column++) {
        rows.push([REACH * (2 * (column + 0.5) / GRID - 1), REACH * (1 - 2 * (row + 0.5) / GRID)]);
      }
    }
    const bitmap = await createImageBitmap(await engine.images(model, {z: rows, columns: GRID}));
    [this.#sheet.width, this.#sheet.height] = [bitmap.width, bitmap.height];
    const context = this.#sheet.getContext("2d", {willReadFrequently: true});
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    if (this.#isPinned) return;
    const [width, height] = [this.#sheet.width / GRID, this.#sheet.height / GRID];
    let best = [-1, 0];
    rows.forEach(([a, b], i) => {
      if (Math.hypot(a, b) > 1.5) return;
      const {data} = context.getImageData((i % GRID) * width, Math.floor(i / GRID) * height, width, height);
      // Clear ink is all or nothing: its mean difference from the ground, weighed by itself, is large.
      let [sum, squares] = [1, 0];
      for (let p = 0; p < data.length; p += 4) {
        const difference = Math.abs(data[p] - data[0]);
        sum += difference;
        squares += difference * difference;
      }
      if (squares / sum > best[0]) best = [squares / sum, i];
    });
    const [a, b] = rows[best[1]];
    this.#go((a / REACH + 1) / 2, (1 - b / REACH) / 2);
  }

  // Moves to a latent vector and pins it there.
  pin([a, b]) {
    this.#setPinned(true);
    this.#go((a / REACH + 1) / 2, (1 - b / REACH) / 2);
  }

  unpin() { this.#setPinned(false); }

  #setPinned(value) {
    this.#isPinned = value;
    this.#mark.classList.toggle("pinned", value);
  }

  #go(x, y) {
    this.#place = [x, y].map((v) => Math.min(1, Math.max(0, v)));
    this.#mark.style.left = `${100 * this.#place[0]}%`;
    this.#mark.style.top = `${100 * this.#place[1]}%`;
    this.dispatchEvent(new CustomEvent("move", {detail: this.#z(this.#place)}));
  }

  #z([x, y]) { return [REACH * (2 * x - 1), REACH * (1 - 2 * y)]; }

  #listen() {
    const sheet = this.#sheet;
    const at = (event) => {
      const box = sheet.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    withoutGestures(sheet);
    sheet.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.#drag) return;
      sheet.setPointerCapture(event.pointerId);
      this.#drag = {pointer: event.pointerId, start: [event.clientX, event.clientY], path: [at(event)]};
    });
    sheet.addEventListener("pointermove", (event) => {
      const drag = this.#drag;
      if (drag?.pointer === event.pointerId) {
        if (drag.path.length === 1 && Math.hypot(event.clientX - drag.start[0], event.clientY - drag.start[1]) < DRAG) return;
        drag.path.push(at(event));
        this.#showPath(drag.path);
        this.#go(...at(event));
      } else if (!drag && !this.#isPinned && event.pointerType !== "touch") {
        this.#go(...at(event));
      }
    });
    const end = (event) => {
      const drag = this.#drag;
      if (drag?.pointer !== event.pointerId) return;
      this.#drag = null;
      const isClick = drag.path.length === 1;
      this.#setPinned(true);
      if (isClick) this.#showPath([]);
      this.#go(...at(event));
      this.dispatchEvent(new CustomEvent("path", {detail: isClick ? [] : drag.path.map((place) => this.#z(place))}));
    };
    sheet.addEventListener("pointerup", end);
    sheet.addEventListener("pointercancel", () => { this.#drag = null; });
    sheet.addEventListener("keydown", (event) => {
      const [dx, dy] = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key] ?? [];
      if (dx === undefined) return;
      event.preventDefault();
      const step = event.shiftKey ? 0.004 : 0.02;
      this.#setPinned(true);
      this.#go(this.#place[0] + dx * step, this.#place[1] + dy * step);
    });
  }

  #showPath(path) {
    this.#line.setAttribute("points", path.map(([x, y]) => `${(100 * x).toFixed(2)},${(100 * y).toFixed(2)}`).join(" "));
  }
}
