// A paper to draw on with pen, touch, mouse or keys. It shows a Drawing and, in the model's colour, what is not part of
// it yet. Finished strokes are painted once; the rest at most once a frame. Events: "pendown" and "penup" around a stroke
// or a use of the eraser, "pencancel" in place of the latter, "view" when it was zoomed.
import {el, isCalm, withoutGestures} from "./dom.js";
import {boundsOf} from "./drawing.js";
import {inkColours, LINE_WIDTH, paintStroke} from "./ink.js";
import {PadTouch} from "./pad_touch.js";
import {PadView} from "./pad_view.js";

const SIDE = 1000;
const KEY_STEP = 25;
const FADE_MS = 350;
const ERASER = 14;       // pixels around the pointer
const THINNEST = 2.4;    // pixels of the usual line

export class Pad extends EventTarget {
  #canvas = el("canvas", {tabindex: "0", role: "application"});
  #finished = document.createElement("canvas");
  #isFinishedOld = true;
  #hint = el("div", {class: "hint"});
  #drawing;
  #view = new PadView();
  #touch = new PadTouch();
  #stroke = null;        // {points, widths, pointer, time, isTold} of the one that is drawn
  #erasing = null;       // {pointer, gone: Set of strokes}
  #isEraser = false;
  #suggestion = [];      // strokes
  #fading = null;        // {strokes, since} of the suggestion before
  #ghost = null;         // {strokes, pen, alpha}: a hand that shows how it works
  #cursor = null;        // of the keys: {x, y}
  #size = {width: 0, height: 0, ratio: 1};
  #wantsFrame = false;
  #isResizeDue = false;

