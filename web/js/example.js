// Tabs that have nothing to show yet: an animated example of what they would show, and the command that brings it.
import {el, isCalm, notice, svg} from "./dom.js";

const TEXTS = {
  strokes: ["Here you would draw, and a model would finish it.",
    "No model of strokes is served. This limn was built without its own; train one, and serve it:",
    "limn train sketch-rnn --data builtin:doodles --out runs/doodles\nlimn serve runs/doodles"],
  conditional: ["Here a model would read a whole drawing and draw it again.",
    "That needs a conditional Sketch-RNN, which limn trains unless told otherwise:",
    "limn train sketch-rnn --data builtin:doodles --out runs/doodles\nlimn serve runs/doodles"],
  images: ["Here you would wander over a map of all pictures that a model knows.",
    "That needs a VAE. This one trains in five minutes:",
    "limn data fetch mnist --to mnist\nlimn train vae --data mnist --out runs/digits\nlimn serve runs/digits"],
  glimpses: ["DRAW looks and writes through a small window, glimpse by glimpse, and here you would watch it.",
    "No such model is here. Train one, and serve it:",
    "limn data fetch mnist --to mnist\nlimn train draw --data mnist --out runs/glimpses\nlimn serve runs/glimpses"],
  runs: ["Curves, speed and pictures of your runs would show here while they train.",
    "Start limn serve with the folder that holds them:",
    "limn serve --runs runs"],
  elsewhere: ["Models learn on a computer with limn, where this tab shows their curves and pictures.",
    "This page has no server, and what you draw stays in your browser. On a computer with limn, run:",
    "limn train sketch-rnn --data builtin:doodles --out runs/doodles\nlimn serve --runs runs"],
};

// Polylines of a small scene in 0 … 100; the second class is the model's.
const SCENES = {
  strokes: [["hand", "M50 20A28 28 0 1 1 49.9 20"], ["model", "M40 42v6"], ["model", "M60 42v6"], ["model", "M38 58q12 12 24 0"]],
  conditional: [["hand", "M12 70V45L28 28L44 45V70Z"], ["model", "M56 70V47L72 30L88 47V70Z"], ["model", "M67 70V57H76V70"]],
  images: [["hand", "M20 20H80V80H20Z"], ["model", "M28 66C40 20 50 78 72 32"]],
  runs: [["hand", "M16 16V84H88"], ["model", "M18 22C26 62 36 70 50 74S76 78 86 78"]],
};

// Lines that draw themselves one after the other, again and again.
function drawnScene(parts) {
  const paths = parts.map(([by, d], i) => {
    const path = svg("path", {d, class: by, pathLength: 1});
    path.style.setProperty("--at", `${i * 0.7}s`);
    return path;
  });
  return svg("svg", {viewBox: "0 0 100 100", class: "strokes scene", "aria-hidden": true}, ...paths);
}

// A digit that comes out of the grey under a window which moves along its line.
function glimpsedScene() {
  const canvas = el("canvas", {width: 28, height: 28, class: "picture scene", "aria-hidden": true});
  const line = Array.from({length: 24}, (_, i) => {
    const t = i / 23;
    return t < 0.5 ? [14 + 5.5 * Math.sin(1.1 * Math.PI * (2 * t) - 0.6), 6 + 8 * (2 * t)] : [13 + 6.5 * Math.sin(1.1 * Math.PI * (2 * t - 1) + 0.2), 14 + 8 * (2 * t - 1)];
  });
  const context = canvas.getContext("2d");
  let step = 0;
  const paint = () => {
    if (step > 1 && !canvas.isConnected) return;
    const shown = isCalm() ? line.length : Math.min(line.length, step % 36);
    context.fillStyle = "#16171a";
    context.fillRect(0, 0, 28, 28);
    for (const [x, y] of line.slice(0, shown)) {
      const glow = context.createRadialGradient(x, y, 0, x, y, 2.4);
      glow.addColorStop(0, "rgb(255 255 255 / 85%)");
      glow.addColorStop(1, "rgb(255 255 255 / 0%)");
      context.fillStyle = glow;
      context.fillRect(x - 3, y - 3, 6, 6);
    }
    if (shown < line.length) {
      const side = 11 - shown * 0.25;
      const [x, y] = line[shown];
      context.strokeStyle = "#ff8c3a";
      context.strokeRect(Math.round(x - side / 2) + 0.5, Math.round(y - side / 2) + 0.5, Math.round(side), Math.round(side));
    }
    step++;
    if (!isCalm()) setTimeout(paint, 110);
  };
  return {canvas, paint};
}

export function exampleTab(kind) {
  const [what, how, command] = TEXTS[kind];
  const scene = kind === "glimpses" ? glimpsedScene() : null;
  const copy = el("button", {type: "button", class: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(command);
      notice("Copied.");
    } catch {
      getSelection().selectAllChildren(code);
      notice("Selected; copy it with Ctrl C.");
    }
  }}, "Copy");
  const code = el("pre", {}, el("code", {}, command));
  const element = el("div", {class: "example"},
    el("div", {class: "paper example-paper"}, scene ? scene.canvas : drawnScene(SCENES[kind] ?? SCENES.runs)),
    el("div", {}, el("p", {class: "lead"}, what), el("p", {class: "quiet"}, how), code, copy));
  return {element, enter: () => scene?.paint()};
}
