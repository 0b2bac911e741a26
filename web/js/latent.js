// Latent space: a map of the plane where a model has two dimensions, sliders where it has more.
import {postForBlob, postForJson} from "./api.js";
import {button, chooser, el, latestOnly, notice, slider} from "./dom.js";
import {emptyTab} from "./draw_together.js";
import {pixelsOf} from "./picture_file.js";
import {download} from "./save.js";

const REACH = 3;          // standard deviations from the middle to the map's edge
const GRID = 17;          // pictures along the map's side
const MOST_SLIDERS = 32;

async function paint(canvas, blob) {
  const bitmap = await createImageBitmap(blob);
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
}

export function latentSpace(studio) {
  const models = studio.models.filter((model) => model.draws === "images" && !model.steps);
  if (models.length === 0) return emptyTab("No VAE is being served. Train one with limn train vae, and start limn serve with its run.");

  let model = models[0];
  let z = [];
  let sliders = [];
  const picture = el("canvas", {class: "picture", role: "img", "aria-label": "What the model makes of this place"});
  const place = el("div", {});
  const caption = el("p", {class: "caption", role: "status"});

  const show = latestOnly(async () => {
    await paint(picture, await postForBlob(`/api/models/${model.id}/images`, {z}));
    picture.dataset.shown = Number(picture.dataset.shown ?? 0) + 1;
    caption.textContent = z.length <= 4 ? `z = (${z.map((v) => v.toFixed(2)).join(", ")})` : `${z.length} dimensions`;
  });

  function moveTo(values) {
    z = values;
    sliders.forEach((control, i) => { control.value = z[i]; });
    show();
  }

  // The plane as a sheet of pictures; under the pointer the one of exactly that place.
  function makeMap() {
    const sheet = el("canvas", {class: "picture", tabindex: "0", role: "application",
      "aria-label": "Map of the latent plane. Move over it with the pointer, or with the arrow keys."});
    const mark = el("div", {class: "mark"});
    const node = el("div", {class: "paper map"}, sheet, mark);
    const rows = [];
    for (let row = 0; row < GRID; row++) {
      for (let column = 0; column < GRID; column++) {
        rows.push([REACH * (2 * (column + 0.5) / GRID - 1), REACH * (1 - 2 * (row + 0.5) / GRID)]);
      }
    }
    postForBlob(`/api/models/${model.id}/images`, {z: rows, columns: GRID}).then((blob) => paint(sheet, blob)).catch((error) => notice(error.message));
    const go = (x, y) => {
      const [a, b] = [Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y))];
      mark.style.left = `${100 * a}%`;
      mark.style.top = `${100 * b}%`;
      moveTo([REACH * (2 * a - 1), REACH * (1 - 2 * b)]);
    };
    sheet.addEventListener("pointermove", (event) => {
      const box = sheet.getBoundingClientRect();
      go((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    });
    sheet.addEventListener("pointerdown", (event) => sheet.setPointerCapture(event.pointerId));
    sheet.addEventListener("keydown", (event) => {
      const [dx, dy] = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key] ?? [];
      if (dx === undefined) return;
      event.preventDefault();
      const step = event.shiftKey ? 0.02 : 0.1;
      go(((z[0] + dx * step) / REACH + 1) / 2, (1 - (z[1] + dy * step) / REACH) / 2);
    });
    go(0.5, 0.5);
    return node;
  }

  function makeSliders() {
    const count = Math.min(MOST_SLIDERS, z.length);
    sliders = Array.from({length: count}, (_, i) => slider({label: `z${i + 1}`, min: -4, max: 4, step: 0.05, value: z[i], text: (v) => v.toFixed(2),
      oninput: (value) => { z = z.with(i, value); show(); }}));
    return el("div", {},
      el("div", {class: "sliders"}, ...sliders.map((control) => control.field)),
      z.length > count ? el("p", {class: "quiet small"}, `The first ${count} of ${z.length} dimensions.`) : null);
  }

  function useModel(id) {
    model = models.find((candidate) => candidate.id === id);
    sliders = [];
    z = Array.from({length: model.latent_size}, () => 0);
    place.replaceChildren(model.latent_size === 2 ? makeMap() : makeSliders());
    random.hidden = model.latent_size === 2;
    show();
  }

  async function useImage(file) {
    try {
      const pixels = await pixelsOf(file, model.image);
      moveTo((await postForJson(`/api/models/${model.id}/latents`, {pixels})).z);
    } catch (error) {
      notice(error.message);
    }
  }

  async function moveAnywhere() {
    try {
      moveTo((await postForJson(`/api/models/${model.id}/latents`, {})).z);
    } catch (error) {
      notice(error.message);
    }
  }

  const chosen = chooser({label: "Model", options: models.map(({id, name}) => ({value: id, text: name})), onchange: useModel});
  const random = button("Random", moveAnywhere, {symbol: "again"});
  const file = el("input", {type: "file", accept: "image/*", class: "visually-hidden", "aria-label": "Base image",
    onchange: () => { if (file.files[0]) useImage(file.files[0]); file.value = ""; }});
  const upload = button("From a picture …", () => file.click());
  const save = button("Save PNG", () => picture.toBlob((blob) => download(blob, "picture.png")), {symbol: "save"});
  const element = el("div", {class: "two"},
    el("div", {}, place),
    el("div", {}, el("div", {class: "paper picture-paper"}, picture), caption,
      chosen.field, el("div", {class: "buttons"}, random, upload, save), file));
  return {element, enter: () => { if (z.length === 0) useModel(model.id); }};
}
