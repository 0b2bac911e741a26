// Reads a picture of the user's own as a model's input: its middle square at the model's size. It stays in the browser
// but for those few numbers.
import {el} from "./dom.js";

// [C, H, W] in 0 … 1. Throws Error where the browser cannot read the file.
export async function pixelsOf(file, {channels, height, width}) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error("The browser cannot read this picture.");
  }
  const context = el("canvas", {width, height}).getContext("2d", {willReadFrequently: true});
  const side = Math.min(bitmap.width, bitmap.height);
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, width, height);
  bitmap.close();
  const {data} = context.getImageData(0, 0, width, height);
  const pixels = [];
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < 4 * width * height; i += 4) {
      const value = channels === 1 ? 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2] : data[i + c];
      pixels.push(+(value / 255).toFixed(4));
    }
  }
  return pixels;
}
