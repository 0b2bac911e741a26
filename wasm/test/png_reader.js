// The pixels of a PNG file of 8 bits a channel, for tests: the first channel of each.
import { inflateSync } from 'node:zlib';

function paeth(a, b, c) {
  const p = a + b - c, [da, db, dc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  return da <= db && da <= dc ? a : db <= dc ? b : c;
}

export function decodePng(file) {
  const pieces = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at))
    if (file.toString('latin1', at + 4, at + 8) === 'IDAT') pieces.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  const channels = { 0: 1, 2: 3, 4: 2, 6: 4 }[file[25]];
  if (file[24] !== 8 || !channels) throw new Error('the PNG is of another kind than the test reads');
  const rows = inflateSync(Buffer.concat(pieces)), stride = width * channels, pixels = new Uint8Array(stride * height);
  for (let y = 0; y < height; ++y)
    for (let x = 0; x < stride; ++x) {
      const left = x >= channels ? pixels[y * stride + x - channels] : 0;
      const up = y > 0 ? pixels[(y - 1) * stride + x] : 0;
      const corner = y > 0 && x >= channels ? pixels[(y - 1) * stride + x - channels] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][rows[y * (stride + 1)]];
      pixels[y * stride + x] = rows[y * (stride + 1) + 1 + x] + guess;
    }
  return { width, height, channels, at: (x, y) => pixels[y * stride + x * channels] };
}
