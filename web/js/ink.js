// Ink: strokes as smooth curves of varying width, on a canvas or as the path of an SVG. A hand's many points are
// smoothed, as a quick hand shakes; a model's few points are all passed through, and its corners stay corners.

const CORNER = Math.cos((52 * Math.PI) / 180);   // sharper turns than this stay
export const LINE_WIDTH = 6;                      // of the paper's 1000 units
export const LIGHT = {hand: "#1a1a1e", model: "#c24e00", paper: "#ffffff"};

export function inkColours() {
  const style = getComputedStyle(document.documentElement);
  return {hand: style.getPropertyValue("--ink").trim(), model: style.getPropertyValue("--accent").trim()};
}

// Cubic Bézier curves [x0, y0, x1, y1, x2, y2, x3, y3] of a stroke, one for each step from point to point or between.
export function curvesOf({by, points}) {
  return by === "hand" ? throughMiddles(points) : throughPoints(points);
}

function throughMiddles(points) {
  const curves = [];
  let at = points[0];
  for (let i = 1; i < points.length; i++) {
    const control = points[i];
    const next = points[i + 1];
    const end = next ? [(control[0] + next[0]) / 2, (control[1] + next[1]) / 2] : control;
    curves.push([...at, at[0] + (2 / 3) * (control[0] - at[0]), at[1] + (2 / 3) * (control[1] - at[1]),
      end[0] + (2 / 3) * (control[0] - end[0]), end[1] + (2 / 3) * (control[1] - end[1]), ...end]);
    at = end;
  }
  return curves;
}

// Catmull and Rom's curve, with each tangent no longer than the shorter of its two steps allows.
function throughPoints(points) {
  const last = points.length - 1;
  const isClosed = last > 2 && Math.hypot(points[0][0] - points[last][0], points[0][1] - points[last][1]) < 12;
  const tangents = points.map((point, i) => {
    const before = points[i - 1] ?? (isClosed ? points[last - 1] : null);
    const after = points[i + 1] ?? (isClosed ? points[1] : null);
    if (!before || !after) return [0, 0];
    const [a, b] = [[point[0] - before[0], point[1] - before[1]], [after[0] - point[0], after[1] - point[1]]];
    const [lengthA, lengthB] = [Math.hypot(...a), Math.hypot(...b)];
    if (lengthA === 0 || lengthB === 0) return [0, 0];
    const cosine = (a[0] * b[0] + a[1] * b[1]) / (lengthA * lengthB);
    if (cosine < CORNER) return [0, 0];
    const direction = [a[0] / lengthA + b[0] / lengthB, a[1] / lengthA + b[1] / lengthB];
    const size = Math.min(lengthA, lengthB) / Math.max(Math.hypot(...direction), 1e-9);
    return [direction[0] * size, direction[1] * size];
  });
  return points.slice(1).map(([x, y], i) => {
    const [x0, y0] = points[i];
    return [x0, y0, x0 + tangents[i][0] / 3, y0 + tangents[i][1] / 3, x - tangents[i + 1][0] / 3, y - tangents[i + 1][1] / 3, x, y];
  });
}

// Paints a stroke; `width` is the usual line's, in the canvas's current units.
export function paintStroke(context, stroke, colour, width) {
  const {points, widths} = stroke;
  if (points.length === 0) return;
  context.strokeStyle = colour;
  context.lineCap = context.lineJoin = "round";
  const widthAt = (i) => width * Math.round(10 * (widths?.[i] ?? 1)) / 10;
  context.beginPath();
  context.lineWidth = widthAt(0);
  context.moveTo(...points[0]);
  if (points.length === 1) context.lineTo(points[0][0] + 0.01, points[0][1]);
  let current = context.lineWidth;
  curvesOf(stroke).forEach(([x0, y0, ...rest], i) => {
    const wanted = widthAt(i + 1);
    if (wanted !== current) {
      context.stroke();
      context.beginPath();
      context.lineWidth = current = wanted;
      context.moveTo(x0, y0);
    }
    context.bezierCurveTo(...rest);
  });
  context.stroke();
}

// Paints strokes so that `box` fills a canvas of any size, centred.
export function paintStrokes(canvas, strokes, box, {colours = inkColours(), width = LINE_WIDTH, background = null} = {}) {
  const context = canvas.getContext("2d", {willReadFrequently: true});
  const scale = Math.min(canvas.width / box.width, canvas.height / box.height);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (background) {
    context.fillStyle = background;
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  context.setTransform(scale, 0, 0, scale, (canvas.width - scale * box.width) / 2 - scale * box.x,
    (canvas.height - scale * box.height) / 2 - scale * box.y);
  for (const stroke of strokes) paintStroke(context, stroke, colours[stroke.by], width);
}

// The path of an SVG, with as many digits as a screen needs.
export function pathOf(stroke) {
  const digits = (values) => values.map((value) => +value.toFixed(1)).join(" ");
  const {points} = stroke;
  if (points.length === 1) return `M${digits(points[0])}h.1`;
  return `M${digits(points[0])}${curvesOf(stroke).map(([, , ...rest]) => `C${digits(rest)}`).join("")}`;
}
