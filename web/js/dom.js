// Small helpers around the document. Nothing here parses text as HTML.

const SVG = "http://www.w3.org/2000/svg";

// el("button", {class: "button", onclick: f, "aria-label": "…"}, children…)
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null) continue;
    // ARIA's states are words, and "false" is not the same as none.
    if (key.startsWith("aria-")) node.setAttribute(key, String(value));
    else if (value === false) continue;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// Makes touches of a node that handles pointers itself no gestures of the browser's. Otherwise it may take a stroke that
// ends quickly for a fling, and the next tap, anywhere, for the end of that fling.
export function withoutGestures(node) {
  node.addEventListener("touchstart", (event) => event.preventDefault(), {passive: false});
}

const ICONS = {
  undo: ["M9 14 4 9l5-5", "M4 9h10a6 6 0 0 1 0 12h-3"],
  redo: ["m15 14 5-5-5-5", "M20 9H10a6 6 0 0 0 0 12h3"],
  clear: ["M5 7h14", "M10 7V4h4v3", "m7 7 1 13h8l1-13"],
  again: ["M20 11a8 8 0 1 0-2 6", "M20 4v7h-7"],
  save: ["M12 4v11", "m7 11 5 5 5-5", "M5 20h14"],
  play: ["M8 5v14l11-7z"],
  eraser: ["m4 15 9-9 7 7-7 7H8z", "m9 10 7 7", "M8 20h12"],
  fit: ["M4 9V4h5", "M20 9V4h-5", "M4 15v5h5", "M20 15v5h-5"],
  close: ["m6 6 12 12", "m18 6-12 12"],
  check: ["m5 13 5 5 9-11"],
  settings: ["M4 7h9", "M17 7h3", "M4 17h3", "M11 17h9", "M15 4.5v5", "M9 14.5v5"],
  surprise: ["M12 3v4", "M12 17v4", "M3 12h4", "M17 12h4", "m6 6 2.5 2.5", "m15.5 15.5 2.5 2.5", "m18 6-2.5 2.5", "M8.5 15.5 6 18"],
  share: ["M12 15V4", "m7 9 5-5 5 5", "M5 13v7h14v-7"],
  pause: ["M8 5v14", "M16 5v14"],
};

export function icon(name) {
  return svg("svg", {viewBox: "0 0 24 24", "aria-hidden": "true"}, ...ICONS[name].map((d) => svg("path", {d})));
}

export function button(label, onclick, options = {}) {
  const {symbol, primary, only} = options;
  const node = el("button", {type: "button", class: `button${primary ? " primary" : ""}${only ? " icon" : ""}`, onclick});
  if (symbol) node.append(icon(symbol));
  if (only) {
    node.setAttribute("aria-label", label);
    node.title = options.title ?? label;
  } else {
    node.append(label);
  }
  return node;
}

// A labelled slider. `text` says its value to people.
export function slider({label, min, max, step, value, text = String, oninput}) {
  const output = el("output", {}, text(value));
  const input = el("input", {type: "range", min, max, step, value, "aria-label": label});
  input.addEventListener("input", () => {
    output.value = text(Number(input.value));
    oninput?.(Number(input.value));
  });
  const field = el("label", {class: "field"}, el("span", {}, label, output), input);
  return {
    field,
    get value() { return Number(input.value); },
    set value(v) { input.value = v; output.value = text(Number(input.value)); },
    input,
  };
}

export function chooser({label, options, onchange}) {
  const select = el("select", {"aria-label": label}, ...options.map(({value, text}) => el("option", {value}, text)));
  select.addEventListener("change", () => onchange?.(select.value));
  return {field: el("label", {class: "field"}, el("span", {}, label), select), get value() { return select.value; }, select};
}

// Whether the user asks for calm pages.
export function isCalm() { return matchMedia("(prefers-reduced-motion: reduce)").matches; }

let noticeTimer = 0;
export function notice(text) {
  const node = document.getElementById("notice");
  node.textContent = text;
  node.classList.add("shown");
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => node.classList.remove("shown"), 5000);
}

// Only one of the calls that are made while one is under way is kept: the latest.
export function latestOnly(work) {
  let running = false;
  let waiting = null;
  return async function run(...values) {
    if (running) {
      waiting = values;
      return;
    }
    running = true;
    try {
      await work(...values);
    } catch (error) {
      if (error.name !== "AbortError") notice(error.message);
    } finally {
      running = false;
      if (waiting) {
        const next = waiting;
        waiting = null;
        run(...next);
      }
    }
  };
}
