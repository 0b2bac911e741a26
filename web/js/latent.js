// Latent space: a map of the plane where a model has two dimensions, sliders where it has more.
import {button, el, icon, notice, slider} from "./dom.js";
import {download} from "./files.js";
import {asCube, asGreys, CUBE, encodeGif, GREYS} from "./gif.js";
import {LatentMap} from "./latent_map.js";
import {ModelTiles} from "./model_tiles.js";
import {pixelsOf} from "./picture_file.js";

const MOST_SLIDERS = 32;
const SAVED_SIDE = 672;      // pixels at least, a whole number of each of the model's
const IN_FLIGHT = 2;         // pictures asked for before the first has come
const PATH_FRAMES = 60;
const FRAME_MS = 60;

// `count` places evenly along a path.
function resampled(path, count) {
  const lengths = path.slice(1).map((z, i) => Math.hypot(...z.map((v, k) => v - path[i][k])));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  let [i, before] = [0, 0];
  return Array.from({length: count}, (_, k) => {
    const at = (total * k) / (count - 1);
    while (i < lengths.length - 1 && before + lengths[i] < at) before += lengths[i++];
    const share = lengths[i] > 0 ? Math.min(1, (at - before) / lengths[i]) : 0;
    return path[i].map((v, d) => v + share * (path[i + 1][d] - v));
  });
}

// A canvas with each of the picture's pixels as a square.
function enlarged(source, width, height, x = 0, y = 0) {
  const zoom = Math.max(1, Math.ceil(SAVED_SIDE / Math.max(width, height)));
  const canvas = el("canvas", {width: width * zoom, height: height * zoom});
  const context = canvas.getContext("2d", {willReadFrequently: true});
  context.imageSmoothingEnabled = false;
  context.drawImage(source, x, y, width, height, 0, 0, canvas.width, canvas.height);
  return canvas;
}

