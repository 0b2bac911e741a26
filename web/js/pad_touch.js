// Which of the pointers on a paper draws, and which two pinch. One pointer draws at a time. A second finger makes a
// pinch of a stroke that has begun. While a pen is at work, fingers and palms draw nothing.

const SLACK = 5;          // pixels a finger may move before its stroke counts as one
const PALM = 60;          // pixels: the width of a contact that is not a fingertip

const PEN_MS = 10_000;    // how long after a pen's last sign fingers do not draw

export class PadTouch {
  #fingers = new Map();   // id to [x, y] on the screen
  #pinch = null;          // {middle, distance}
  #penTime = -PEN_MS;
  #first = null;          // where the drawing finger came down, until its stroke counts

  // Whether the pointer may draw; "pinch" where it makes a pinch of the stroke under way.
  down(event, isDrawing) {
    if (event.pointerType === "pen") {
      this.#penTime = event.timeStamp;
      this.#pinch = null;
      return "draw";
    }
    if (event.pointerType !== "touch") return isDrawing ? "ignore" : "draw";
    if (Math.max(event.width, event.height) > PALM) return "ignore";
    const isPenNear = event.timeStamp - this.#penTime < PEN_MS;
    if (isPenNear && isDrawing) return "ignore";
    this.#fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (this.#fingers.size === 2) {
      this.#pinch = this.#measure();
      return "pinch";
    }
    if (this.#fingers.size > 2 || isPenNear || isDrawing) return "ignore";
    this.#first = [event.clientX, event.clientY];
    return "draw";
  }

  // The change of a pinch: {x, y, factor, shift}; null for any other movement.
  move(event) {
    if (event.pointerType === "pen") this.#penTime = event.timeStamp;
    if (!this.#fingers.has(event.pointerId)) return null;
    this.#fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (!this.#pinch || this.#fingers.size !== 2) return null;
    const before = this.#pinch;
    this.#pinch = this.#measure();
    const {middle: [x, y], distance} = this.#pinch;
    return {x: before.middle[0], y: before.middle[1], factor: distance / before.distance,
      shift: [x - before.middle[0], y - before.middle[1]]};
  }

  up(event) {
    this.#fingers.delete(event.pointerId);
    if (this.#fingers.size < 2) this.#pinch = null;
  }

  // Whether a finger has moved far enough that it draws and does not begin a pinch. Other pointers always have.
  counts(event) {
    if (event.pointerType !== "touch" || !this.#first) return true;
    const [x, y] = this.#first;
    if (Math.hypot(event.clientX - x, event.clientY - y) < SLACK) return false;
    this.#first = null;
    return true;
  }

  #measure() {
    const [[x0, y0], [x1, y1]] = this.#fingers.values();
    return {middle: [(x0 + x1) / 2, (y0 + y1) / 2], distance: Math.max(10, Math.hypot(x1 - x0, y1 - y0))};
  }
}
