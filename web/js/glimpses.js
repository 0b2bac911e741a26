// Glimpses: DRAW's canvas growing step by step, with the windows through which the model writes (and reads).
import {button, el, icon, isCalm, latestOnly, notice} from "./dom.js";
import {download} from "./files.js";
import {asCube, asGreys, CUBE, encodeGif, GREYS} from "./gif.js";
import {imageOf, ModelTiles} from "./model_tiles.js";
import {pixelsOf} from "./picture_file.js";

const STEP_MS = 70;
const GIF_SIDE = 448;
const SIDE = 720;   // of the canvas that is painted on

// The frames' bytes [T, H, W, C] from base64.
function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

export function glimpses(studio) {
  const {engine} = studio;
  const models = studio.models.filter((model) => model.steps);
  if (models.length === 0) return studio.example("glimpses");

  let drawn = null;
  let frames = [];
  let step = 0;
  let timer = 0;
  let pixels = null;   // of the picture that is redrawn

  const canvas = el("canvas", {class: "picture", width: SIDE, height: SIDE, role: "img"});
  const caption = el("p", {class: "caption"});
  const position = el("input", {type: "range", min: 1, max: 1, value: 1, "aria-label": "Step", oninput: () => { stop(); showStep(Number(position.value)); }});
  const play = button("Play", () => (timer ? stop() : start()), {symbol: "play", only: true});
  const windows = el("input", {type: "checkbox", checked: true, onchange: () => showStep(step)});
  const tiles = new ModelTiles(engine, models);
  tiles.addEventListener("change", () => { pixels = null; make(); });
  const again = button("Draw another", () => { pixels = null; make(); }, {symbol: "again", primary: true});
  const file = el("input", {type: "file", accept: "image/*", class: "visually-hidden", "aria-label": "Picture to redraw", onchange: async () => {
    try {
      if (file.files[0]) pixels = await pixelsOf(file.files[0], tiles.model.image);
      make();
    } catch (error) {
      notice(error.message);
    }
    file.value = "";
  }});
  const redraw = button("Redraw a picture …", () => file.click());
  const savePng = button("", () => canvas.toBlob((blob) => download(blob, "canvas.png")));
  savePng.replaceChildren(icon("save"), el("span", {}, "PNG"));
  const saveGif = button("", () => download(animation(), "canvas.gif"));
  saveGif.replaceChildren(icon("save"), el("span", {}, "GIF"));
  for (const node of [saveGif, savePng]) node.disabled = true;   // until something is drawn

  // All steps, without the windows.
  function animation() {
    const {width, height, channels} = drawn;
    const zoom = Math.max(1, Math.round(GIF_SIDE / Math.max(width, height)));
    const pictures = frames.map(({data}) => {
      const pixels = channels === 1 ? asGreys(data) : asCube(data);
      const large = new Uint8Array(pixels.length * zoom * zoom);
      for (let y = 0; y < height * zoom; y++) {
        for (let x = 0; x < width * zoom; x++) large[y * width * zoom + x] = pixels[Math.floor(y / zoom) * width + Math.floor(x / zoom)];
      }
      return large;
    });
    return encodeGif({width: width * zoom, height: height * zoom, palette: channels === 1 ? GREYS : CUBE,
      frames: pictures.map((large, i) => ({pixels: large, milliseconds: i === pictures.length - 1 ? 1500 : STEP_MS}))});
  }

  const make = latestOnly(async () => {
    drawn = await engine.canvases(tiles.value, pixels ? {pixels} : {});
    const {steps, width, height, channels} = drawn;
    const bytes = bytesOf(drawn.frames);
    const size = width * height * channels;
    frames = Array.from({length: steps}, (_, t) => imageOf(bytes.subarray(t * size, (t + 1) * size), width, height, channels));
    position.max = steps;
    for (const node of [saveGif, savePng]) node.disabled = false;
    if (isCalm()) showStep(steps);
    else {
      showStep(1);
      start();
    }
  });

  function showStep(t) {
    if (!drawn) return;
    step = Math.min(Math.max(1, t), drawn.steps);
    position.value = step;
    const {width, height} = drawn;
    const scale = SIDE / Math.max(width, height);
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const small = new OffscreenCanvas(width, height);
    small.getContext("2d").putImageData(frames[step - 1], 0, 0);
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
    if (windows.checked) {
      box(context, drawn.reads[step - 1], scale, "#3c9dff");
      box(context, drawn.writes[step - 1], scale, "#ff8c3a");
    }
    canvas.setAttribute("aria-label", `The canvas after step ${step} of ${drawn.steps}`);
    caption.textContent = `Step ${step} of ${drawn.steps}.${drawn.writes.length ? " Orange: where it writes." : ""}${drawn.reads.length ? " Blue: where it reads." : ""}`;
  }

  function box(context, window, scale, colour) {
    if (!window) return;
    const [x, y, side, sigma] = window;
    context.strokeStyle = colour;
    context.lineWidth = Math.min(14, Math.max(3, 0.5 * sigma * scale));
    context.globalAlpha = 0.85;
    // A window may reach beyond the image: then its edge is shown at the image's.
    const inside = (value, size) => Math.min(size - context.lineWidth / 2, Math.max(context.lineWidth / 2, value * scale));
    const [left, right] = [inside(x - side / 2, canvas.width), inside(x + side / 2, canvas.width)];
    const [top, bottom] = [inside(y - side / 2, canvas.height), inside(y + side / 2, canvas.height)];
    context.strokeRect(left, top, right - left, bottom - top);
    context.globalAlpha = 1;
  }

  function setSymbol(name, label) {
    play.replaceChildren(icon(name));
    play.setAttribute("aria-label", label);
    play.title = label;
  }

  function start() {
    if (!drawn) return;
    stop();
    if (step >= drawn.steps) showStep(1);
    setSymbol("pause", "Pause");
    timer = setInterval(() => {
      showStep(step + 1);
      if (step >= drawn.steps) stop();
    }, STEP_MS);
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    setSymbol("play", "Play");
  }

  const element = el("div", {class: "two steps"},
    el("div", {}, el("div", {class: "paper picture-paper"}, canvas), el("div", {class: "slider-row"}, play, position), caption),
    el("div", {class: "side"}, tiles.element,
      el("label", {class: "check"}, windows, "Show the windows"),
      el("div", {class: "buttons"}, again, redraw), file));
  return {
    element,
    actions: [saveGif, savePng],
    enter: () => { if (!drawn) make(); },
    leave: stop,
    keydown(event) {
      if (event.key !== " " || event.target.closest("button, input, select")) return false;
      timer ? stop() : start();
      return true;
    },
  };
}
