// Draw together: when the pen lifts, the model continues, in several ways at once.
import {button, el, icon, isCalm, notice, slider} from "./dom.js";
import {asStrokes, countPoints, placeOf} from "./drawing.js";
import {Ending, EndingStrip} from "./endings.js";
import {GhostHand} from "./ghost.js";
import {linkOf} from "./link.js";
import {ModelTiles} from "./model_tiles.js";
import {Pad} from "./pad.js";
import {saveMenu} from "./save.js";

const NEXT_MS = 4200;   // after so long without a choice another ending shows
const CHOOSE = "Choose an ending and keep it, or draw on.";
const FINISHED = "The model finds it finished.";

export function drawTogether(studio) {
  const {drawing, engine} = studio;
  const models = studio.models.filter((model) => model.draws === "strokes");
  if (models.length === 0) return studio.example("strokes");

  let endings = [];
  let chosen = 0;
  let hasChosen = false;
  let previewed = -1;
  let isHidden = false;     // while a pen is down
  let request = null;
  let seed;                 // of the endings
  let wantedSeed;           // of the next ones, as a link gives it
  let nextTimer = 0;

  const pad = new Pad(drawing, {label: "Drawing paper", hint: "Draw a stroke. The model finishes it.", zooms: true});
  const ghost = new GhostHand(pad);
  const caption = el("p", {class: "caption", role: "status"});
  const strip = new EndingStrip();
  const tiles = new ModelTiles(engine, models);
  const temperature = slider({label: "Temperature", min: 0.05, max: 1.2, step: 0.05, value: 0.3, text: (v) => v.toFixed(2)});
  const count = slider({label: "Endings", min: 1, max: 9, step: 1, value: 6});
  const auto = el("input", {type: "checkbox", checked: true});

  const undo = button("Undo", () => undoStep(), {symbol: "undo", only: true, title: "Undo (Ctrl Z)"});
  const redo = button("Redo", () => { stop(); drawing.redo(); }, {symbol: "redo", only: true, title: "Redo (Ctrl Shift Z)"});
  redo.classList.add("redo");
  const clear = button("Clear", () => { stop(); drawing.clear(); caption.textContent = ""; }, {symbol: "clear", only: true, title: "Clear (C)"});
  const eraser = button("Eraser", () => setEraser(eraser.getAttribute("aria-pressed") !== "true"), {symbol: "eraser", only: true, title: "Eraser (E)"});
  const fit = button("Show all", () => pad.fit(), {symbol: "fit", only: true, title: "Show all (0)"});
  const again = button("Again", () => goOn(), {symbol: "again"});
  again.title = "Other endings (R)";
  again.classList.add("again");
  const dismiss = button("Dismiss", () => stop(), {symbol: "close", only: true, title: "Dismiss the endings (Esc)"});
  const keep = button("Keep", () => keepEnding(), {primary: true, symbol: "check"});
  for (const node of [dismiss, keep]) node.classList.add("of-endings");
  keep.title = "Make it part of the drawing (Enter)";
  const surprise = el("button", {type: "button", class: "tile surprise", onclick: () => surpriseMe()}, icon("surprise"), el("span", {}, "Surprise me"));
  const surpriseInBar = button("Surprise me", () => surpriseMe(), {symbol: "surprise", primary: true});
  surpriseInBar.classList.add("compact-only", "on-empty");
  const settings = button("Models and settings", () => toggleDrawer(), {symbol: "settings", only: true});
  settings.classList.add("compact-only");
  settings.setAttribute("aria-controls", "drawer");
  const save = saveMenu({
    engine, take: () => (drawing.isEmpty ? [] : [drawing.strokes]), name: () => tiles.model.name,
    link: () => linkOf(drawing.strokes, {model: tiles.value, seed}),
    offer: () => (current() ? {label: "Keep the ending", accept: keepEnding} : null),
  });

  function current() {
    const ending = endings[chosen];
    return ending && !ending.isEmpty ? ending : null;
  }

  function stop() {
    request?.abort();
    request = null;
    endings = [];
    chosen = 0;
    show();
  }

  // A suggestion goes first, then the hand's own strokes.
  function undoStep() {
    if (endings.length > 0) stop();
    else drawing.undo();
  }

  function keepEnding() {
    const ending = current();
    if (!ending) return;
    const strokes = asStrokes(ending.strokes);
    stop();
    drawing.add(...strokes);
    caption.textContent = "Kept. Draw on.";
  }

  function surpriseMe() {
    ghost.stop();
    closeDrawer();
    tiles.chooseAny();
    stop();
    if (!drawing.isEmpty) drawing.clear();
    goOn();
  }

  async function goOn() {
    const liftedAt = performance.now();
    ghost.stop();
    request?.abort();
    const mine = new AbortController();
    request = mine;
    const number = count.value;
    endings = Array.from({length: number}, () => new Ending());
    chosen = 0;
    seed = wantedSeed;
    let first = 0;
    const body = {strokes: drawing.points, ...placeOf(drawing.points), count: number, temperature: temperature.value};
    if (wantedSeed !== undefined) body.seed = wantedSeed;
    wantedSeed = undefined;
    try {
      // The request leaves first: the page has time to prepare for the answer while the model draws.
      const answer = engine.complete(tiles.value, body, (event) => {
        if (request !== mine) return;
        if (event.event === "start") seed = event.seed;
        else if (event.event === "points") {
          first ||= performance.now() - liftedAt;
          for (const [ending, x, y, lifted] of event.points) endings[ending].add(x, y, lifted === 1);
          grow();
        } else if (event.event === "end") {
          endings[event.ending].isDone = true;
          grow();
        }
      }, mine.signal);
      caption.textContent = "The model draws …";
      show();
      await answer;
      if (request !== mine) return;
      request = null;
      document.documentElement.dataset.firstStrokeMs = first.toFixed(1);
      caption.textContent = first === 0 ? FINISHED : CHOOSE;
      waitForNext();
    } catch (error) {
      if (error.name === "AbortError" || request !== mine) return;
      request = null;
      // Endings that have come whole can still be kept.
      endings = endings.filter(({isDone, isEmpty}) => isDone && !isEmpty);
      chosen = 0;
      show();
      caption.textContent = error.message;
      notice(error.message);
    }
    buttons();
  }

  let isGrowing = false;
  function grow() {
    if (isGrowing) return;
    isGrowing = true;
    requestAnimationFrame(() => {
      isGrowing = false;
      for (const ending of endings) isCalm() ? ending.showAll() : ending.showMore();
      strip.paint(endings);
      suggest();
      if (endings.some((ending) => !ending.isShown)) grow();
      buttons();
    });
  }

  function suggest(fades = false) {
    const ending = endings[previewed >= 0 ? previewed : chosen];
    pad.suggest(ending && !isHidden ? ending.visible : [], {fades});
  }

  function choose(i) {
    if (!endings[i]) return;
    chosen = i;
    hasChosen = true;
    endings[i].showAll();
    strip.mark(i);
    if (!request) caption.textContent = endings[i].isEmpty ? FINISHED : CHOOSE;
    suggest();
    buttons();
  }

  // With no choice made, another ending now and then.
  function waitForNext() {
    clearInterval(nextTimer);
    if (isCalm()) return;
    nextTimer = setInterval(() => {
      if (hasChosen || previewed >= 0 || isHidden || document.hidden || endings.length < 2 || save.open || strip.element.contains(document.activeElement)) return;
      chosen = (chosen + 1) % endings.length;
      strip.mark(chosen);
      suggest(true);
    }, NEXT_MS);
  }

  function show() {
    clearInterval(nextTimer);
    hasChosen = false;
    previewed = -1;
    if (endings.length > 0) {
      strip.open(endings.length, drawing.strokes);
      strip.mark(chosen);
      strip.paint(endings);
    } else {
      strip.close(count.value);
    }
    suggest();
    buttons();
  }

  function buttons() {
    element.classList.toggle("with-endings", endings.length > 0);
    element.classList.toggle("empty", drawing.isEmpty && endings.length === 0);
    undo.disabled = !drawing.canUndo && endings.length === 0;
    redo.disabled = !drawing.canRedo;
    clear.disabled = drawing.isEmpty && endings.length === 0;
    eraser.disabled = drawing.isEmpty;
    if (drawing.isEmpty) setEraser(false);
    keep.disabled = !current();
    dismiss.disabled = endings.length === 0;
    fit.hidden = pad.view.isHome && !pad.hasInkOutside;
  }

  function setEraser(isOn) {
    eraser.setAttribute("aria-pressed", isOn);
    pad.isEraser = isOn;
  }

  // The ghost's hand draws where nobody does.
  function haunt() {
    if (!element.isConnected || !drawing.isEmpty || endings.length > 0 || ghost.isPlaying) return;
    ghost.loop((body, onEvent, signal) => engine.complete(tiles.value, body, onEvent, signal));
  }

  // The drawing of a link: replayed stroke by stroke, then a drawing like any other.
  async function replay({strokes, model, seed: given}) {
    stop();
    tiles.choose(model, {isSilent: true});
    drawing.clear();
    wantedSeed = given;
    caption.textContent = "";
    const end = () => {
      pad.removeEventListener("pendown", end);
      if (drawing.isEmpty) drawing.replace(strokes);
      ghost.stop();
    };
    if (isCalm()) return end();
    pad.addEventListener("pendown", end, {once: true});
    if (await ghost.play(strokes, {milliseconds: Math.min(7000, 24 * countPoints(strokes))})) {
      end();
      caption.textContent = "A drawing from a link. Draw on, or ask for endings with Again.";
    }
  }

  function toggleDrawer() { element.classList.contains("open") ? closeDrawer() : setDrawer(true); }
  function closeDrawer() { setDrawer(false); }
  function setDrawer(isOpen) {
    element.classList.toggle("open", isOpen);
    settings.setAttribute("aria-expanded", isOpen);
  }

  pad.addEventListener("pendown", () => {
    ghost.stop();
    closeDrawer();
    isHidden = true;
    previewed = -1;
    suggest();
  });
  pad.addEventListener("penup", () => {
    isHidden = false;
    if (auto.checked && !drawing.isEmpty) goOn();
    else stop();
  });
  pad.addEventListener("pencancel", () => {
    isHidden = false;
    suggest();
  });
  pad.addEventListener("view", buttons);
  pad.canvas.addEventListener("keydown", (event) => { if (event.key === " " || event.key.startsWith("Arrow")) ghost.stop(); });
  strip.addEventListener("choose", ({detail}) => (hasChosen && detail === chosen && matchMedia("(pointer: coarse)").matches ? keepEnding() : choose(detail)));
  strip.addEventListener("preview", ({detail}) => {
    previewed = detail;
    endings[detail]?.showAll();
    suggest();
  });
  strip.addEventListener("keep", keepEnding);
  drawing.addEventListener("change", () => {
    if (!drawing.isEmpty) ghost.stop();
    buttons();
  });
  const renew = () => { if (!drawing.isEmpty || endings.length > 0) goOn(); };
  tiles.addEventListener("change", () => {
    renew();
    if (ghost.isPlaying) {
      ghost.stop();
      haunt();
    }
  });
  temperature.input.addEventListener("change", renew);
  count.input.addEventListener("change", () => (endings.length > 0 ? goOn() : strip.close(count.value)));

  const element = el("div", {class: "studio"},
    el("div", {class: "desk"}, pad.element,
      el("div", {class: "bar"}, el("div", {class: "buttons"}, undo, redo, clear, eraser, fit), caption, el("div", {class: "buttons"}, dismiss, again, surpriseInBar, keep))),
    strip.element,
    el("div", {class: "side", id: "drawer", role: "group", "aria-label": "Models and settings"},
      tiles.element, temperature.field, count.field,
      el("label", {class: "check"}, auto, "Continue when the pen lifts")));
  tiles.element.append(surprise);
  setEraser(false);
  setDrawer(false);
  show();

  return {
    element,
    actions: [settings, save],
    enter: () => {
      const given = studio.takeLinked();
      if (given) replay(given);
      else haunt();
    },
    leave: () => {
      ghost.stop();
      request?.abort();
      if (endings.some(({isDone}) => !isDone)) stop();
      closeDrawer();
    },
    keydown(event) {
      const isControl = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (isControl && key === "z") (event.shiftKey ? redo : undo).click();
      else if (isControl && key === "y") redo.click();
      else if (isControl || event.altKey) return false;
      else if (key === "escape") {
        if (element.classList.contains("open")) closeDrawer();
        else if (endings.length > 0) stop();
        else return false;
      } else if (key === "enter" && !event.target.closest("button:not([aria-pressed=true]), .tile, summary, a")) keepEnding();
      else if (key === "r") goOn();
      else if (key === "c") clear.click();
      else if (key === "e") eraser.click();
      else if (key === "0") pad.fit();
      else if (key === "+" || key === "-") pad.zoomBy(key === "+" ? 1.25 : 0.8);
      else if (/^[1-9]$/.test(key)) choose(Number(key) - 1);
      else return false;
      return true;
    },
  };
}
