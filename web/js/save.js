// The menu that saves drawings, passes them on, and collects them for a data set.
import {collect, collection, dataSetFile} from "./collection.js";
import {el, icon, notice} from "./dom.js";
import {asAnimation, asGif, asJson, asPng, asSvg, download} from "./files.js";

const FORMATS = [
  ["gif", "GIF", "being drawn", asGif],
  ["png", "PNG", "picture", asPng],
  ["svg", "SVG", "vector picture", asSvg],
  ["json", "JSON", "strokes", asJson],
  ["gcode", "G-code", "pen plotter", null],
];

async function trying(work) {
  try {
    await work();
  } catch (error) {
    if (error.name !== "AbortError") notice(error.message);
  }
}

// Writes text or a picture where others can paste it; false where the browser allows no such thing here.
async function copy(parts, text) {
  try {
    if (text !== undefined) await navigator.clipboard.writeText(text);
    else await navigator.clipboard.write([new ClipboardItem(parts)]);
    return true;
  } catch {
    return false;
  }
}

// `take()` gives the drawings, lists of strokes; an empty list where there is nothing to save. `link()` gives the
// address that holds the drawing, `offer()` {label, accept} for what is shown and not yet part of it, or null.
export function saveMenu({engine, take, name = () => "drawing", word = name, isAnimation = false, link = null, offer = () => null}) {
  const items = el("div", {class: "menu-items"});
  const menu = el("details", {class: "menu"}, el("summary", {class: "button", role: "button", "aria-label": "Save"}, icon("save"), el("span", {}, "Save")), items);
  const item = (label, more, onclick, isDisabled = false) => el("button", {type: "button", disabled: isDisabled,
    onclick: () => { menu.open = false; trying(onclick); }}, label, el("small", {}, more));

  async function save([format, , , write]) {
    const drawings = take();
    const blob = write === null
      ? await engine.file({drawings: drawings.map((strokes) => strokes.map(({points}) => points)), format})
      : await (format === "gif" && isAnimation ? asAnimation : write)(drawings);
    download(blob, `${name()}.${format}`);
  }

  async function copyPicture() {
    const png = asPng(take());
    // Given as a promise, as Safari asks for it within the click.
    if (await copy({"image/png": png})) notice("The picture is copied.");
    else {
      download(await png, `${name()}.png`);
      notice("Here the browser copies no pictures (it wants HTTPS or localhost), so it is saved as a file.");
    }
  }

  async function copyLink() {
    const address = link();
    if (await copy(null, address)) return notice("The link is copied. It replays this drawing.");
    const field = el("input", {type: "text", readonly: true, value: address, "aria-label": "Link to this drawing"});
    const box = el("dialog", {class: "dialog"}, el("p", {}, "Copy this link:"), field,
      el("form", {method: "dialog", class: "buttons end"}, el("button", {class: "button"}, "Close")));
    box.addEventListener("close", () => box.remove());
    document.body.append(box);
    box.showModal();
    field.select();
  }

  async function share() {
    const file = new File([asGif(take())], `${name()}.gif`, {type: "image/gif"});
    await navigator.share({files: [file], title: "limn", ...(link ? {text: link()} : {})});
  }

  function canShare() {
    return navigator.canShare?.({files: [new File([""], "x.gif", {type: "image/gif"})]}) ?? false;
  }

  // The server writes these files.
  function dataSetItems(drawings) {
    const kept = collection();
    return [
      el("hr"),
      item("Add to data set", `${kept.length} in it`, () => {
        const added = drawings.map((strokes) => ({word: word(), strokes: strokes.map(({points}) => points)}));
        if (collect([...kept, ...added])) notice(`${kept.length + added.length} drawings are in your data set.`);
      }, drawings.length === 0),
      item("Save data set", ".npz", async () => download(await dataSetFile(engine, "npz"), "drawings.npz"), kept.length === 0),
      item("Save data set", ".ndjson", async () => download(await dataSetFile(engine, "ndjson"), "drawings.ndjson"), kept.length === 0),
      item("Empty data set", "", () => collect([]), kept.length === 0),
    ];
  }

  function fill() {
    const drawings = take();
    const isEmpty = drawings.length === 0;
    const offered = offer();
    items.replaceChildren(
      ...(offered ? [el("button", {type: "button", class: "offer", onclick: () => { offered.accept(); fill(); }}, offered.label, icon("check")), el("hr")] : []),
      ...FORMATS.map((format) => item(format[1], isAnimation && format[0] === "gif" ? "animation" : format[2], () => save(format), isEmpty)),
      el("hr"),
      item("Copy picture", "", copyPicture, isEmpty),
      ...(link ? [item("Copy link", "replays it", copyLink, isEmpty)] : []),
      ...(canShare() ? [item("Share …", "", share, isEmpty)] : []),
      ...(engine.isStatic ? [] : dataSetItems(drawings)),
    );
  }

  menu.addEventListener("toggle", () => { if (menu.open) fill(); });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  return menu;
}
