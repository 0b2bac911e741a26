// Small pictures of drawings, as SVG elements.
import {svg} from "./dom.js";
import {FRAME, fitted} from "./drawing.js";
import {pathOf} from "./ink.js";

const VIEW = 1000;

// `strokes` as Drawing has them; `isFitted` fills the picture, else the paper's own place and size are kept.
export function sketchPicture(strokes, {isFitted = true, label} = {}) {
  const lists = strokes.map((stroke) => stroke.points);
  const shown = isFitted ? fitted(lists, {x: 100, y: 100, size: 800}) : lists;
  const node = svg("svg", {viewBox: `0 0 ${VIEW} ${VIEW}`, class: "strokes", role: label ? "img" : undefined,
    "aria-label": label, "aria-hidden": label ? undefined : true});
  strokes.forEach(({by}, i) => {
    if (shown[i].length > 0) node.append(svg("path", {d: pathOf({by, points: shown[i]}), class: by}));
  });
  return node;
}

// Drawings that came fitted to a square of 1000 lie in the paper's frame afterwards.
export function onPaper(pointLists) {
  return fitted(pointLists, FRAME);
}
