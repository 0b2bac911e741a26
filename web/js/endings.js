// The ways in which a model continues a drawing, and the strip of small pictures to choose one from. All pictures have
// one scale, which only grows; there is a place for each ending before it comes, so that nothing moves.
import {el} from "./dom.js";
import {asStrokes, boundsOf} from "./drawing.js";
import {paintStrokes} from "./ink.js";

const SMALLEST = 420;    // paper units that a picture shows at least
const PIXELS = 176;

// Strokes that grow, shown a little behind what has come, as a pen would.
export class Ending {
  strokes = [];          // lists of points that have come
  isDone = false;
  #isPenUp = true;
  #points = 0;
  #shown = 0;

  add(x, y, isLifted) {
    if (this.#isPenUp) this.strokes.push([]);
    this.strokes[this.strokes.length - 1].push([x, y]);
    this.#isPenUp = isLifted;
    this.#points++;
  }

  get isEmpty() { return this.#points === 0; }
  get isShown() { return this.#shown >= this.#points; }
  showAll() { this.#shown = this.#points; }
  showMore() { this.#shown = Math.min(this.#points, this.#shown + 1 + Math.floor((this.#points - this.#shown) / 24)); }

  get visible() {
    let left = this.#shown;
    const strokes = [];
    for (const points of this.strokes) {
      if (left <= 0) break;
      strokes.push(points.slice(0, left));
      left -= points.length;
    }
    return asStrokes(strokes);
  }
}

// Events: "choose" and "preview" with detail the number (-1: no preview), "keep".
export class EndingStrip extends EventTarget {
  element = el("div", {class: "endings", role: "group", "aria-label": "Endings to choose from"});
  #nodes = [];
  #box = null;
  #given = [];

  // Places for so many endings of a drawing.
  open(count, given) {
    this.#given = given;
    this.#box = null;
    this.#nodes = Array.from({length: count}, (_, i) => this.#place(i));
    this.element.replaceChildren(...this.#nodes);
    this.element.classList.add("filled");
  }

  // Empty places, which cannot be chosen.
  close(count) {
    this.#nodes = [];
    this.element.replaceChildren(...Array.from({length: count}, () => el("div", {class: "thumb none"})));
    this.element.classList.remove("filled");
  }

  mark(chosen) {
    this.#nodes.forEach((node, i) => node.setAttribute("aria-pressed", i === chosen));
  }

  paint(endings, isAll = false) {
    this.#grow(endings);
    endings.forEach((ending, i) => {
      const node = this.#nodes[i];
      if (!node || (!isAll && !node.classList.contains("pending"))) return;
      if (ending.isDone && ending.isShown) node.classList.remove("pending");
      paintStrokes(node.firstChild, [...this.#given, ...ending.visible], this.#box, {width: Math.max(9, this.#box.width / 60)});
    });
  }

  #place(i) {
    const tell = (type, detail) => this.dispatchEvent(new CustomEvent(type, {detail}));
    return el("button", {
      type: "button", class: "thumb pending", "aria-label": `Ending ${i + 1}`, "aria-pressed": false,
      onclick: () => tell("choose", i), ondblclick: () => tell("keep"),
      onpointerenter: (event) => { if (event.pointerType === "mouse") tell("preview", i); },
      onpointerleave: (event) => { if (event.pointerType === "mouse") tell("preview", -1); },
    }, el("canvas", {width: PIXELS, height: PIXELS}));
  }

  // The one square around everything that has come so far; what stands is painted again where it changes.
  #grow(endings) {
    const box = boundsOf([...this.#given.map(({points}) => points), ...endings.flatMap(({strokes}) => strokes)]) ?? {x: 150, y: 150, width: 700, height: 700};
    const side = Math.max(SMALLEST, 1.16 * Math.max(box.width, box.height));
    const square = {x: box.x + (box.width - side) / 2, y: box.y + (box.height - side) / 2, width: side, height: side};
    const isSame = this.#box && square.x === this.#box.x && square.y === this.#box.y && side === this.#box.width;
    this.#box = square;
    if (!isSame) for (const node of this.#nodes) node.classList.add("pending");
  }
}
