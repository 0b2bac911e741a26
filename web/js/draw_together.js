// Draw together: when the pen lifts, the model continues, in several ways at once.
import {postForEvents} from "./api.js";
import {button, chooser, el, notice, slider} from "./dom.js";
import {FRAME} from "./drawing.js";
import {Pad} from "./pad.js";
import {saveMenu} from "./save.js";
import {asStrokes, sketchPicture} from "./sketch_view.js";

// One way in which the model continues: strokes that grow, shown a little behind what has come, as a pen would.
class Ending {
  strokes = [];          // lists of points that have come
  isDone = false;
  #isPenUp = true;
  #points = 0;
  #shown = 0;

  add(x, y, isLifted) {
    if (this.#isPenUp) this.strokes.push([]);
    this.strokes[this.strokes.length - 1].push([x, y]);
    this.#isPenUp = isLifted;
    this.#points++;
  }

  get isShown() { return this.#shown >= this.#points; }
  showAll() { this.#shown = this.#points; }
  showMore() { this.#shown = Math.min(this.#points, this.#shown + 1 + Math.floor((this.#points - this.#shown) / 24)); }

  get visible() {
    let left = this.#shown;
    const strokes = [];
    for (const points of this.strokes) {
      if (left <= 0) break;
      strokes.push(points.slice(0, left));
      left -= points.length;
    }
    return strokes;
  }
}

export function drawTogether(studio) {
  const {drawing} = studio;
  const models = studio.models.filter((model) => model.draws === "strokes");
  if (models.length === 0) return emptyTab("No sketch model is being served. Start limn serve with one to draw with it.");

  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let endings = [];
  let chosen = 0;
  let request = null;
  let liftedAt = 0;

  const pad = new Pad(drawing, {label: "Drawing paper", hint: "Draw a stroke.\nThe model continues."});
  const caption = el("p", {class: "caption", role: "status"});
  const thumbs = el("div", {class: "endings", role: "group", "aria-label": "Endings to choose from"});

  const model = chooser({label: "Model", options: models.map(({id, name}) => ({value: id, text: name})), onchange: () => goOn()});
  const temperature = slider({label: "Temperature", min: 0.05, max: 1.2, step: 0.05, value: 0.3, text: (v) => v.toFixed(2)});
  temperature.input.addEventListener("change", () => goOn());
  const count = slider({label: "Endings", min: 1, max: 9, step: 1, value: 6});
  count.input.addEventListener("change", () => goOn());
  const auto = el("input", {type: "checkbox", checked: true});

  const undo = button("Undo", () => { stop(); drawing.undo(); }, {symbol: "undo", only: true, title: "Undo (Ctrl Z)"});
  const redo = button("Redo", () => { stop(); drawing.redo(); }, {symbol: "redo", only: true, title: "Redo (Ctrl Shift Z)"});
  const clear = button("Clear", () => { stop(); drawing.clear(); caption.textContent = ""; }, {symbol: "clear", only: true, title: "Clear (C)"});
  const again = button("Again", () => goOn(), {symbol: "again"});
  again.title = "Other endings (R)";
  const keep = button("Keep", () => keepEnding(), {primary: true});
  keep.title = "Make it part of the drawing (Enter)";
  const save = saveMenu({
    take: () => {
      const all = [...drawing.points, ...(endings[chosen]?.strokes ?? [])];
      return all.length > 0 ? [all] : [];
    },
    name: () => model.select.selectedOptions[0].textContent,
  });

  function stop() {
    request?.abort();
    request = null;
    endings = [];
    chosen = 0;
    show();
  }

  function keepEnding() {
    const ending = endings[chosen];
    if (!ending || ending.strokes.length === 0) return;
    const strokes = asStrokes(ending.strokes);
    stop();
    drawing.add(...strokes);
    caption.textContent = "Kept. Draw on.";
  }

  async function goOn() {
    liftedAt = performance.now();
    request?.abort();
    const mine = new AbortController();
    request = mine;
    endings = Array.from({length: count.value}, () => new Ending());
    chosen = 0;
    let first = 0;
    let points = 0;
    const body = {strokes: drawing.points, frame: FRAME, count: count.value, temperature: temperature.value};
    try {
      // The request leaves first: the page has time to prepare for the answer while the model draws.
      const answer = postForEvents(`/api/models/${model.value}/completions`, body, (event) => {
        if (request !== mine) return;
        if (event.event === "points") {
          first ||= performance.now() - liftedAt;
          points += event.points.length;
          for (const [ending, x, y, lifted] of event.points) endings[ending].add(x, y, lifted === 1);
          grow();
        } else if (event.event === "end") {
          endings[event.ending].isDone = true;
          refreshThumb(event.ending);
        }
      }, mine.signal);
      caption.textContent = "The model draws …";
      show();
      await answer;
      if (request !== mine) return;
      document.documentElement.dataset.firstStrokeMs = first.toFixed(1);
      caption.textContent = points === 0 ? "The model finds it finished." : `First stroke after ${Math.round(first)} ms. Choose an ending, or draw on.`;
    } catch (error) {
      if (error.name === "AbortError" || request !== mine) return;
      caption.textContent = "";
      notice(error.message);
    }
  }

  let isGrowing = false;
  function grow() {
    if (isGrowing) return;
    isGrowing = true;
    const step = () => {
      isGrowing = false;
      for (const ending of endings) isCalm ? ending.showAll() : ending.showMore();
      pad.suggestion = endings[chosen]?.visible ?? [];
      if (endings.some((ending) => !ending.isShown)) grow();
    };
    requestAnimationFrame(step);
  }

  function refreshThumb(i) {
    const node = thumbs.children[i];
    if (!node) return;
    node.classList.remove("pending");
    node.replaceChildren(sketchPicture([...drawing.strokes, ...asStrokes(endings[i].strokes)]));
  }

  function choose(i) {
    if (!endings[i]) return;
    chosen = i;
    endings[i].showAll();
    [...thumbs.children].forEach((node, at) => node.setAttribute("aria-pressed", at === i));
    pad.suggestion = endings[i].visible;
    buttons();
  }

  function show() {
    thumbs.replaceChildren(...endings.map((ending, i) => el("button", {
      type: "button", class: "thumb pending", "aria-label": `Ending ${i + 1}`, "aria-pressed": i === chosen, onclick: () => choose(i),
      ondblclick: () => keepEnding(),
    })));
    pad.suggestion = endings[chosen]?.visible ?? [];
    buttons();
  }

  function buttons() {
    undo.disabled = !drawing.canUndo;
    redo.disabled = !drawing.canRedo;
    clear.disabled = drawing.isEmpty && endings.length === 0;
    keep.disabled = endings.length === 0;
  }

  pad.addEventListener("pendown", () => stop());
  pad.addEventListener("penup", () => { if (auto.checked) goOn(); });
  drawing.addEventListener("change", buttons);
  const element = el("div", {class: "studio"},
    el("div", {}, pad.element, caption),
    el("div", {class: "side"}, thumbs, model.field, temperature.field, count.field,
      el("label", {class: "check"}, auto, "Go on when the pen lifts"),
      el("div", {class: "buttons"}, save)));
  pad.element.append(el("div", {class: "bar"}, el("div", {class: "buttons"}, undo, redo, clear), el("div", {class: "buttons"}, again, keep)));
  buttons();

  return {
    element,
    leave: () => { request?.abort(); },
    keydown(event) {
      const isControl = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (isControl && key === "z") (event.shiftKey ? redo : undo).click();
      else if (isControl && key === "y") redo.click();
      else if (isControl || event.altKey) return false;
      else if (key === "enter" && !event.target.closest("button:not([aria-pressed=true]), summary, select")) keepEnding();
      else if (key === "r") goOn();
      else if (key === "c") clear.click();
      else if (/^[1-9]$/.test(key)) choose(Number(key) - 1);
      else return false;
      return true;
    },
  };
}

export function emptyTab(text) {
  return {element: el("p", {class: "quiet centred"}, text)};
}
