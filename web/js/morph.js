// Morph: two drawings and the way between them through the model's latent space.
import {postForEvents} from "./api.js";
import {button, chooser, el, icon, latestOnly} from "./dom.js";
import {Drawing} from "./drawing.js";
import {emptyTab} from "./draw_together.js";
import {Pad} from "./pad.js";
import {saveMenu} from "./save.js";
import {asStrokes, sketchPicture} from "./sketch_view.js";
import {conditionalModels, NO_ENCODER} from "./variations.js";

const STEPS = 25;

export function morph(studio) {
  const models = conditionalModels(studio);
  if (models.length === 0) return emptyTab(NO_ENCODER);
  const from = studio.drawing;
  const to = new Drawing();
  let drawings = [];
  let abort = null;
  let player = 0;
  let seed = Math.floor(Math.random() * 1e9);

  const pads = [new Pad(from, {label: "First drawing", hint: "From this …"}), new Pad(to, {label: "Second drawing", hint: "… to this"})];
  const between = el("div", {class: "paper between-paper", role: "img", "aria-label": "The drawing in between"});
  const position = el("input", {type: "range", min: 0, max: STEPS - 1, step: 1, value: (STEPS - 1) / 2, "aria-label": "Between the two drawings",
    oninput: () => { stop(); show(); }});
  const caption = el("p", {class: "caption", role: "status"}, "Draw on both papers.");
  const model = chooser({label: "Model", options: models.map(({id, name}) => ({value: id, text: name})), onchange: () => compute()});
  const play = button("Play", () => (player ? stop() : start()), {symbol: "play", only: true});
  const again = button("Again", () => { seed++; compute(); }, {symbol: "again"});
  const save = saveMenu({take: () => drawings.filter(Boolean), name: () => "morph", isAnimation: true, direction: "up left"});

  function show() {
    const wanted = Number(position.value);
    // While they come, the nearest that is there.
    let best = -1;
    drawings.forEach((_, i) => { if (best < 0 || Math.abs(i - wanted) < Math.abs(best - wanted)) best = i; });
    between.replaceChildren(...(best < 0 ? [] : [sketchPicture(asStrokes(drawings[best]), {label: `Step ${best + 1} of ${STEPS}`})]));
  }

  function stop() {
    clearInterval(player);
    player = 0;
    play.replaceChildren(icon("play"));
    play.setAttribute("aria-label", "Play");
  }

  function start() {
    let step = Number(position.value) >= STEPS - 1 ? -1 : 1;
    play.replaceChildren(icon("pause"));
    play.setAttribute("aria-label", "Pause");
    player = setInterval(() => {
      const next = Number(position.value) + step;
      if (next < 0 || next >= STEPS) step = -step;
      position.value = Number(position.value) + step;
      show();
    }, 110);
  }

  const compute = latestOnly(async () => {
    drawings = [];
    show();
    const isReady = !from.isEmpty && !to.isEmpty;
    for (const control of [play, again, position]) control.disabled = !isReady;
    if (!isReady) {
      stop();
      caption.textContent = from.isEmpty && to.isEmpty ? "Draw on both papers." : "Draw on the other paper too.";
      return;
    }
    caption.textContent = "The model looks for the way between them …";
    abort = new AbortController();
    await postForEvents(`/api/models/${model.value}/morphs`,
      {from: from.points, to: to.points, steps: STEPS, temperature: 0.1, seed, size: 1000}, (event) => {
        if (event.event !== "drawing") return;
        drawings[event.index] = event.strokes;
        show();
      }, abort.signal);
    caption.textContent = "Move the slider, or play.";
  });

  for (const drawing of [from, to]) drawing.addEventListener("change", () => { if (element.isConnected) compute(); });
  const tools = (drawing, name) => el("div", {class: "buttons caption"},
    button(`Undo in the ${name} drawing`, () => drawing.undo(), {symbol: "undo", only: true}),
    button(`Clear the ${name} drawing`, () => drawing.clear(), {symbol: "clear", only: true}));
  const element = el("div", {},
    el("div", {class: "morph"},
      el("figure", {}, el("figcaption", {}, "From"), pads[0].element, tools(from, "first")),
      el("div", {class: "between"}, between, caption),
      el("figure", {}, el("figcaption", {}, "To"), pads[1].element, tools(to, "second"))),
    el("div", {class: "slider-row"}, play, position),
    el("div", {class: "slider-row settings"}, model.field, again, save));

  return {
    element,
    enter: () => compute(),
    leave: () => { stop(); abort?.abort(); },
  };
}