  constructor(drawing, {label, hint = "", zooms = false}) {
    super();
    this.#drawing = drawing;
    this.#canvas.setAttribute("aria-label",
      `${label}. Draw with pen, finger or mouse; or with the arrow keys, where the space bar puts the pen down and lifts it.`);
    this.#hint.textContent = hint;
    this.element = el("div", {class: "paper"}, this.#canvas, this.#hint);
    drawing.addEventListener("change", () => this.#changed());
    new ResizeObserver(() => this.#resize()).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#changed());
    this.#listen();
    if (zooms) this.#listenForWheel();
  }

  get canvas() { return this.#canvas; }
  get isDrawing() { return this.#stroke !== null || this.#erasing !== null; }
  get view() { return this.#view; }

  // Strokes that the model proposes: shown, not yet part of the drawing.
  suggest(strokes, {fades = false} = {}) {
    if (fades && !isCalm()) this.#fading = {strokes: this.#suggestion, since: performance.now()};
    this.#suggestion = strokes;
    this.#repaint();
  }

  set ghost(ghost) {
    this.#ghost = ghost;
    this.#repaint();
  }

  set isEraser(value) {
    this.#isEraser = value;
    this.element.classList.toggle("erases", value);
  }

  zoomBy(factor) {
    this.#view.zoom(this.#size.width / 2, this.#size.height / 2, factor);
    this.#viewChanged();
  }

  // Home; or, if ink lies beyond the edge there, as far away as shows all of it.
  fit() {
    this.#view.goHome();
    if (this.hasInkOutside) this.#view.show(boundsOf(this.#all().map(({points}) => points)));
    this.#viewChanged();
  }

  get hasInkOutside() {
    const box = boundsOf(this.#all().map(({points}) => points));
    if (!box) return false;
    const [left, top] = this.#view.toPaper(0, 0);
    const [right, bottom] = this.#view.toPaper(this.#size.width, this.#size.height);
    return box.x < left || box.y < top || box.x + box.width > right || box.y + box.height > bottom;
  }

  #all() { return [...this.#drawing.strokes, ...this.#suggestion]; }

  #listen() {
    const canvas = this.#canvas;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 && event.button !== 5) return;
      event.preventDefault();
      const role = this.#touch.down(event, this.isDrawing);
      if (role === "pinch" || (role === "draw" && this.isDrawing)) this.#cancel();
      if (role === "ignore") return;
      canvas.setPointerCapture(event.pointerId);
      if (role !== "draw") return;
      canvas.focus({preventScroll: true, focusVisible: false});
      this.#cursor = null;
      if (this.#isEraser || event.button === 5) this.#beginErasing(event);
      else this.#begin(this.#position(event), event.pointerId, event);
    });
    canvas.addEventListener("pointermove", (event) => {
      const pinch = this.#touch.move(event);
      if (pinch) {
        const box = canvas.getBoundingClientRect();
        this.#view.zoom(pinch.x - box.left, pinch.y - box.top, pinch.factor, pinch.shift);
        this.#viewChanged();
      } else if (this.#erasing?.pointer === event.pointerId) {
        this.#erase(event);
      } else if (this.#stroke?.pointer === event.pointerId) {
        const events = event.getCoalescedEvents?.() ?? [];
        for (const part of events.length > 0 ? events : [event]) this.#extend(this.#position(part), part);
        if (this.#touch.counts(event)) this.#tellDown();
      }
    });
    canvas.addEventListener("pointerup", (event) => {
      this.#touch.up(event);
      if (this.#stroke?.pointer === event.pointerId) this.#end();
      if (this.#erasing?.pointer === event.pointerId) this.#endErasing();
    });
    canvas.addEventListener("pointercancel", (event) => {
      this.#touch.up(event);
      if ((this.#stroke ?? this.#erasing)?.pointer === event.pointerId) this.#cancel();
    });
    withoutGestures(canvas);
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => {
      if (this.#stroke?.pointer === "keys") this.#end();
      this.#cursor = null;
      this.#repaint();
    });
  }

  #listenForWheel() {
    this.#canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (this.isDrawing) return;
      const box = this.#canvas.getBoundingClientRect();
      const pixels = event.deltaY * (event.deltaMode === 1 ? 30 : 1);
      this.#view.zoom(event.clientX - box.left, event.clientY - box.top, Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.0015)));
      this.#viewChanged();
    }, {passive: false});
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
      else if (!this.isDrawing) this.#begin([this.#cursor.x, this.#cursor.y], "keys");
    } else {
      return;
    }
    event.preventDefault();
    this.#repaint();
  }

  #begin(point, pointer, event) {
    this.#stroke = {by: "hand", points: [point], widths: [widthOf(event, 0, 0) ?? 1], pointer, time: event?.timeStamp ?? 0, isTold: false};
    if (event?.pointerType !== "touch") this.#tellDown();
    this.#repaint();
  }

  #tellDown() {
    if (this.#stroke.isTold) return;
    this.#stroke.isTold = true;
    this.element.classList.add("drawing");
    this.dispatchEvent(new Event("pendown"));
  }

  #extend([x, y], event) {
    const {points, widths} = this.#stroke;
    const [lastX, lastY] = points[points.length - 1];
    const distance = Math.hypot(x - lastX, y - lastY);
    if (distance < 1.2 / Math.max(this.#view.scale, 0.4)) return;
    const time = event?.timeStamp ?? 0;
    const wanted = widthOf(event, distance, time - this.#stroke.time) ?? 1;
    const last = widths[widths.length - 1];
    points.push([x, y]);
    widths.push(Math.round(100 * (last + 0.3 * (wanted - last))) / 100);
    this.#stroke.time = time;
    this.#repaint();
  }

  #end() {
    this.#tellDown();
    const {points, widths} = this.#stroke;
    this.#stroke = null;
    this.#drawing.add({by: "hand", points: points.map(([x, y]) => [round(x), round(y)]), widths});
    this.#lifted("penup");
  }

  #cancel() {
    const wasTold = this.#erasing || this.#stroke?.isTold;
    this.#stroke = this.#erasing = null;
    this.#changed();
    if (wasTold) this.#lifted("pencancel");
  }

  #lifted(name) {
    this.element.classList.remove("drawing");
    if (this.#isResizeDue) this.#resize();
    this.dispatchEvent(new Event(name));
  }

  #beginErasing(event) {
    this.#erasing = {pointer: event.pointerId, gone: new Set()};
    this.element.classList.add("drawing");
    this.dispatchEvent(new Event("pendown"));
    this.#erase(event);
  }

  #erase(event) {
    const [x, y] = this.#position(event);
    const reach = ERASER / this.#view.scale;
    for (const stroke of this.#drawing.strokes) {
      if (!this.#erasing.gone.has(stroke) && isNear(stroke.points, x, y, reach)) {
        this.#erasing.gone.add(stroke);
        this.#changed();
      }
    }
  }

  #endErasing() {
    const {gone} = this.#erasing;
    this.#erasing = null;
    if (gone.size > 0) this.#drawing.replace(this.#drawing.strokes.filter((stroke) => !gone.has(stroke)));
    this.#lifted(gone.size > 0 ? "penup" : "pencancel");
  }

  #position(event) {
    const box = this.#canvas.getBoundingClientRect();
    return this.#view.toPaper(event.clientX - box.left, event.clientY - box.top);
  }

  // A stroke under way keeps its place and scale: the paper follows when the pen is lifted.
  #resize() {
    this.#isResizeDue = this.isDrawing;
    if (this.#isResizeDue) return;
    const [width, height] = [this.element.clientWidth, this.element.clientHeight];
    if (width === 0 || height === 0) return;
    const ratio = Math.min(3, devicePixelRatio || 1);
    this.#size = {width, height, ratio};
    for (const canvas of [this.#canvas, this.#finished]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const style = getComputedStyle(this.element);
    const inset = (side) => parseFloat(style.getPropertyValue(`--inset-${side}`)) || 0;
    this.#view.resize(width, height, {top: inset("top"), right: inset("right"), bottom: inset("bottom"), left: inset("left")});
    this.#isFinishedOld = true;
    this.#paint();
  }

  #changed() {
    this.#isFinishedOld = true;
    this.#repaint();
  }

  #viewChanged() {
    this.#changed();
    this.dispatchEvent(new Event("view"));
  }

