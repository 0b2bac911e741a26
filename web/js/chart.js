// A line chart of a few curves, as an SVG element.
import {svg} from "./dom.js";

const [WIDTH, HEIGHT] = [420, 210];
const [LEFT, RIGHT, TOP, BOTTOM] = [46, 10, 8, 24];

// Round numbers that divide [low, high] into about `count` parts.
function ticks(low, high, count) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
  const result = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-9; v += step) result.push(v);
  return result;
}

export function short(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`;
  if (size >= 1e4) return `${+(value / 1e3).toPrecision(3)}k`;
  return String(+value.toPrecision(3));
}

// curves: [{split, steps, values}]. The scale leaves the first tenth out of account where it towers above the rest.
export function chart(curves) {
  const drawn = curves.map(({split, steps, values}) => ({split, points: steps.map((s, i) => [s, values[i]]).filter(([, v]) => Number.isFinite(v))}))
    .filter(({points}) => points.length > 0);
  const node = svg("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img"});
  if (drawn.length === 0) return node;
  const all = drawn.flatMap(({points}) => points);
  const lastStep = Math.max(...all.map(([s]) => s), 1);
  const settled = all.filter(([s]) => s >= lastStep * 0.08).map(([, v]) => v);
  const values = settled.length > 3 ? settled : all.map(([, v]) => v);
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (high - low < 1e-9 * Math.max(1, Math.abs(high))) [low, high] = [low - 0.5, high + 0.5];
  const margin = 0.06 * (high - low);
  [low, high] = [low - margin, high + margin];
  const x = (step) => LEFT + (step / lastStep) * (WIDTH - LEFT - RIGHT);
  const y = (value) => TOP + ((high - Math.min(high, Math.max(low, value))) / (high - low)) * (HEIGHT - TOP - BOTTOM);

  for (const value of ticks(low, high, 4)) {
    node.append(svg("line", {class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value)}),
      svg("text", {x: LEFT - 7, y: y(value) + 4, "text-anchor": "end"}, short(value)));
  }
  for (const step of ticks(0, lastStep, 4)) {
    node.append(svg("text", {x: x(step), y: HEIGHT - 6, "text-anchor": "middle"}, short(step)));
  }
  for (const {split, points} of drawn) {
    node.append(svg("polyline", {class: `curve ${split}`, points: points.map(([s, v]) => `${x(s).toFixed(1)},${y(v).toFixed(1)}`).join(" ")}));
  }
  const last = drawn.map(({split, points}) => `${split} ${short(points[points.length - 1][1])}`).join(", ");
  node.setAttribute("aria-label", `Curves up to step ${lastStep}; last values: ${last}`);
  return node;
}
