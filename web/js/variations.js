// Variations: the drawing encoded, and drawn again from what the model understood, calmer and wilder.
import {button, el, latestOnly, slider} from "./dom.js";
import {asStrokes} from "./drawing.js";
import {ModelTiles} from "./model_tiles.js";
import {Pad} from "./pad.js";
import {saveMenu} from "./save.js";
import {onPaper, sketchPicture} from "./sketch_view.js";
import {exampleDrawings} from "./example_drawings.js";

const TEMPERATURES = [0.1, 0.3, 0.6, 1.0];

export function conditionalModels(studio) {
  return studio.models.filter((model) => model.conditional);
}

export function variations(studio) {
  const models = conditionalModels(studio);
  if (models.length === 0) return studio.example("conditional");
  const {drawing, engine} = studio;
  let abort = null;
  let drawings = [];
  let picked = -1;

  const pad = new Pad(drawing, {label: "Drawing paper", hint: "Draw something whole.\nThe model draws it again."});
  const rows = el("div", {class: "rows"});
  const status = el("p", {class: "caption", role: "status"});
  const tiles = new ModelTiles(engine, models);
  tiles.addEventListener("change", () => redraw());
  const columns = slider({label: "In each row", min: 1, max: 6, step: 1, value: 4});
  columns.input.addEventListener("change", () => redraw());
  const undo = button("Undo", () => drawing.undo(), {symbol: "undo", only: true, title: "Undo (Ctrl Z)"});
  const clear = button("Clear", () => drawing.clear(), {symbol: "clear", only: true});
  const again = button("Again", () => redraw(), {symbol: "again"});
  const example = button("Surprise me", async () => {
    const [one] = await exampleDrawings(engine, tiles.value, 1);
    if (one) drawing.replace(one);
  }, {symbol: "surprise"});
  const take = button("Take over", () => {
    if (picked >= 0) drawing.replace(asStrokes(onPaper(drawings[picked])));
  });
  const save = saveMenu({
    engine, take: () => (picked >= 0 ? [drawings[picked]] : drawings.filter(Boolean)).map((strokes) => asStrokes(strokes)),
    name: () => "variations", word: () => tiles.model.name,
  });

  function pick(i) {
    if (!drawings[i]) return;
    picked = picked === i ? -1 : i;
    rows.querySelectorAll(".thumb").forEach((node, at) => node.setAttribute("aria-pressed", at === picked));
    take.disabled = picked < 0;
  }

  // The request on its way is for the drawing before.
  function redraw() {
    abort?.abort();
    redrawLatest();
  }

  const redrawLatest = latestOnly(async () => {
    again.disabled = undo.disabled = clear.disabled = drawing.isEmpty;
    undo.disabled = !drawing.canUndo;
    drawings = [];
    picked = -1;
    take.disabled = true;
    const isEmpty = drawing.isEmpty;
    const count = columns.value;
    status.textContent = isEmpty ? "" : "The model draws …";
    rows.replaceChildren(...TEMPERATURES.map((temperature, row) => {
      const cells = Array.from({length: count}, (_, column) => (isEmpty ? el("div", {class: "thumb none"}) : el("button", {type: "button", class: "thumb pending",
        "aria-label": `Variation at temperature ${temperature}, number ${column + 1}`, "aria-pressed": false,
        onclick: () => pick(row * count + column)})));
      const line = el("div", {class: "row"}, el("span", {class: "quiet small"}, temperature.toFixed(1)), ...cells);
      line.style.setProperty("--columns", count);
      return line;
    }));
    if (isEmpty) return;
    const cells = rows.querySelectorAll(".thumb");
    abort = new AbortController();
    await engine.vary(tiles.value, {strokes: drawing.points, temperatures: TEMPERATURES, count, size: 1000}, (event) => {
      if (event.event !== "drawing") return;
      drawings[event.index] = event.strokes;
      cells[event.index].classList.remove("pending");
      cells[event.index].replaceChildren(sketchPicture(asStrokes(event.strokes)));
    }, abort.signal);
    if (abort.signal.aborted) return;   // all had come, but the drawing has changed since
    status.textContent = "Choose one to save it alone, or to take it over.";
  });

  drawing.addEventListener("change", () => { if (element.isConnected) redraw(); });
  pad.addEventListener("pendown", () => abort?.abort());
  const element = el("div", {class: "pair"},
    el("div", {},
      el("figure", {}, el("figcaption", {}, "Your drawing"), pad.element),
      el("div", {class: "buttons caption"}, undo, clear, again, example),
      el("div", {class: "part"}, tiles.element, columns.field)),
    el("div", {},
      el("p", {class: "quiet small"}, "Calm above, wild below: the number is the temperature of the row."), rows,
      el("div", {class: "buttons indented"}, take, status)));
  take.disabled = true;

  return {
    element,
    actions: [save],
    enter: async () => {
      // No empty tab: where nobody has drawn, the model does.
      if (drawing.isEmpty && !drawing.canUndo) {
        const [one] = await exampleDrawings(engine, tiles.value, 1).catch(() => []);
        if (one && drawing.isEmpty && !pad.isDrawing && element.isConnected) {
          drawing.replace(one);
          return;
        }
      }
      redraw();
    },
    leave: () => abort?.abort(),
    keydown(event) {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return false;
      event.shiftKey ? drawing.redo() : drawing.undo();
      return true;
    },
  };
}
