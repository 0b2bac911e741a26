// A paper to draw on with pen, touch, mouse or keys. It shows a Drawing and, in the model's colour, what is not part of
// it yet. Everything is drawn anew at most once a frame.
import {el} from "./dom.js";
import {boundsOf} from "./drawing.js";

const SIDE = 1000;       // of the paper's square, in its own units
const LINE_WIDTH = 5;    // in the same
const KEY_STEP = 25;

export class Pad extends EventTarget {
  #canvas = el("canvas", {tabindex: "0", role: "application"});
  #hint = el("div", {class: "hint"});
  #drawing;
  #stroke = null;        // being drawn: {points, pointer}
  #suggestion = [];      // lists of points
  #cursor = null;        // of the keys: {x, y}
  #size = {width: 0, height: 0, ratio: 1};
  #zoom = 1;
  #wantsFrame = false;
  #colours = {};

  constructor(drawing, {label, hint = ""}) {
    super();
    this.#drawing = drawing;
    this.#canvas.setAttribute("aria-label",
      `${label}. Draw with pen, finger or mouse; or with the arrow keys, where the space bar puts the pen down and lifts it.`);
    this.#hint.textContent = hint;
    this.element = el("div", {class: "paper"}, this.#canvas, this.#hint);
    drawing.addEventListener("change", () => this.#repaint());
    new ResizeObserver(() => this.#resize()).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#repaint());
    this.#listen();
  }

  get canvas() { return this.#canvas; }
  get isDrawing() { return this.#stroke !== null; }

  // Strokes that the model proposes: shown, not yet part of the drawing.
  set suggestion(strokes) {
    this.#suggestion = strokes;
    this.#repaint();
  }

  #listen() {
    const canvas = this.#canvas;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.#stroke) return;
      event.preventDefault();
      canvas.focus({preventScroll: true, focusVisible: false});
      canvas.setPointerCapture(event.pointerId);
      this.#begin(this.#position(event), event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.#stroke?.pointer !== event.pointerId) return;
      const events = event.getCoalescedEvents?.() ?? [];
      for (const part of events.length > 0 ? events : [event]) this.#extend(this.#position(part));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (this.#stroke?.pointer === event.pointerId) this.#end();
    });
    canvas.addEventListener("pointercancel", (event) => {
      if (this.#stroke?.pointer !== event.pointerId) return;
      this.#stroke = null;
      this.#repaint();
    });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => {
      if (this.#stroke?.pointer === "keys") this.#end();
      this.#cursor = null;
      this.#repaint();
    });
  }

  #key(event) {
    const moves = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in moves) {
      const [dx, dy] = moves[event.key];
      const step = event.shiftKey ? KEY_STEP / 5 : KEY_STEP;
      const at = this.#cursor ?? {x: SIDE / 2, y: SIDE / 2};
      this.#cursor = {x: clamp(at.x + dx * step), y: clamp(at.y + dy * step)};
      if (this.#stroke?.pointer === "keys") this.#extend([this.#cursor.x, this.#cursor.y]);
    } else if (event.key === " ") {
      this.#cursor ??= {x: SIDE / 2, y: SIDE / 2};
      if (this.#stroke?.pointer === "keys") this.#end();
      else if (!this.#stroke) this.#begin([this.#cursor.x, this.#cursor.y], "keys");
    } else {
      return;
    }
    event.preventDefault();
    this.#repaint();
  }

  #begin(point, pointer) {
    this.#stroke = {points: [point], pointer};
    this.dispatchEvent(new Event("pendown"));
    this.#repaint();
  }

  #extend([x, y]) {
    const points = this.#stroke.points;
    const [lastX, lastY] = points[points.length - 1];
    if (Math.hypot(x - lastX, y - lastY) < 1.5) return;
    points.push([x, y]);
    this.#repaint();
  }

  #end() {
    const {points} = this.#stroke;
    this.#stroke = null;
    this.#drawing.add({by: "hand", points: points.map(([x, y]) => [round(x), round(y)])});
    this.dispatchEvent(new Event("penup"));
  }

