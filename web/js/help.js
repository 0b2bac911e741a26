// The list of keys, on '?'.
import {el} from "./dom.js";

const KEYS = [
  ["Draw together", [
    ["1 – 9", "choose an ending"], ["Enter", "keep it"], ["Esc", "dismiss the endings"], ["R", "other endings"],
    ["Ctrl Z", "undo"], ["Ctrl Shift Z", "redo"], ["C", "clear"], ["E", "eraser"],
    ["wheel, pinch, + −", "zoom"], ["0", "show all"], ["arrows, space", "draw without a pointer"],
  ]],
  ["Latent space", [["click", "pin a place"], ["drag", "record a path"], ["arrows", "move the pin"], ["Esc", "let it follow the pointer"]]],
  ["Glimpses", [["space", "play and pause"]]],
];

export function showHelp() {
  if (document.querySelector("dialog[open]")) return;
  const box = el("dialog", {class: "dialog", "aria-label": "Help"},
    el("h2", {}, "limn studio"),
    el("p", {class: "quiet"}, "Draw a few strokes. When you lift the pen, a neural network continues in its colour. Keep an ending you like, and draw on."),
    ...KEYS.map(([title, keys]) => el("section", {}, el("h3", {}, title),
      el("dl", {class: "keys"}, ...keys.map(([key, what]) => el("div", {}, el("dt", {}, key), el("dd", {}, what)))))),
    el("form", {method: "dialog", class: "buttons end"}, el("button", {class: "button primary"}, "Close")));
  box.addEventListener("close", () => box.remove());
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  document.body.append(box);
  box.showModal();
}
