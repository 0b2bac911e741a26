// Drawings as files that the page writes itself, in two colours: the hand's ink and the model's. A drawing is a list of
// strokes (drawing.js). Several drawings stand in a grid.
import {el, svg} from "./dom.js";
import {boundsOf, countPoints, reveal} from "./drawing.js";
import {asTwoInks, encodeGif, twoInks} from "./gif.js";
import {LIGHT, paintStrokes, pathOf} from "./ink.js";

const CELL = 1000;       // units of a drawing's square in a grid
const MARGIN = 0.09;     // of the longer side
const LINE = 1 / 115;    // of the longer side of a drawing
const PNG_SIDE = 1200;   // pixels
const GIF_SIDE = 480;
const FRAMES = 64;
const FRAME_MS = 50;
const HOLD_MS = 1800;

const numbers = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

export function download(blob, name) {
  const link = el("a", {href: URL.createObjectURL(blob), download: name});
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// {drawings, box, line}: the drawings where they stand in the picture, its box, and the usual line's width.
function laidOut(drawings) {
  const columns = Math.ceil(Math.sqrt(drawings.length));
  const boxes = drawings.map((strokes) => boundsOf(strokes.map(({points}) => points)) ?? {x: 0, y: 0, width: 1, height: 1});
  if (drawings.length === 1) {
    const [box] = boxes;
    const side = Math.max(box.width, box.height, 40);
    const margin = MARGIN * side;
    return {drawings, box: {x: box.x - margin, y: box.y - margin, width: box.width + 2 * margin, height: box.height + 2 * margin}, line: LINE * side};
  }
  const placed = drawings.map((strokes, i) => {
    const box = boxes[i];
    const scale = (CELL * (1 - 2 * MARGIN)) / Math.max(box.width, box.height, 1e-6);
    const left = CELL * (i % columns) + (CELL - scale * box.width) / 2;
    const top = CELL * Math.floor(i / columns) + (CELL - scale * box.height) / 2;
    return strokes.map((stroke) => ({...stroke, points: stroke.points.map(([x, y]) => [left + scale * (x - box.x), top + scale * (y - box.y)])}));
  });
  return {drawings: placed, box: {x: 0, y: 0, width: CELL * columns, height: CELL * Math.ceil(drawings.length / columns)}, line: LINE * CELL};
}

function canvasFor(box, side) {
  const scale = side / Math.max(box.width, box.height);
  return el("canvas", {width: Math.max(2, Math.round(scale * box.width)), height: Math.max(2, Math.round(scale * box.height))});
}

// Lines down the middle of the ink, which plotters and other programs can follow.
export function asSvg(drawings) {
  const {drawings: placed, box, line} = laidOut(drawings);
  const digits = (value) => +value.toFixed(2);
  const node = svg("svg", {xmlns: "http://www.w3.org/2000/svg", viewBox: [box.x, box.y, box.width, box.height].map(digits).join(" ")});
  const mean = ({widths}) => (widths?.length ? widths.reduce((sum, width) => sum + width, 0) / widths.length : 1);
  for (const stroke of placed.flat()) {
    node.append(svg("path", {d: pathOf(stroke), fill: "none", stroke: LIGHT[stroke.by], "stroke-width": digits(line * mean(stroke)),
      "stroke-linecap": "round", "stroke-linejoin": "round", class: stroke.by}));
  }
  return new Blob([new XMLSerializer().serializeToString(node), "\n"], {type: "image/svg+xml"});
}

export function asPng(drawings) {
  const {drawings: placed, box, line} = laidOut(drawings);
  const canvas = canvasFor(box, PNG_SIDE);
  paintStrokes(canvas, placed.flat(), box, {colours: LIGHT, width: line, background: LIGHT.paper});
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}

// The drawings as pens draw them, all at once.
export function asGif(drawings) {
  const {drawings: placed, box, line} = laidOut(drawings);
  const most = Math.max(...placed.map(countPoints));
  const steps = Math.min(FRAMES, most);
  const pictures = Array.from({length: steps}, (_, i) => placed.flatMap((strokes) => reveal(strokes, Math.ceil(((i + 1) * most) / steps)).shown));
  return gifOf(pictures, box, line, FRAME_MS);
}

// Each drawing a frame.
export function asAnimation(drawings) {
  const all = boundsOf(drawings.flat().map(({points}) => points));
  const {box, line} = laidOut([[{points: [[all.x, all.y], [all.x + all.width, all.y + all.height]]}]]);
  return gifOf(drawings, box, line, 2 * FRAME_MS);
}

function gifOf(pictures, box, line, milliseconds) {
  const canvas = canvasFor(box, GIF_SIDE);
  const inks = [numbers(LIGHT.hand), numbers(LIGHT.model)];
  const frames = pictures.map((strokes, i) => {
    paintStrokes(canvas, strokes, box, {colours: LIGHT, width: line, background: LIGHT.paper});
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return {pixels: asTwoInks(data, ...inks), milliseconds: i === pictures.length - 1 ? HOLD_MS : milliseconds};
  });
  return encodeGif({width: canvas.width, height: canvas.height, palette: twoInks(...inks), frames});
}

// As limn reads it, and who drew each stroke; widths as shares of the usual line's.
export function asJson(drawings) {
  const list = drawings.map((strokes) => ({
    strokes: strokes.map(({points}) => points.map((point) => point.map((v) => +v.toFixed(2)))),
    by: strokes.map(({by}) => by),
    widths: strokes.map(({widths}) => widths ?? []),
  }));
  return new Blob([JSON.stringify(list), "\n"], {type: "application/json"});
}