  // Where the paper's square lies on the screen.
  #view() {
    const {width, height} = this.#size;
    const scale = (Math.min(width, height) / SIDE) * this.#zoom;
    return {scale, left: (width - SIDE * scale) / 2, top: (height - SIDE * scale) / 2};
  }

  #position(event) {
    const box = this.#canvas.getBoundingClientRect();
    const {scale, left, top} = this.#view();
    return [(event.clientX - box.left - left) / scale, (event.clientY - box.top - top) / scale];
  }

  #resize() {
    const width = this.element.clientWidth;
    const height = this.element.clientHeight;
    const ratio = Math.min(3, devicePixelRatio || 1);
    this.#size = {width, height, ratio};
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.#paint();
  }

  #repaint() {
    if (this.#wantsFrame) return;
    this.#wantsFrame = true;
    requestAnimationFrame(() => {
      this.#wantsFrame = false;
      this.#paint();
    });
  }

  // A drawing of the model may go beyond the paper's edge: then all of it moves back a little.
  #fitView() {
    if (this.#stroke) return;
    const {width, height} = this.#size;
    const side = Math.min(width, height);
    if (side === 0) return;
    const box = boundsOf([...this.#drawing.points, ...this.#suggestion]);
    let zoom = 1;
    if (box) {
      const margin = 30;
      const halfWidth = (width / side) * SIDE / 2;
      const halfHeight = (height / side) * SIDE / 2;
      const reachX = Math.max(SIDE / 2 - box.x, box.x + box.width - SIDE / 2) + margin;
      const reachY = Math.max(SIDE / 2 - box.y, box.y + box.height - SIDE / 2) + margin;
      zoom = Math.min(1, halfWidth / reachX, halfHeight / reachY);
    }
    this.#zoom = zoom;
  }

  #paint() {
    this.#fitView();
    const style = getComputedStyle(document.documentElement);
    this.#colours = {hand: style.getPropertyValue("--ink"), model: style.getPropertyValue("--accent")};
    this.#hint.classList.toggle("gone", !this.#drawing.isEmpty || this.isDrawing || this.#suggestion.length > 0 || this.#cursor !== null);
    const context = this.#canvas.getContext("2d");
    const {ratio, width, height} = this.#size;
    const {scale, left, top} = this.#view();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * left, ratio * top);
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = Math.max(LINE_WIDTH, 2.2 / scale);
    for (const {by, points} of this.#drawing.strokes) line(context, points, this.#colours[by], by === "hand");
    for (const points of this.#suggestion) line(context, points, this.#colours.model, false);
    if (this.#stroke) line(context, this.#stroke.points, this.#colours.hand, true);
    if (this.#cursor && document.activeElement === this.#canvas) this.#paintCursor(context, scale);
  }

  #paintCursor(context, scale) {
    const {x, y} = this.#cursor;
    const arm = 12 / scale;
    context.lineWidth = 1.5 / scale;
    context.strokeStyle = this.#stroke ? this.#colours.model : this.#colours.hand;
    context.beginPath();
    for (const [dx, dy] of [[arm, 0], [0, arm]]) {
      context.moveTo(x - dx, y - dy);
      context.lineTo(x + dx, y + dy);
    }
    context.stroke();
  }
}

// A hand's many points are joined by curves, a model's few by lines, as it meant them.
function line(context, points, colour, isSmooth) {
  if (points.length === 0) return;
  context.strokeStyle = colour;
  context.beginPath();
  context.moveTo(...points[0]);
  if (points.length === 1) context.lineTo(...points[0]);
  for (let i = 1; i < points.length; i++) {
    const [x, y] = points[i];
    if (!isSmooth || i === points.length - 1) {
      context.lineTo(x, y);
    } else {
      const [nextX, nextY] = points[i + 1];
      context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
    }
  }
  context.stroke();
}

function clamp(value) { return Math.min(SIDE, Math.max(0, value)); }
function round(value) { return Math.round(value * 10) / 10; }
