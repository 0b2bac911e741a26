// The menu that saves drawings as files, and the small collection that becomes a data set. limn serve writes the
// files and hands them to the browser; it never names a file of its own.
import {postForBlob} from "./api.js";
import {el, icon, notice} from "./dom.js";

const FORMATS = [
  ["svg", "SVG", "vector picture"],
  ["png", "PNG", "picture"],
  ["gif", "GIF", "being drawn"],
  ["json", "JSON", "strokes"],
  ["gcode", "G-code", "pen plotter"],
];
const COLLECTION = "limn-collection";

export function download(blob, name) {
  const link = el("a", {href: URL.createObjectURL(blob), download: name});
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function collection() {
  try {
    return JSON.parse(localStorage.getItem(COLLECTION)) ?? [];
  } catch {
    return [];
  }
}

function keep(drawings) {
  try {
    localStorage.setItem(COLLECTION, JSON.stringify(drawings));
  } catch {
    notice("The browser keeps no more drawings; save the data set and empty it.");
  }
}

async function save(drawings, format, name, more = {}) {
  try {
    download(await postForBlob("/api/pictures", {drawings, format, ...more}), `${name}.${format}`);
  } catch (error) {
    notice(error.message);
  }
}

// `take()` gives the drawings as lists of lists of points; an empty list where there is nothing to save.
export function saveMenu({take, name = () => "drawing", isAnimation = false, direction = ""}) {
  const items = el("div", {class: "menu-items"});
  const menu = el("details", {class: `menu ${direction}`}, el("summary", {class: "button", role: "button"}, icon("save"), "Save"), items);
  const item = (label, more, onclick) => el("button", {type: "button", onclick: () => { menu.open = false; onclick(); }}, label, el("small", {}, more));

  menu.addEventListener("toggle", () => {
    if (!menu.open) return;
    const drawings = take();
    const kept = collection();
    const hasDrawing = drawings.length > 0;
    items.replaceChildren(
      ...FORMATS.map(([format, label, more]) => {
        const options = isAnimation && format === "gif" ? {animation: true} : {};
        const node = item(label, more, () => save(drawings, format, name(), options));
        node.disabled = !hasDrawing;
        return node;
      }),
      el("hr"),
      withState(item("Add to data set", `${kept.length} in it`, () => {
        keep([...kept, ...drawings]);
        notice(`${kept.length + drawings.length} drawings are in your data set.`);
      }), !hasDrawing),
      withState(item("Save data set", ".npz", () => save(kept, "npz", "drawings")), kept.length === 0),
      withState(item("Save data set", ".ndjson", () => save(kept, "ndjson", "drawings", {word: name()})), kept.length === 0),
      withState(item("Empty data set", "", () => keep([])), kept.length === 0),
    );
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  return menu;
}

function withState(node, isDisabled) {
  node.disabled = isDisabled;
  return node;
}
