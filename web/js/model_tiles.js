// The models as tiles, each with a picture that the model drew itself.
import {el} from "./dom.js";
import {asStrokes, boundsOf} from "./drawing.js";
import {paintStrokes} from "./ink.js";

const PIXELS = 160;

// A whole drawing from nothing, fitted.
async function paintSketch(engine, model, canvas, seed) {
  const strokes = [];
  let isUp = true;
  await engine.complete(model.id, {strokes: [], count: 1, temperature: 0.2, seed}, (event) => {
    if (event.event !== "points") return;
    for (const [, x, y, lifted] of event.points) {
      if (isUp) strokes.push([]);
      strokes[strokes.length - 1].push([x, y]);
      isUp = lifted === 1;
    }
  });
  const box = boundsOf(strokes);
  if (!box) return;
  const side = 1.25 * Math.max(box.width, box.height, 1e-6);
  const square = {x: box.x + (box.width - side) / 2, y: box.y + (box.height - side) / 2, width: side, height: side};
  paintStrokes(canvas, asStrokes(strokes), square, {width: side / 45});
}

async function paintImage(engine, model, canvas, seed) {
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  if (model.steps) {
    const {frames, steps, width, height, channels} = await engine.canvases(model.id, {seed});
    const bytes = Uint8Array.from(atob(frames), (character) => character.charCodeAt(0));
    const small = new OffscreenCanvas(width, height);
    small.getContext("2d").putImageData(imageOf(bytes.subarray((steps - 1) * width * height * channels), width, height, channels), 0, 0);
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
    return;
  }
  const {z} = await engine.latents(model.id, {seed});
  const bitmap = await createImageBitmap(await engine.images(model.id, {z}));
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
}

// The image of the first width · height pixels of `bytes`.
export function imageOf(bytes, width, height, channels) {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = bytes[i * channels + (channels === 3 ? c : 0)];
    image.data[4 * i + 3] = 255;
  }
  return image;
}

export class ModelTiles extends EventTarget {
  element = el("div", {class: "tiles", role: "group", "aria-label": "Models"});
  #models;
  #value;

  constructor(engine, models) {
    super();
    this.#models = models;
    this.#value = models[0].id;
    this.element.append(...models.map((model, i) => {
      const canvas = el("canvas", {width: PIXELS, height: PIXELS, "aria-hidden": true});
      const paint = () => (model.draws === "strokes" ? paintSketch(engine, model, canvas, 3 + i) : paintImage(engine, model, canvas, 3 + i));
      const work = () => paint().catch(() => {});   // a tile without a picture still chooses its model
      requestIdle(work);
      if (model.draws === "strokes") matchMedia("(prefers-color-scheme: dark)").addEventListener("change", work);
      return el("button", {type: "button", class: "tile", "data-id": model.id, "aria-pressed": model.id === this.#value,
        title: titleOf(model), onclick: () => this.choose(model.id)}, canvas, el("span", {}, model.name));
    }));
  }

  get value() { return this.#value; }
  get model() { return this.#models.find(({id}) => id === this.#value); }

  // Does nothing for a model that is not there.
  choose(id, {isSilent = false} = {}) {
    if (!this.#models.some((model) => model.id === id)) return;
    this.#value = id;
    for (const node of this.element.querySelectorAll("[data-id]")) node.setAttribute("aria-pressed", node.dataset.id === id);
    if (!isSilent) this.dispatchEvent(new Event("change"));
  }

  chooseAny() {
    this.choose(this.#models[Math.floor(Math.random() * this.#models.length)].id, {isSilent: true});
  }
}

function requestIdle(work) {
  if (window.requestIdleCallback) requestIdleCallback(work, {timeout: 1500});
  else setTimeout(work, 300);
}

function titleOf({name, kind, step}) {
  const family = {sketch_rnn: "Sketch-RNN", vae: "VAE", draw: "DRAW"}[kind] ?? kind;
  return `${name}: ${family}, ${step} training steps`;
}
