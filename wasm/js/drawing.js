// Values that models give and take: drawings of strokes, and pictures of pixels.
import { LimnError } from './engine.js';
import { checked } from './options.js';
import { sharedHost } from './host.js';
import { encodePng, paintStrokes } from './png.js';

/** A sketch in stroke-3: rows (dx, dy, pen lifted), offsets from point to point in the units of its data. */
export class Drawing {
  /** @param {ArrayLike<number>} stroke3 three numbers a point */
  constructor(stroke3, { isFinished = true } = {}) {
    if (stroke3.length % 3 !== 0)
      throw new LimnError(`drawing: ${stroke3.length} numbers, expected three a point (dx, dy, pen lifted)`);
    this.stroke3 = Float32Array.from(stroke3);
    this.isFinished = isFinished;
  }

  /** From strokes of positions [[[x, y], …], …], y downwards. Empty strokes are left out. */
  static fromStrokes(strokes) {
    const rows = [];
    let [x, y] = [0, 0];
    for (const stroke of strokes)
      stroke.forEach(([toX, toY], i) => {
        rows.push(toX - x, toY - y, i + 1 === stroke.length ? 1 : 0);
        [x, y] = [toX, toY];
      });
    return new Drawing(rows);
  }

  get length() { return this.stroke3.length / 3; }

  /** Strokes of positions: [[[x, y], …], …]. */
  get strokes() {
    const all = [];
    let [x, y, isDown] = [0, 0, false];
    for (let i = 0; i < this.stroke3.length; i += 3) {
      if (!isDown) all.push([]);
      x += this.stroke3[i];
      y += this.stroke3[i + 1];
      all.at(-1).push([Math.fround(x), Math.fround(y)]);
      isDown = this.stroke3[i + 2] === 0;
    }
    return all;
  }

  /** Rows (dx, dy, down, lifted, end), with the row of the end behind the last point: Float32Array. */
  get stroke5() {
    const rows = new Float32Array(5 * (this.length + 1));
    for (let i = 0; i < this.length; ++i) {
      const lifted = this.stroke3[3 * i + 2];
      rows.set([this.stroke3[3 * i], this.stroke3[3 * i + 1], 1 - lifted, lifted, 0], 5 * i);
    }
    rows[rows.length - 1] = 1;
    return rows;
  }

  /** An SVG file, the same as limn writes for one sketch. */
  async svg() { return (await sharedHost(0)).call('svg', this.stroke3); }
  /** A PNG file: black on white, `size` pixels square. */
  async png(options = {}) {
    const { size = 256, lineWidth = Math.max(1, size / 100) } = checked('png', options);
    return encodePng(paintStrokes(this.strokes, size, lineWidth), size, size, 1);
  }
  /** G-code for a pen plotter, fitted to the page. */
  async gcode(options = {}) { return gcode([this], options); }
}

/** Anything that stands for a drawing, as one: a Drawing, rows of stroke-3, or strokes of positions. */
export function toDrawing(value) {
  if (value instanceof Drawing) return value;
  if (ArrayBuffer.isView(value)) return new Drawing(value);
  if (Array.isArray(value) && value.every(Array.isArray)) return Drawing.fromStrokes(value);
  throw new LimnError('drawing: expected a Drawing, stroke-3 numbers or strokes [[[x, y], …], …]');
}

/** Drawings one after the other, as the engine takes them. */
export function packed(drawings) {
  const all = drawings.map(toDrawing);
  const rows = new Float32Array(all.reduce((sum, d) => sum + d.stroke3.length, 0));
  let place = 0;
  for (const { stroke3 } of all) {
    rows.set(stroke3, place);
    place += stroke3.length;
  }
  return { rows, counts: Int32Array.from(all, (d) => d.length) };
}

/** The drawings of an engine's result. */
export function unpackedDrawings({ rows, counts }) {
  let place = 0;
  return Array.from(counts, (count) => new Drawing(rows.subarray(place, (place += 3 * count))));
}

/** An SVG file with the drawings in a grid. */
export async function sheet(drawings, options = {}) {
  const { columns = 0 } = checked('sheet', options);
  return (await sharedHost(0)).call('sheetSvg', packed(drawings), columns);
}

/** G-code that plots the drawings in a grid on one page. */
export async function gcode(drawings, options = {}) {
  return (await sharedHost(0)).call('gcode', packed(drawings), checked('gcode', options));
}

/** An image: `pixels` [channels, height, width] from 0 to 1. */
export class Picture {
  constructor(pixels, { channels, height, width }) {
    if (pixels.length !== channels * height * width)
      throw new LimnError(`picture: ${pixels.length} pixels, expected ${channels} x ${height} x ${width}`);
    this.pixels = Float32Array.from(pixels);
    [this.channels, this.height, this.width] = [channels, height, width];
  }

  /** Bytes [height, width, channels], each pixel `scale` wide and high. */
  bytes(scale = 1) {
    const { channels, height, width } = this;
    const bytes = new Uint8Array(channels * height * width * scale * scale);
    let place = 0;
    for (let y = 0; y < height * scale; ++y)
      for (let x = 0; x < width * scale; ++x)
        for (let c = 0; c < channels; ++c) {
          const value = this.pixels[(c * height + Math.floor(y / scale)) * width + Math.floor(x / scale)];
          bytes[place++] = Math.round(255 * Math.min(1, Math.max(0, value)));
        }
    return bytes;
  }
  /** For new ImageData(rgba, width, height) of a canvas. */
  get rgba() {
    const bytes = this.bytes();
    const [r, g, b] = this.channels === 3 ? [0, 1, 2] : [0, 0, 0];
    const rgba = new Uint8ClampedArray(4 * this.height * this.width);
    for (let i = 0; i < this.height * this.width; ++i) {
      const at = i * this.channels;
      rgba.set([bytes[at + r], bytes[at + g], bytes[at + b], 255], 4 * i);
    }
    return rgba;
  }
  /** A PNG file. */
  async png(options = {}) {
    const { scale = 1 } = checked('picturePng', options);
    return encodePng(this.bytes(scale), this.width * scale, this.height * scale, this.channels);
  }
}