export function latentSpace(studio) {
  const {engine} = studio;
  const models = studio.models.filter((model) => model.draws === "images" && !model.steps);
  if (models.length === 0) return studio.example("images");

  let z = [];
  let path = [];
  let map = null;
  let sliders = [];
  let [asked, shown, flying, isDue] = [0, 0, 0, false];
  const picture = el("canvas", {class: "picture", role: "img", "aria-label": "What the model makes of this place"});
  const place = el("div", {});
  const caption = el("p", {class: "caption", role: "status"});
  const tiles = new ModelTiles(engine, models);

  // A few requests at once, so that the next picture is under way while one is painted; the latest place always comes.
  async function show() {
    if (flying >= IN_FLIGHT) {
      isDue = true;
      return;
    }
    isDue = false;
    flying++;
    const number = ++asked;
    const model = tiles.value;
    const values = z;
    try {
      const bitmap = await createImageBitmap(await engine.images(model, {z: values}));
      if (number > shown && model === tiles.value) {
        shown = number;
        if (picture.width !== bitmap.width || picture.height !== bitmap.height) [picture.width, picture.height] = [bitmap.width, bitmap.height];
        picture.getContext("2d").drawImage(bitmap, 0, 0);
        picture.dataset.shown = Number(picture.dataset.shown ?? 0) + 1;
        saveImage.disabled = false;
        tell(values);
      }
      bitmap.close();
    } catch (error) {
      isDue = false;
      notice(error.message);
    } finally {
      flying--;
    }
    if (isDue) show();
  }

  function tell(values) {
    const where = values.length <= 4 ? `z = (${values.map((v) => v.toFixed(2)).join(", ")})` : `${values.length} dimensions`;
    const more = !map ? "" : path.length > 0 ? " A path is recorded." : map.isPinned ? " Pinned; Esc lets it go." : " Click to pin, drag to record a path.";
    caption.textContent = `${where}.${more}`;
  }

  function moveTo(values) {
    z = values;
    sliders.forEach((control, i) => { control.value = z[i]; });
    show();
  }

  function makeMap() {
    map = new LatentMap();
    map.addEventListener("move", ({detail}) => moveTo(detail));
    map.addEventListener("path", ({detail}) => {
      path = detail;
      savePath.disabled = path.length < 2;
      tell(z);
    });
    map.load(engine, tiles.value).catch((error) => notice(error.message));
    return map.element;
  }

  function makeSliders() {
    const count = Math.min(MOST_SLIDERS, z.length);
    sliders = Array.from({length: count}, (_, i) => slider({label: `z${i + 1}`, min: -4, max: 4, step: 0.05, value: z[i], text: (v) => v.toFixed(2),
      oninput: (value) => { z = z.with(i, value); show(); }}));
    return el("div", {},
      el("div", {class: "sliders"}, ...sliders.map((control) => control.field)),
      z.length > count ? el("p", {class: "quiet small"}, `The first ${count} of ${z.length} dimensions.`) : null);
  }

  function useModel() {
    const isPlane = tiles.model.latent_size === 2;
    sliders = [];
    map = null;
    path = [];
    z = Array.from({length: tiles.model.latent_size}, () => 0);
    place.replaceChildren(isPlane ? makeMap() : makeSliders());
    savePath.hidden = !isPlane;
    savePath.disabled = true;
    if (!isPlane) moveAnywhere();
  }

  async function goTo(body) {
    try {
      const values = (await engine.latents(tiles.value, body)).z;
      if (map) map.pin(values);
      else moveTo(values);
    } catch (error) {
      notice(error.message);
    }
  }
  const moveAnywhere = () => goTo({});

  async function useImage(file) {
    try {
      await goTo({pixels: await pixelsOf(file, tiles.model.image)});
    } catch (error) {
      notice(error.message);
    }
  }

  async function saveGif() {
    try {
      const places = resampled(path, PATH_FRAMES);
      const {width, height, channels} = tiles.model.image;
      const bitmap = await createImageBitmap(await engine.images(tiles.value, {z: places, columns: 1}));
      const pictures = places.map((_, i) => enlarged(bitmap, width, height, 0, i * height));
      bitmap.close();
      const frames = pictures.map((canvas) => {
        const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return {pixels: channels === 1 ? asGreys(data) : asCube(data), milliseconds: FRAME_MS};
      });
      const [{width: w, height: h}] = pictures;
      download(encodeGif({width: w, height: h, palette: channels === 1 ? GREYS : CUBE, frames}), "path.gif");
    } catch (error) {
      notice(error.message);
    }
  }

  tiles.addEventListener("change", useModel);
  const random = button("Surprise me", moveAnywhere, {symbol: "surprise"});
  const file = el("input", {type: "file", accept: "image/*", class: "visually-hidden", "aria-label": "Base image",
    onchange: () => { if (file.files[0]) useImage(file.files[0]); file.value = ""; }});
  const upload = button("From a picture …", () => file.click());
  const saveImage = button("", () => enlarged(picture, picture.width, picture.height).toBlob((blob) => download(blob, "picture.png")));
  saveImage.replaceChildren(icon("save"), el("span", {}, "PNG"));
  const savePath = button("", saveGif);
  savePath.replaceChildren(icon("save"), el("span", {}, "GIF"));
  saveImage.title = "Save the picture";
  saveImage.disabled = true;   // until there is one
  savePath.title = "Save the path as an animation";
  const element = el("div", {class: "two"},
    el("div", {}, place),
    el("div", {class: "beside"}, el("div", {class: "paper picture-paper"}, picture), caption,
      tiles.element, el("div", {class: "buttons"}, random, upload), file));
  return {
    element,
    actions: [savePath, saveImage],
    enter: () => { if (z.length === 0) useModel(); },
    keydown(event) {
      if (event.key !== "Escape" || !map?.isPinned) return false;
      map.unpin();
      tell(z);
      return true;
    },
  };
}
