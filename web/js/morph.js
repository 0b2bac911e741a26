// Morph: two drawings and the way between them through the model's latent space.
import {button, el, icon, isCalm, latestOnly} from "./dom.js";
import {asStrokes, Drawing} from "./drawing.js";
import {exampleDrawings} from "./example_drawings.js";
import {ModelTiles} from "./model_tiles.js";
import {Pad} from "./pad.js";
import {saveMenu} from "./save.js";
import {sketchPicture} from "./sketch_view.js";
import {conditionalModels} from "./variations.js";

const STEPS = 25;
const STEP_MS = 110;

export function morph(studio) {
  const models = conditionalModels(studio);
  if (models.length === 0) return studio.example("conditional");
  const {engine} = studio;
  const from = new Drawing("limn-morph-from");
  const to = new Drawing("limn-morph-to");
  const examples = new Set();   // drawings that the model made and that the first stroke of a hand replaces
  let taken = null;             // strokes of the first tab that were taken over
  let drawings = [];
  let abort = null;
  let player = 0;
  let seed = Math.floor(Math.random() * 1e9);
  let isTold = false;           // to stand still

  const pads = [new Pad(from, {label: "First drawing", hint: "From this …"}), new Pad(to, {label: "Second drawing", hint: "… to this"})];
  const between = el("div", {class: "paper between-paper", role: "img", "aria-label": "The drawing in between"});
  const position = el("input", {type: "range", min: 0, max: STEPS - 1, step: 1, value: 0, "aria-label": "Between the two drawings",
    oninput: () => { stop(); isTold = true; show(); }});
  const caption = el("p", {class: "caption", role: "status"});
  const tiles = new ModelTiles(engine, models);
  tiles.addEventListener("change", () => compute());
  const play = button("Play", () => { isTold = Boolean(player); player ? stop() : start(); }, {symbol: "play", only: true});
  const again = button("Again", () => { seed++; compute(); }, {symbol: "again"});
  const surprise = button("Surprise me", () => makeExamples([from, to]), {symbol: "surprise"});
  const save = saveMenu({engine, take: () => drawings.filter(Boolean).map((strokes) => asStrokes(strokes)), name: () => "morph",
    word: () => tiles.model.name, isAnimation: true});

  function show() {
    const wanted = Number(position.value);
    // While they come, the nearest that is there.
    let best = -1;
    drawings.forEach((_, i) => { if (best < 0 || Math.abs(i - wanted) < Math.abs(best - wanted)) best = i; });
    between.replaceChildren(...(best < 0 ? [] : [sketchPicture(asStrokes(drawings[best]), {label: `Step ${best + 1} of ${STEPS}`})]));
  }

  function setSymbol(name, label) {
    play.replaceChildren(icon(name));
    play.setAttribute("aria-label", label);
    play.title = label;
  }

  function stop() {
    clearInterval(player);
    player = 0;
    setSymbol("play", "Play");
  }

  function start() {
    stop();
    let step = Number(position.value) >= STEPS - 1 ? -1 : 1;
    let rest = 0;   // at both ends it stands a while
    setSymbol("pause", "Pause");
    player = setInterval(() => {
      if (rest-- > 0) return;
      const next = Number(position.value) + step;
      position.value = next;
      if (next <= 0 || next >= STEPS - 1) {
        step = next <= 0 ? 1 : -1;
        rest = 7;
      }
      show();
    }, STEP_MS);
  }

  // Requests on their way are for the drawings before.
  function compute() {
    abort?.abort();
    computeLatest();
  }

  const computeLatest = latestOnly(async () => {
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
    await engine.morph(tiles.value, {from: from.points, to: to.points, steps: STEPS, temperature: 0.1, seed, size: 1000}, (event) => {
      if (event.event !== "drawing") return;
      drawings[event.index] = event.strokes;
      show();
    }, abort.signal);
    if (abort.signal.aborted) return;   // all had come, but a drawing has changed since
    caption.textContent = examples.size === 2 ? "Two examples. Draw your own over them." : examples.size === 1 ? "One is an example. Draw your own over it." : "Move the slider, or play.";
    if (!isTold && !isCalm() && element.isConnected) start();
  });

  async function makeExamples(wanted) {
    const made = await exampleDrawings(engine, tiles.value, 2).catch(() => []);
    if (made.length < 2 || !element.isConnected) return compute();
    wanted.forEach((drawing, i) => {
      examples.add(drawing);
      drawing.replace(made[made.length - 1 - i]);
    });
  }

  [from, to].forEach((drawing, i) => {
    pads[i].addEventListener("pendown", () => {
      if (examples.delete(drawing)) drawing.clear();
    });
    drawing.addEventListener("change", () => { if (element.isConnected) compute(); });
  });
  const tools = (drawing, name) => el("div", {class: "buttons caption"},
    button(`Undo in the ${name} drawing`, () => drawing.undo(), {symbol: "undo", only: true}),
    button(`Clear the ${name} drawing`, () => { examples.delete(drawing); drawing.clear(); }, {symbol: "clear", only: true}));
  const element = el("div", {},
    el("div", {class: "morph"},
      el("figure", {}, el("figcaption", {}, "From"), pads[0].element, tools(from, "first")),
      el("div", {class: "between"}, between, el("div", {class: "slider-row"}, play, position), caption),
      el("figure", {}, el("figcaption", {}, "To"), pads[1].element, tools(to, "second"))),
    el("div", {class: "settings-row"}, tiles.element, el("div", {class: "buttons"}, again, surprise)));

  return {
    element,
    actions: [save],
    enter: () => {
      const {strokes} = studio.drawing;
      if (strokes.length > 0 && strokes !== taken) {
        taken = strokes;
        examples.delete(from);
        from.replace(strokes);
      }
      const empty = [from, to].filter((drawing) => drawing.isEmpty && !drawing.canUndo);
      if (empty.length > 0) makeExamples(empty);
      else compute();
    },
    leave: () => { stop(); abort?.abort(); },
    keydown(event) {
      if (event.key !== " " || event.target.closest("button, input, canvas")) return false;
      play.click();
      return true;
    },
  };
}
