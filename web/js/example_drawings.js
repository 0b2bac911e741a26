// Drawings that a model makes from nothing, to begin with where nobody has drawn yet.
import {asStrokes} from "./drawing.js";
import {onPaper} from "./sketch_view.js";

// `count` drawings of several strokes each where possible, in the paper's frame. Rejects where the model cannot be asked.
export async function exampleDrawings(engine, model, count) {
  const lists = [];
  const isUp = [];
  await engine.complete(model, {strokes: [], count: count + 4, temperature: 0.2}, (event) => {
    if (event.event !== "points") return;
    for (const [ending, x, y, lifted] of event.points) {
      lists[ending] ??= [];
      if (isUp[ending] ?? true) lists[ending].push([]);
      lists[ending][lists[ending].length - 1].push([x, y]);
      isUp[ending] = lifted === 1;
    }
  });
  // Those with most strokes have most to see.
  return lists.filter(Boolean).sort((a, b) => b.length - a.length).slice(0, count).map((strokes) => asStrokes(onPaper(strokes)));
}
