// The studio's page: asks the engine what there is, and shows one tab at a time. Tabs are made when first opened. The
// part of the address behind '#' is the tab, so that each is a place in the browser's history.
import {ApiError, chooseEngine, setToken, takeTokenFromAddress} from "./api.js";
import {el, notice} from "./dom.js";
import {Drawing} from "./drawing.js";
import {drawTogether} from "./draw_together.js";
import {exampleTab} from "./example.js";
import {glimpses} from "./glimpses.js";
import {showHelp} from "./help.js";
import {latentSpace} from "./latent.js";
import {drawingOf} from "./link.js";
import {morph} from "./morph.js";
import {training} from "./training.js";
import {variations} from "./variations.js";

const TABS = [
  {id: "draw", title: "Draw together", make: drawTogether},
  {id: "variations", title: "Variations", make: variations},
  {id: "morph", title: "Morph", make: morph},
  {id: "latent", title: "Latent space", make: latentSpace},
  {id: "glimpses", title: "Glimpses", make: glimpses},
  {id: "training", title: "Training", make: training},
];

const main = document.getElementById("main");
const tabList = document.getElementById("tabs");
const actions = document.getElementById("actions");
let engine = null;

async function open({wasWrong = false} = {}) {
  takeTokenFromAddress();
  try {
    engine ??= await chooseEngine();
    start(await engine.studio());
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) askForToken(wasWrong);
    else main.replaceChildren(el("p", {class: "centred"}, error.message));
  }
}

function askForToken(wasWrong) {
  const input = el("input", {type: "password", autocomplete: "off", "aria-label": "Token", required: true});
  const form = el("form", {class: "narrow centred"},
    wasWrong ? el("p", {class: "wrong", role: "alert"}, "That is not this studio's token. It is the part after #token= in the address that limn serve printed, new at each start.") : null,
    el("p", {}, "This studio asks for the token that limn serve printed."), input,
    el("p", {}), el("button", {class: "button primary"}, "Open"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    setToken(input.value.trim());
    open({wasWrong: true});
  });
  main.replaceChildren(form);
  input.focus();
}

// The drawing of a link, once; the address becomes that of the tab alone.
function linkedDrawing() {
  try {
    return drawingOf(location.hash.slice(1));
  } catch (error) {
    notice(error.message);
    return null;
  } finally {
    if (location.hash.includes("&")) history.replaceState(null, "", "#draw");
  }
}

function start(info) {
  const made = new Map();
  let shown = null;
  let linked = null;
  const studio = {
    ...info, engine, drawing: new Drawing("limn-drawing"), example: exampleTab,
    takeLinked() {
      const given = linked;
      linked = null;
      return given;
    },
  };

  function show({focus = false} = {}) {
    linked = linkedDrawing() ?? linked;
    const wanted = location.hash.slice(1);
    const tab = TABS.find(({id}) => id === wanted) ?? TABS[0];
    if (wanted !== tab.id) history.replaceState(null, "", `#${tab.id}`);
    shown?.view.leave?.();
    if (!made.has(tab.id)) made.set(tab.id, tab.make(studio));
    const view = made.get(tab.id);
    shown = {id: tab.id, view};
    for (const node of tabList.children) {
      const isShown = node.id === `tab-${tab.id}`;
      node.setAttribute("aria-selected", isShown);
      node.tabIndex = isShown ? 0 : -1;
      if (isShown && focus) node.focus();
      if (isShown) tabList.scrollLeft = node.offsetLeft - (tabList.clientWidth - node.offsetWidth) / 2;
    }
    document.body.dataset.tab = tab.id;
    main.replaceChildren(el("div", {role: "tabpanel", id: "panel", "aria-labelledby": `tab-${tab.id}`}, view.element));
    actions.replaceChildren(...(view.actions ?? []), helpButton);
    document.title = `${tab.title} – limn studio`;
    view.enter?.();
  }

  const helpButton = el("button", {type: "button", class: "button icon", "aria-label": "Help", title: "Help (?)", onclick: showHelp}, "?");
  const go = (id, options) => {
    if (location.hash === `#${id}`) return;
    history.pushState(null, "", `#${id}`);
    show(options);
  };
  tabList.replaceChildren(...TABS.map(({id, title}) => el("button", {
    type: "button", role: "tab", class: "tab", id: `tab-${id}`, "aria-controls": "panel", onclick: () => go(id),
  }, title)));
  tabList.addEventListener("keydown", (event) => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!step) return;
    event.preventDefault();
    const at = TABS.findIndex(({id}) => id === shown.id);
    go(TABS[(at + step + TABS.length) % TABS.length].id, {focus: true});
  });
  // Letters are for the tab only where nothing else takes them: no list, no field, no dialogue.
  document.addEventListener("keydown", (event) => {
    const isTaken = event.target.matches("select, textarea, input:not([type=range], [type=checkbox]), [contenteditable]");
    if (event.defaultPrevented || isTaken || document.querySelector("dialog[open]")) return;
    if (event.key === "?") showHelp();
    else if (!shown?.view.keydown?.(event)) return;
    event.preventDefault();
  });
  window.addEventListener("popstate", () => show());
  show();
}

open();
