// The drawings that become a data set, kept in the browser: [{word, strokes: [points, …]}, …].
import {notice} from "./dom.js";

const KEY = "limn-collection";

export function collection() {
  try {
    const all = JSON.parse(localStorage.getItem(KEY)) ?? [];
    // The studio of 0.2 kept lists of strokes alone.
    return all.map((entry) => (Array.isArray(entry) ? {word: "drawing", strokes: entry} : entry));
  } catch {
    return [];
  }
}

export function collect(entries) {
  try {
    localStorage.setItem(KEY, JSON.stringify(entries));
    return true;
  } catch {
    notice("The browser keeps no more drawings; save the data set and empty it.");
    return false;
  }
}

// The data set as a file, simplified as Quick, Draw!'s drawings are; a line of .ndjson keeps its drawing's word.
export async function dataSetFile(engine, format) {
  const words = new Map();
  for (const {word, strokes} of collection()) words.set(word, [...(words.get(word) ?? []), strokes]);
  if (format === "npz") return engine.file({drawings: [...words.values()].flat(), format, simplify: true});
  const parts = [];
  for (const [word, drawings] of words) parts.push(await engine.file({drawings, format, simplify: true, word}));
  return new Blob(parts, {type: "application/x-ndjson"});
}
