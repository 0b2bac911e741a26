// The drawing that hand and model make together, with undo: a list of strokes that is replaced, never changed.
// A stroke is {by: "hand" | "model", points: [[x, y], …]}; the paper is 1000 × 1000, and more where it is not square.

// Where a finished drawing would lie on the paper: limn serve brings strokes to the model's size by it.
export const FRAME = {x: 150, y: 150, size: 700};

export class Drawing extends EventTarget {
  #past = [];
  #future = [];
  #strokes = [];

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

  #tell() { this.dispatchEvent(new Event("change")); }
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

// Moved and scaled to lie in the frame.
export function fitted(pointLists, frame = FRAME) {
  const box = boundsOf(pointLists);
  if (!box) return pointLists;
  const scale = frame.size / Math.max(box.width, box.height, 1e-6);
  const left = frame.x + (frame.size - scale * box.width) / 2;
  const top = frame.y + (frame.size - scale * box.height) / 2;
  return pointLists.map((points) => points.map(([x, y]) => [left + scale * (x - box.x), top + scale * (y - box.y)]));
}
