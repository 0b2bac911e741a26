// PNG files of 8-bit rows, grey or RGB, and sketches painted to such rows. Compression is the platform's.

const kCrcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; ++bit) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** The CRC-32 of PNG and zip. */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = kCrcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(name, data) {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set([...name].map((c) => c.charCodeAt(0)), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** A PNG file of `pixels` [height, width, channels]; 1 channel is grey, 3 are red, green, blue. */
export async function encodePng(pixels, width, height, channels) {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, channels === 3 ? 2 : 0, 0, 0, 0], 8);
  const stride = width * channels;
  const rows = new Uint8Array((stride + 1) * height);  // each behind a 0: no filter
  for (let y = 0; y < height; ++y) rows.set(pixels.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  const pieces = [Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10), chunk('IHDR', header),
    chunk('IDAT', await deflated(rows)), chunk('IEND', new Uint8Array(0))];
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

// Darkens the pixels that a line with round ends covers, as far as it covers them.
function paintSegment(pixels, size, [ax, ay], [bx, by], radius) {
  const dx = bx - ax, dy = by - ay, squared = dx * dx + dy * dy;
  const [left, right] = [Math.min(ax, bx), Math.max(ax, bx)], [top, bottom] = [Math.min(ay, by), Math.max(ay, by)];
  const first = (v) => Math.max(0, Math.floor(v - radius - 1)), last = (v) => Math.min(size - 1, Math.ceil(v + radius));
  for (let y = first(top); y <= last(bottom); ++y)
    for (let x = first(left); x <= last(right); ++x) {
      const px = x + 0.5 - ax, py = y + 0.5 - ay;
      const t = squared > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / squared)) : 0;
      const covered = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(px - t * dx, py - t * dy)));
      pixels[y * size + x] = Math.min(pixels[y * size + x], Math.round(255 * (1 - covered)));
    }
}

/** Strokes of positions, black on white, fitted into a square with a margin of a tenth: grey [size, size]. */
export function paintStrokes(strokes, size, lineWidth) {
  const pixels = new Uint8Array(size * size).fill(255);
  let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
  for (const [x, y] of strokes.flat()) {
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  const extent = Math.max(right - left, bottom - top);
  const scale = extent > 0 ? (0.8 * size) / extent : 1;
  const place = ([x, y]) => [size / 2 + scale * (x - (left + right) / 2), size / 2 + scale * (y - (top + bottom) / 2)];
  for (const stroke of strokes)
    stroke.map(place).forEach((at, i, all) => paintSegment(pixels, size, all[Math.max(0, i - 1)], at, lineWidth / 2));
  return pixels;
}
