// The studio's page: asks the server what there is, and shows one tab at a time. Tabs are made when first opened.
import {ApiError, getJson, setToken, takeTokenFromAddress} from "./api.js";
import {el} from "./dom.js";
import {Drawing} from "./drawing.js";
import {drawSteps} from "./draw_steps.js";
import {drawTogether} from "./draw_together.js";
import {latentSpace} from "./latent.js";
import {morph} from "./morph.js";
import {training} from "./training.js";
import {variations} from "./variations.js";

const TABS = [
  {id: "draw", title: "Draw together", make: drawTogether},
  {id: "variations", title: "Variations", make: variations},
  {id: "morph", title: "Morph", make: morph},
  {id: "latent", title: "Latent space", make: latentSpace},
  {id: "steps", title: "DRAW", make: drawSteps},
  {id: "training", title: "Training", make: training},
];

const main = document.getElementById("main");
const tabList = document.getElementById("tabs");

async function open() {
  takeTokenFromAddress();
  try {
    const studio = await getJson("/api/studio");
    start({...studio, drawing: new Drawing()});
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) askForToken();
    else main.replaceChildren(el("p", {class: "centred"}, error.message));
  }
}

function askForToken() {
  const input = el("input", {type: "password", autocomplete: "off", "aria-label": "Token", required: true});
  const form = el("form", {class: "narrow centred"},
    el("p", {}, "This studio asks for the token that limn serve printed."), input,
    el("p", {}), el("button", {class: "button primary"}, "Open"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    setToken(input.value.trim());
    open();
  });
  main.replaceChildren(form);
  input.focus();
}

function start(studio) {
  const made = new Map();
  let shown = null;

  function show(id, {focus = false} = {}) {
    const tab = TABS.find((candidate) => candidate.id === id) ?? TABS[0];
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
    const panel = el("div", {role: "tabpanel", id: "panel", "aria-labelledby": `tab-${tab.id}`}, view.element);
    main.replaceChildren(panel);
    document.title = `${tab.title} – limn studio`;
    history.replaceState(null, "", `#${tab.id}`);
    view.enter?.();
  }

  tabList.replaceChildren(...TABS.map(({id, title}) => el("button", {
    type: "button", role: "tab", class: "tab", id: `tab-${id}`, "aria-controls": "panel", onclick: () => show(id),
  }, title)));
  tabList.addEventListener("keydown", (event) => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!step) return;
    event.preventDefault();
    const at = TABS.findIndex(({id}) => id === shown.id);
    show(TABS[(at + step + TABS.length) % TABS.length].id, {focus: true});
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.target.matches("input:not([type=range], [type=checkbox]), textarea")) return;
    if (shown?.view.keydown?.(event)) event.preventDefault();
  });
  window.addEventListener("hashchange", () => show(location.hash.slice(1)));
  show(location.hash.slice(1));
}

open();
