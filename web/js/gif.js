// Writes animated GIFs (GIF89a): frames of palette numbers, each after the first cut to what changed, packed by LZW.

const MOST_CODES = 4096;

class Bytes {
  #chunks = [];
  byte(...values) { this.#chunks.push(Uint8Array.from(values)); }
  short(value) { this.byte(value & 255, value >> 8); }
  text(value) { this.byte(...[...value].map((character) => character.charCodeAt(0))); }
  append(bytes) { this.#chunks.push(bytes); }
  blob(type) { return new Blob(this.#chunks, {type}); }
}

// Codes of growing size, lowest bit first, in blocks of up to 255 bytes.
function lzw(pixels, codeSize) {
  const [clear, end] = [1 << codeSize, (1 << codeSize) + 1];
  const out = [];
  let [block, buffer, bits, size] = [[], 0, 0, codeSize + 1];
  const put = (code) => {
    buffer |= code << bits;
    bits += size;
    while (bits >= 8) {
      block.push(buffer & 255);
      buffer >>>= 8;
      bits -= 8;
      if (block.length === 255) {
        out.push(255, ...block);
        block = [];
      }
    }
  };
  const table = new Int16Array(MOST_CODES << codeSize).fill(-1);
  let [next, prefix] = [end + 1, pixels[0]];
  put(clear);
  for (let i = 1; i < pixels.length; i++) {
    const key = (prefix << codeSize) | pixels[i];
    if (table[key] >= 0) {
      prefix = table[key];
      continue;
    }
    put(prefix);
    if (next < MOST_CODES) {
      if (next === 1 << size) size++;
      table[key] = next++;
    } else {
      put(clear);
      table.fill(-1);
      [next, size] = [end + 1, codeSize + 1];
    }
    prefix = pixels[i];
  }
  put(prefix);
  if (next === 1 << size && size < 12) size++;
  put(end);
  if (bits > 0) block.push(buffer & 255);
  if (block.length > 0) out.push(block.length, ...block);
  out.push(0);
  return Uint8Array.from(out);
}

// The smallest rectangle that holds what differs; null where nothing does.
function changed(before, pixels, width, height) {
  if (!before) return {x: 0, y: 0, width, height};
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (before[y * width + x] === pixels[y * width + x]) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  return right < 0 ? null : {x: left, y: top, width: right - left + 1, height: bottom - top + 1};
}

// palette: [[r, g, b], …] of a power of two up to 256 colours. frames: [{pixels: Uint8Array of width · height numbers,
// milliseconds}]. Loops for ever.
export function encodeGif({width, height, palette, frames}) {
  const codeSize = Math.max(2, Math.log2(palette.length));
  const out = new Bytes();
  out.text("GIF89a");
  out.short(width);
  out.short(height);
  out.byte(0xf0 | (codeSize - 1), 0, 0);
  out.append(Uint8Array.from(palette.flat()));
  out.byte(0x21, 0xff, 11);
  out.text("NETSCAPE2.0");
  out.byte(3, 1, 0, 0, 0);
  // A frame equal to the one before lengthens it.
  const parts = [];
  let before = null;
  for (const {pixels, milliseconds} of frames) {
    const part = changed(before, pixels, width, height);
    if (part) parts.push({part, pixels, milliseconds});
    else parts[parts.length - 1].milliseconds += milliseconds;
    before = pixels;
  }
  for (const {part, pixels, milliseconds} of parts) {
    out.byte(0x21, 0xf9, 4, 4);
    out.short(Math.round(milliseconds / 10));
    out.byte(0, 0, 0x2c);
    for (const value of [part.x, part.y, part.width, part.height]) out.short(value);
    out.byte(0, codeSize);
    const cut = new Uint8Array(part.width * part.height);
    for (let y = 0; y < part.height; y++) {
      const from = (part.y + y) * width + part.x;
      cut.set(pixels.subarray(from, from + part.width), y * part.width);
    }
    out.append(lzw(cut, codeSize));
  }
  out.byte(0x3b);
  return out.blob("image/gif");
}

const SHADES = 32;

// The colours of a drawing in ink and one other on white: shades of both.
export function twoInks([r0, g0, b0], [r1, g1, b1]) {
  const shade = (from, i) => Math.round(from + ((255 - from) * i) / (SHADES - 1));
  return Array.from({length: 2 * SHADES}, (_, i) => (i < SHADES
    ? [shade(r0, i), shade(g0, i), shade(b0, i)] : [shade(r1, i - SHADES), shade(g1, i - SHADES), shade(b1, i - SHADES)]));
}

// Numbers in that palette for pixels RGBA: the second ink where red and blue differ as they do in it.
export function asTwoInks(data, [r0], [r1, , b1]) {
  const pixels = new Uint8Array(data.length / 4);
  for (let i = 0; i < pixels.length; i++) {
    const [red, blue] = [data[4 * i], data[4 * i + 2]];
    const colour = (red - blue) / (r1 - b1);
    if (colour > 0.1) {
      // Shared edges have both inks: the share of white is judged by blue, which neither has.
      pixels[i] = SHADES + Math.round((SHADES - 1) * Math.max(0, Math.min(1, (blue - b1) / (255 - b1))));
    } else {
      pixels[i] = Math.round((SHADES - 1) * Math.max(0, Math.min(1, (red - r0) / (255 - r0))));
    }
  }
  return pixels;
}

export const GREYS = Array.from({length: 64}, (_, i) => Array(3).fill(Math.round((255 * i) / 63)));
export function asGreys(data) {
  return Uint8Array.from({length: data.length / 4}, (_, i) => Math.round((63 * data[4 * i]) / 255));
}

// Six shades of each of red, green and blue, and black for the rest of 256.
export const CUBE = Array.from({length: 256}, (_, i) => (i < 216 ? [i / 36, (i / 6) % 6, i % 6].map((v) => 51 * Math.floor(v)) : [0, 0, 0]));
export function asCube(data) {
  return Uint8Array.from({length: data.length / 4}, (_, i) => 36 * Math.round(data[4 * i] / 51) + 6 * Math.round(data[4 * i + 1] / 51) + Math.round(data[4 * i + 2] / 51));
}
