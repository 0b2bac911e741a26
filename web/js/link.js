// A drawing in a link: `#draw&d=STROKES&model=ID&seed=N`. Browsers send nothing behind '#', so that only who has the link
// has the drawing. STROKES are bytes in base64url: for each stroke who drew it and its number of points, then offsets in
// whole paper units, all as numbers of 7 bits a byte.

const MOST_POINTS = 4000;
const MOST_BYTES = 40_000;
const REACH = 20_000;    // of a position, paper units

function put(bytes, value) {
  while (value > 127) {
    bytes.push(128 | (value & 127));
    value >>>= 7;
  }
  bytes.push(value);
}
const folded = (value) => (value < 0 ? -2 * value - 1 : 2 * value);
const unfolded = (value) => (value & 1 ? -(value + 1) / 2 : value / 2);

// The address of this page with the drawing. Throws Error where a link cannot hold it.
export function linkOf(strokes, {model, seed}) {
  if (strokes.reduce((sum, {points}) => sum + points.length, 0) > MOST_POINTS) {
    throw new Error(`A link holds up to ${MOST_POINTS} points. Save this drawing as a file.`);
  }
  const bytes = [];
  let [x, y] = [0, 0];
  for (const {by, points} of strokes) {
    // Points that round to the same place are one.
    const places = points.map((point) => point.map(Math.round)).filter(([px, py], i, all) => i === 0 || px !== all[i - 1][0] || py !== all[i - 1][1]);
    put(bytes, 2 * places.length + (by === "model" ? 1 : 0));
    for (const [px, py] of places) {
      put(bytes, folded(px - x));
      put(bytes, folded(py - y));
      [x, y] = [px, py];
    }
  }
  const text = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const more = `${model ? `&model=${encodeURIComponent(model)}` : ""}${Number.isSafeInteger(seed) ? `&seed=${seed}` : ""}`;
  return `${location.origin}${location.pathname}#draw&d=${text}${more}`;
}

// {strokes, model, seed} of the part behind '#'; null where it has no drawing. Throws Error for a damaged one.
export function drawingOf(hash) {
  const values = new URLSearchParams(hash);
  const text = values.get("d");
  if (text === null) return null;
  const strokes = readStrokes(text);
  if (!strokes) throw new Error("This link holds no drawing that can be read; it may have been cut short.");
  const seed = Number(values.get("seed") ?? NaN);
  return {strokes, model: values.get("model") ?? "", seed: Number.isSafeInteger(seed) && seed >= 0 ? seed : undefined};
}

function readStrokes(text) {
  if (text.length > MOST_BYTES) return null;
  let bytes;
  try {
    bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
  let at = 0;
  const take = () => {
    let [value, factor] = [0, 1];
    while (at < bytes.length) {
      const byte = bytes[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
      if (factor > 2 ** 28) return NaN;
    }
    return NaN;
  };
  const strokes = [];
  let [x, y, total] = [0, 0, 0];
  while (at < bytes.length) {
    const head = take();
    const count = Math.floor(head / 2);
    total += count;
    if (!(count > 0) || total > MOST_POINTS) return null;
    const points = [];
    for (let i = 0; i < count; i++) {
      x += unfolded(take());
      y += unfolded(take());
      if (!(Math.abs(x) <= REACH && Math.abs(y) <= REACH)) return null;
      points.push([x, y]);
    }
    strokes.push({by: head % 2 === 1 ? "model" : "hand", points});
  }
  return strokes.length > 0 ? strokes : null;
}
