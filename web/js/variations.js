// Variations: the drawing encoded, and drawn again from what the model understood, calmer and wilder.
import {postForEvents} from "./api.js";
import {button, chooser, el, latestOnly, slider} from "./dom.js";
import {emptyTab} from "./draw_together.js";
import {Pad} from "./pad.js";
import {saveMenu} from "./save.js";
import {asStrokes, onPaper, sketchPicture} from "./sketch_view.js";

const TEMPERATURES = [0.1, 0.3, 0.6, 1.0];
export const NO_ENCODER = "None of the models can read a whole drawing: that needs a conditional Sketch-RNN, as limn train sketch-rnn makes them.";

export function conditionalModels(studio) {
  return studio.models.filter((model) => model.conditional);
}

export function variations(studio) {
  const models = conditionalModels(studio);
  if (models.length === 0) return emptyTab(NO_ENCODER);
  const {drawing} = studio;
  let abort = null;
  let drawings = [];
  let picked = -1;

  const pad = new Pad(drawing, {label: "Drawing paper", hint: "Draw something whole.\nThe model draws it again."});
  const rows = el("div", {class: "rows", "aria-live": "polite"});
  const model = chooser({label: "Model", options: models.map(({id, name}) => ({value: id, text: name})), onchange: () => redraw()});
  const columns = slider({label: "In each row", min: 1, max: 6, step: 1, value: 4});
  columns.input.addEventListener("change", () => redraw());
  const undo = button("Undo", () => drawing.undo(), {symbol: "undo", only: true});
  const clear = button("Clear", () => drawing.clear(), {symbol: "clear", only: true});
  const again = button("Again", () => redraw(), {symbol: "again"});
  const take = button("Take over", () => {
    if (picked >= 0) drawing.replace(asStrokes(onPaper(drawings[picked])));
  });
  const save = saveMenu({
    take: () => (picked >= 0 ? [drawings[picked]] : drawings.filter(Boolean)),
    name: () => "variations", direction: "left",
  });

  function pick(i) {
    picked = picked === i ? -1 : i;
    rows.querySelectorAll(".thumb").forEach((node, at) => node.setAttribute("aria-pressed", at === picked));
    take.disabled = picked < 0;
  }

  const redraw = latestOnly(async () => {
    again.disabled = drawing.isEmpty;
    drawings = [];
    picked = -1;
    take.disabled = true;
    if (drawing.isEmpty) {
      rows.replaceChildren();
      return;
    }
    const count = columns.value;
    rows.replaceChildren(...TEMPERATURES.map((temperature, row) => {
      const cells = Array.from({length: count}, (_, column) => el("button", {type: "button", class: "thumb pending",
        "aria-label": `Variation at temperature ${temperature}, number ${column + 1}`, "aria-pressed": "false",
        onclick: () => pick(row * count + column)}));
      const line = el("div", {class: "row"}, el("span", {class: "quiet small"}, temperature.toFixed(1)), ...cells);
      line.style.setProperty("--columns", count);
      return line;
    }));
    const cells = rows.querySelectorAll(".thumb");
    abort = new AbortController();
    await postForEvents(`/api/models/${model.value}/variations`,
      {strokes: drawing.points, temperatures: TEMPERATURES, count, size: 1000}, (event) => {
        if (event.event !== "drawing") return;
        drawings[event.index] = event.strokes;
        cells[event.index].classList.remove("pending");
        cells[event.index].replaceChildren(sketchPicture(asStrokes(event.strokes)));
      }, abort.signal);
  });

  drawing.addEventListener("change", () => { if (element.isConnected) redraw(); });
  pad.addEventListener("pendown", () => abort?.abort());
  const element = el("div", {class: "pair"},
    el("div", {},
      el("figure", {}, el("figcaption", {}, "Your drawing"), pad.element),
      el("div", {class: "buttons caption"}, undo, clear, again),
      el("div", {class: "part"}, model.field, columns.field)),
    el("div", {},
      el("p", {class: "quiet small"}, "Calm above, wild below: each row has a temperature of its own."), rows,
      el("div", {class: "buttons indented"}, take, save)));
  take.disabled = true;

  return {
    element,
    enter: () => redraw(),
    leave: () => abort?.abort(),
    keydown(event) {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return false;
      event.shiftKey ? drawing.redo() : drawing.undo();
      return true;
    },
  };
}