  #repaint() {
    if (this.#wantsFrame) return;
    this.#wantsFrame = true;
    requestAnimationFrame(() => {
      this.#wantsFrame = false;
      this.#paint();
    });
  }

  #onPaper(context) {
    const {ratio} = this.#size;
    const {scale, left, top} = this.#view;
    context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * left, ratio * top);
  }

  #paint() {
    const colours = inkColours();
    const width = Math.max(LINE_WIDTH, THINNEST / this.#view.scale);
    if (this.#isFinishedOld) {
      this.#isFinishedOld = false;
      const context = cleared(this.#finished);
      this.#onPaper(context);
      for (const stroke of this.#drawing.strokes) {
        if (!this.#erasing?.gone.has(stroke)) paintStroke(context, stroke, colours[stroke.by], width);
      }
    }
    const context = cleared(this.#canvas);
    if (this.#finished.width > 0) context.drawImage(this.#finished, 0, 0);
    this.#onPaper(context);
    const paint = (strokes, alpha = 1) => {
      context.globalAlpha = alpha;
      for (const stroke of strokes) paintStroke(context, stroke, colours[stroke.by], width);
      context.globalAlpha = 1;
    };
    paint(this.#suggestion, this.#fadeIn(paint));
    if (this.#stroke) paint([this.#stroke]);
    if (this.#ghost) {
      paint(this.#ghost.strokes, this.#ghost.alpha);
      if (this.#ghost.pen) paintPencil(context, this.#ghost.pen, this.#view.scale, colours[this.#ghost.strokes.at(-1).by], this.#ghost.alpha);
    }
    this.#hint.classList.toggle("gone", !this.#drawing.isEmpty || this.isDrawing || this.#suggestion.length > 0 || this.#cursor !== null);
    if (this.#cursor && document.activeElement === this.#canvas) this.#paintCursor(context, this.#view.scale, colours);
  }

  // Paints the suggestion that goes and returns how much of the new one has come.
  #fadeIn(paint) {
    if (!this.#fading) return 1;
    const share = (performance.now() - this.#fading.since) / FADE_MS;
    if (share >= 1) {
      this.#fading = null;
      return 1;
    }
    paint(this.#fading.strokes, 1 - share);
    this.#repaint();
    return share;
  }

  #paintCursor(context, scale, colours) {
    const {x, y} = this.#cursor;
    const arm = 12 / scale;
    context.lineWidth = 1.5 / scale;
    context.strokeStyle = this.#stroke ? colours.model : colours.hand;
    context.beginPath();
    for (const [dx, dy] of [[arm, 0], [0, arm]]) {
      context.moveTo(x - dx, y - dy);
      context.lineTo(x + dx, y + dy);
    }
    context.stroke();
  }
}

function cleared(canvas) {
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  return context;
}

// A pencil whose tip is at the point, always as large on the screen.
function paintPencil(context, [x, y], scale, colour, alpha) {
  context.save();
  context.translate(x, y);
  context.scale(1 / scale, 1 / scale);
  context.rotate(0.6);
  context.globalAlpha = 0.55 * alpha;
  context.fillStyle = colour;
  context.beginPath();
  for (const [px, py] of [[0, 0], [-6, -14], [-6, -62], [6, -62], [6, -14]]) context.lineTo(px, py);
  context.fill();
  context.restore();
}

// A pen tells its pressure; any other pointer is thinner the faster it moves. `distance` in paper units.
function widthOf(event, distance, milliseconds) {
  if (event?.pointerType === "pen" && event.pressure > 0) return 0.35 + 1.3 * event.pressure;
  if (milliseconds <= 0) return null;
  return Math.min(1.3, Math.max(0.6, 1.35 - 0.25 * (distance / milliseconds)));
}

function isNear(points, x, y, reach) {
  return points.some(([px, py], i) => {
    const [qx, qy] = points[i + 1] ?? [px, py];
    const length = (qx - px) ** 2 + (qy - py) ** 2;
    const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - px) * (qx - px) + (y - py) * (qy - py)) / length));
    return Math.hypot(px + t * (qx - px) - x, py + t * (qy - py) - y) <= reach;
  });
}

function clamp(value) { return Math.min(SIDE, Math.max(0, value)); }
function round(value) { return Math.round(value * 10) / 10; }
