// A ghost's hand: plays strokes on a paper as if somebody drew them. On an empty paper it shows how the studio works: it
// draws a few strokes and the model finishes them, again and again until somebody touches the paper.
import {isCalm} from "./dom.js";
import {asStrokes, countPoints, placeOf, reveal} from "./drawing.js";

const HOLD_MS = 1900;
const FADE_MS = 500;
const MODEL_MS = 34;     // for each point of a model

function arc(x, y, radius, from, to, count = 32) {
  return Array.from({length: count + 1}, (_, i) => {
    const angle = ((from + ((to - from) * i) / count) * Math.PI) / 180;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

function lines(...corners) {
  return corners.slice(1).reduce((points, [x, y]) => {
    const [x0, y0] = points[points.length - 1];
    for (let i = 1; i <= 9; i++) points.push([x0 + ((x - x0) * i) / 9, y0 + ((y - y0) * i) / 9]);
    return points;
  }, [corners[0]]);
}

// Beginnings that say what may become of them: a circle, a dome, an egg, a stem, two wheels. With these seeds the built-in
// model makes of them clocks, umbrellas, cats, butterflies and bicycles.
const BEGINNINGS = [
  {strokes: [arc(500, 500, 210, -90, 275)], seeds: [2, 5, 12]},
  {strokes: [arc(500, 480, 300, 180, 360)], seeds: [4, 3, 8]},
  {strokes: [arc(500, 500, 210, -90, 275).map(([x, y]) => [x, 500 + (y - 500) * 0.6])], seeds: [11, 9, 1]},
  {strokes: [lines([500, 364], [500, 636])], seeds: [3, 7, 12]},
  {strokes: [arc(330, 620, 120, 0, 365), arc(670, 620, 120, 0, 365)], seeds: [1, 2, 6]},
];

// Plays on one paper; what plays next ends what plays now.
export class GhostHand {
  #pad;
  #run = null;

  constructor(pad) { this.#pad = pad; }

  get isPlaying() { return this.#run !== null; }

  stop() {
    this.#run?.abort();
    this.#run = null;
    this.#pad.ghost = null;
  }

  // Draws the strokes; resolves to whether it came to the end.
  async play(strokes, {milliseconds}) {
    this.stop();
    const mine = this.#begin();
    const isWhole = await this.#draw([], strokes, milliseconds, mine.signal);
    if (this.#run === mine) this.stop();
    return isWhole;
  }

  // `complete(points, onEvent, signal)` asks the model for one ending. Ends when stopped, or when the model cannot be asked.
  async loop(complete) {
    this.stop();
    const mine = this.#begin();
    const {signal} = mine;
    try {
      for (let round = 0; !signal.aborted; round++) {
        const {strokes, seeds} = BEGINNINGS[round % BEGINNINGS.length];
        const given = asStrokes(strokes, "hand");
        const seed = seeds[Math.floor(round / BEGINNINGS.length) % seeds.length];
        const coming = endingOf(complete, given, seed, signal);
        coming.catch(() => {});
        if (isCalm()) {
          this.#pad.ghost = {strokes: [...given, ...await coming], pen: null, alpha: 0.9};
          return;
        }
        await this.#draw([], given, 1100, signal);
        const added = await coming;
        await this.#draw(given, added, MODEL_MS * countPoints(added), signal);
        const all = [...given, ...added];
        await this.#wait(HOLD_MS, signal, () => {});
        await this.#wait(FADE_MS, signal, (share) => { this.#pad.ghost = {strokes: all, pen: null, alpha: 1 - share}; });
      }
    } catch {
      if (this.#run === mine) this.stop();
    }
  }

  #begin() {
    this.#run = new AbortController();
    return this.#run;
  }

  async #draw(before, strokes, milliseconds, signal) {
    const count = countPoints(strokes);
    await this.#wait(milliseconds, signal, (share) => {
      const {shown, pen} = reveal(strokes, Math.ceil(share * count));
      this.#pad.ghost = {strokes: [...before, ...shown], pen: share < 1 ? pen : null, alpha: 1};
    });
    return !signal.aborted;
  }

  // Calls step(0 … 1) once a frame for so long. Never comes back once the signal is given.
  #wait(milliseconds, signal, step) {
    return new Promise((resolve) => {
      const start = performance.now();
      const frame = () => {
        if (signal.aborted) return;
        const share = Math.min(1, (performance.now() - start) / Math.max(1, milliseconds));
        step(share);
        if (share < 1) requestAnimationFrame(frame);
        else resolve();
      };
      frame();
    });
  }
}

async function endingOf(complete, given, seed, signal) {
  const strokes = [];
  let isUp = true;
  const points = given.map((stroke) => stroke.points);
  await complete({strokes: points, ...placeOf(points), count: 1, temperature: 0.25, seed}, (event) => {
    if (event.event !== "points") return;
    for (const [, x, y, lifted] of event.points) {
      if (isUp) strokes.push([]);
      strokes[strokes.length - 1].push([x, y]);
      isUp = lifted === 1;
    }
  }, signal);
  return asStrokes(strokes);
}
