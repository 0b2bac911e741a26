// A line chart of a few curves with its title, a legend and the values under the pointer.
import {el, svg} from "./dom.js";

const [WIDTH, HEIGHT] = [420, 210];
const [LEFT, RIGHT, TOP, BOTTOM] = [46, 10, 8, 24];
const NAMES = {train: "training", valid: "validation"};
let charts = 0;

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

// The scale leaves the first steps out of account, and what running means take of them; curves leave the chart there.
function scaleOf(points, lastStep) {
  const settled = points.filter(([s]) => s >= lastStep * 0.14).map(([, v]) => v);
  const values = settled.length > 3 ? settled : points.map(([, v]) => v);
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (high - low < 1e-9 * Math.max(1, Math.abs(high))) [low, high] = [low - 0.5, high + 0.5];
  const margin = 0.06 * (high - low);
  return [low - margin, high + margin];
}

// Means over a tenth of the points around each, of long curves over less: training losses zigzag with the lengths of
// the batches' drawings. limn plot draws the same (render/chart.cpp).
const [FEWEST_TO_SMOOTH, LEAST_HALF, ENOUGH_HALF] = [20, 2, 25];
function smoothed(points) {
  const half = Math.max(LEAST_HALF, Math.min(Math.floor(points.length / 20), ENOUGH_HALF), Math.floor(points.length / 50));
  const sums = [0];
  for (const [, value] of points) sums.push(sums[sums.length - 1] + value);
  return points.map(([step], i) => {
    const reach = Math.min(half, i);
    const end = Math.min(points.length, i + reach + 1);
    return [step, (sums[end] - sums[i - reach]) / (end - i + reach)];
  });
}

// curves: [{split, steps, values}].
export function chart(title, curves) {
  const drawn = curves.map(({split, steps, values}) => ({split, points: steps.map((s, i) => [s, values[i]]).filter(([, v]) => Number.isFinite(v))}))
    .filter(({points}) => points.length > 0)
    .map(({split, points}) => (split === "train" && points.length >= FEWEST_TO_SMOOTH ? {split, points: smoothed(points), raw: points} : {split, points}));
  const node = svg("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img"});
  const legend = el("span", {class: "legend"});
  const figure = el("div", {class: "paper chart"}, el("h3", {}, el("span", {}, title), legend), node);
  if (drawn.length === 0) return figure;
  const all = drawn.flatMap(({points}) => points);
  const lastStep = Math.max(...all.map(([s]) => s), 1);
  const [low, high] = scaleOf(all, lastStep);
  const x = (step) => LEFT + (step / lastStep) * (WIDTH - LEFT - RIGHT);
  const y = (value) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);

  for (const value of ticks(low, high, 4)) {
    node.append(svg("line", {class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value)}),
      svg("text", {x: LEFT - 7, y: y(value) + 4, "text-anchor": "end"}, short(value)));
  }
  for (const step of ticks(0, lastStep, 4)) {
    node.append(svg("text", {x: x(step), y: HEIGHT - 6, "text-anchor": "middle"}, short(step)));
  }
  const clip = `chart-${++charts}`;
  const polyline = (kind, points) => svg("polyline", {class: `curve ${kind}`, points: points.map(([s, v]) => `${x(s).toFixed(1)},${y(v).toFixed(1)}`).join(" ")});
  const lines = svg("g", {"clip-path": `url(#${clip})`}, ...drawn.filter(({raw}) => raw).map(({raw}) => polyline("raw", raw)),
    ...drawn.map(({split, points}) => polyline(split, points)));
  node.append(svg("clipPath", {id: clip}, svg("rect", {x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM})), lines);

  // The last values, or those nearest to the step under the pointer.
  const tell = (step) => {
    const at = ({points}) => points.reduce((best, point) => (Math.abs(point[0] - step) < Math.abs(best[0] - step) ? point : best));
    legend.replaceChildren(...(step === lastStep ? [] : [el("span", {class: "quiet"}, `step ${short(at(drawn[0])[0])}`)]),
      ...drawn.map((curve) => el("span", {class: `key ${curve.split}`}, `${NAMES[curve.split] ?? curve.split} ${short(at(curve)[1])}`)));
  };
  tell(lastStep);
  const line = svg("line", {class: "pointer", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden"});
  node.append(line);
  node.addEventListener("pointermove", (event) => {
    const box = node.getBoundingClientRect();
    const step = Math.min(lastStep, Math.max(0, (((event.clientX - box.left) / box.width) * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT) * lastStep));
    line.setAttribute("x1", x(step));
    line.setAttribute("x2", x(step));
    line.setAttribute("visibility", "visible");
    figure.classList.add("reads");
    tell(step);
  });
  node.addEventListener("pointerleave", () => {
    line.setAttribute("visibility", "hidden");
    figure.classList.remove("reads");
    tell(lastStep);
  });
  const last = drawn.map(({split, points}) => `${NAMES[split] ?? split} ${short(points[points.length - 1][1])}`).join(", ");
  node.setAttribute("aria-label", `${title} up to step ${lastStep}; last values: ${last}`);
  return figure;
}
