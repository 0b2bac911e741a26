// The drawing that hand and model make together, with undo: a list of strokes that is replaced, never changed.
// A stroke is {by: "hand" | "model", points: [[x, y], …], widths: [w, …] or none}, a width being a share of the usual
// one. The paper is 1000 × 1000, and more where it is not square.

// Where a finished drawing would lie on the paper: the model's size is brought to it.
export const FRAME = {x: 150, y: 150, size: 700};

export class Drawing extends EventTarget {
  #past = [];
  #future = [];
  #strokes = [];
  #key;

  // With a key, the browser's tab keeps the drawing over a reload and over other pages.
  constructor(key = "") {
    super();
    this.#key = key;
    if (key) this.#strokes = kept(key);
  }

  get strokes() { return this.#strokes; }
  get points() { return this.#strokes.map((stroke) => stroke.points); }
  get isEmpty() { return this.#strokes.length === 0; }
  get canUndo() { return this.#past.length > 0; }
  get canRedo() { return this.#future.length > 0; }

  add(...strokes) { this.#become([...this.#strokes, ...strokes]); }
  clear() { if (!this.isEmpty) this.#become([]); }
  replace(strokes) { this.#become(strokes); }

  undo() {
    if (!this.canUndo) return;
    this.#future.push(this.#strokes);
    this.#strokes = this.#past.pop();
    this.#tell();
  }

  redo() {
    if (!this.canRedo) return;
    this.#past.push(this.#strokes);
    this.#strokes = this.#future.pop();
    this.#tell();
  }

  #become(strokes) {
    this.#past.push(this.#strokes);
    if (this.#past.length > 200) this.#past.shift();
    this.#future = [];
    this.#strokes = strokes;
    this.#tell();
  }

  #tell() {
    if (this.#key) keep(this.#key, this.#strokes);
    this.dispatchEvent(new Event("change"));
  }
}

function kept(key) {
  try {
    const strokes = JSON.parse(sessionStorage.getItem(key)) ?? [];
    return strokes.filter(isStroke);
  } catch {
    return [];
  }
}

function keep(key, strokes) {
  try {
    sessionStorage.setItem(key, JSON.stringify(strokes));
  } catch { /* a full or closed store: the drawing lives in this page alone */ }
}

function isStroke({by, points}) {
  return (by === "hand" || by === "model") && Array.isArray(points) && points.length > 0 &&
    points.every((point) => Array.isArray(point) && point.length === 2 && point.every(Number.isFinite));
}

export function asStrokes(pointLists, by = "model") {
  return pointLists.filter((points) => points.length > 0).map((points) => ({by, points}));
}

// {x, y, width, height} around lists of points; null around nothing.
export function boundsOf(pointLists) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const points of pointLists) {
    for (const [x, y] of points) {
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return left > right ? null : {x: left, y: top, width: right - left, height: bottom - top};
}

// Where a drawing that begins with these strokes will be, for a request: it fills the square around them at least, which
// is not smaller than a dot needs. The model finds how much larger it is.
export function placeOf(pointLists) {
  if (pointLists.length === 0) return {frame: FRAME};
  const box = boundsOf(pointLists);
  const longer = Math.max(box.width, box.height), size = Math.max(longer, FRAME.size / 4);
  return {least_frame: {x: box.x - (size - longer) / 2, y: box.y - (size - longer) / 2, size}};
}

// Moved and scaled to lie in the frame.
export function fitted(pointLists, frame = FRAME) {
  const box = boundsOf(pointLists);
  if (!box) return pointLists;
  const scale = frame.size / Math.max(box.width, box.height, 1e-6);
  const left = frame.x + (frame.size - scale * box.width) / 2;
  const top = frame.y + (frame.size - scale * box.height) / 2;
  return pointLists.map((points) => points.map(([x, y]) => [left + scale * (x - box.x), top + scale * (y - box.y)]));
}

// The first `count` points of strokes, and where the pen is then.
export function reveal(strokes, count) {
  const shown = [];
  let left = count;
  for (const stroke of strokes) {
    if (left <= 0) break;
    shown.push(left >= stroke.points.length ? stroke : {...stroke, points: stroke.points.slice(0, left)});
    left -= stroke.points.length;
  }
  const last = shown[shown.length - 1];
  return {shown, pen: last ? last.points[last.points.length - 1] : null};
}

export function countPoints(strokes) {
  return strokes.reduce((sum, stroke) => sum + stroke.points.length, 0);
}
