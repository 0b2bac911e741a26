// Training: the runs under --runs, while they train.
import {chart, short} from "./chart.js";
import {el, notice} from "./dom.js";

const EVERY_MS = 1500;
const FIRST_LOSSES = ["total", "reconstruction", "kl"];

function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds > 48 * 3600) return `${short(Math.round(seconds / 86400))} days`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

function stateOf(run) {
  if (run.num_steps > 0 && run.step >= run.num_steps) return "finished";
  return run.active ? "training" : "stopped";
}

export function training(studio) {
  const {engine} = studio;
  if (!studio.watches_runs) return studio.example(engine.isStatic ? "elsewhere" : "runs");
  let timer = 0;
  let chosen = null;
  let version = null;
  let isSilent = false;
  const pictures = new Map();  // of the chosen run: step to figure

  const list = el("div", {class: "run-list", role: "group", "aria-label": "Runs"});
  const figures = el("dl", {class: "figures"});
  const bar = el("div", {});
  const progress = el("div", {class: "progress", role: "progressbar", "aria-label": "Training progress", "aria-valuemin": 0, "aria-valuemax": 100}, bar);
  const charts = el("div", {class: "charts"});
  const samples = el("div", {class: "samples", tabindex: "0", role: "group", "aria-label": "Sample pictures"});
  const samplesPart = el("section", {class: "part"}, el("h2", {}, "Samples"), samples);
  const details = el("div", {hidden: true}, figures, progress, samplesPart, el("section", {class: "part"}, charts));

  function choose(id) {
    if (chosen === id) return;
    chosen = id;
    version = null;
    for (const figure of pictures.values()) watcher.unobserve(figure);
    pictures.clear();
    samples.replaceChildren();
    update();
  }

  function showList(runs) {
    if (!runs.some((run) => run.id === chosen)) choose(runs[0]?.id ?? null);
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    list.replaceChildren(...(runs.length === 0 ? [el("p", {class: "quiet"}, "No run has begun yet.")] : runs.map((run) => {
      const share = run.num_steps > 0 ? run.step / run.num_steps : 0;
      const inner = el("div", {});
      inner.style.width = `${100 * share}%`;
      const state = stateOf(run);
      return el("button", {type: "button", class: "run", "data-id": run.id, "aria-pressed": run.id === chosen, onclick: () => choose(run.id)},
        el("span", {class: "run-name"}, run.name, state === "training" ? el("span", {class: "live"}, "live") : null),
        el("div", {class: "progress"}, inner),
        el("span", {class: "quiet small"}, `${state}, step ${run.step}${run.num_steps ? ` of ${run.num_steps}` : ""}`));
    })));
    if (focused) list.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
  }

  function showFigures(run) {
    const items = [
      ["Step", run.num_steps ? `${run.step} / ${run.num_steps}` : run.step],
      ["Time left", stateOf(run) === "training" ? duration(run.seconds_left) : stateOf(run)],
      ["Examples per second", run.examples_per_second ? short(run.examples_per_second) : "–"],
      ["Best on validation", run.best_total === undefined ? "–" : `${short(run.best_total)} at ${run.best_step}`],
    ];
    figures.replaceChildren(...items.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, String(value)))));
    const share = run.num_steps > 0 ? Math.round((100 * run.step) / run.num_steps) : 0;
    bar.style.width = `${share}%`;
    progress.setAttribute("aria-valuenow", share);
  }

  function showCharts(run) {
    if (charts.querySelector(".reads")) return;   // a pointer reads values there
    const names = [...new Set(run.curves.map((curve) => curve.metric))];
    names.sort((a, b) => order(a) - order(b) || a.localeCompare(b));
    charts.replaceChildren(...names.map((name) => chart(name.replaceAll("_", " "), run.curves.filter((curve) => curve.metric === name))));
  }

  // Pictures are fetched when they come into view, once each.
  const watcher = new IntersectionObserver((entries) => {
    for (const {isIntersecting, target} of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      const image = target.querySelector("img");
      engine.sample(target.dataset.run, target.dataset.step).then((blob) => {
        image.addEventListener("load", () => URL.revokeObjectURL(image.src), {once: true});
        image.src = URL.createObjectURL(blob);
      }).catch(() => target.remove());
    }
  }, {root: samples, rootMargin: "0px 200px"});

  // Newest first.
  function showSamples(run) {
    samplesPart.hidden = run.samples.length === 0;
    for (const {step} of run.samples) {
      if (pictures.has(step)) continue;
      const figure = el("figure", {"data-run": run.id, "data-step": step}, el("img", {alt: `Samples at step ${step}`}), el("figcaption", {}, `Step ${step}`));
      pictures.set(step, figure);
      samples.prepend(figure);
      watcher.observe(figure);
    }
    // A run that went back has lost those after its step.
    const there = new Set(run.samples.map(({step}) => step));
    for (const [step, figure] of pictures) {
      if (there.has(step)) continue;
      figure.remove();
      pictures.delete(step);
    }
  }

  async function update() {
    clearTimeout(timer);
    try {
      const {runs} = await engine.runs();
      showList(runs);
      const asked = chosen;
      const current = runs.find((run) => run.id === asked);
      details.hidden = !current;
      if (current) {
        showFigures(current);
        const changed = await engine.run(asked, version);
        if (changed && asked === chosen) {
          version = changed.version;
          showCharts(changed.data);
          showSamples(changed.data);
        }
      }
      isSilent = false;
    } catch (error) {
      if (!isSilent) notice(error.message);
      isSilent = true;
    }
    clearTimeout(timer);
    if (element.isConnected) timer = setTimeout(update, EVERY_MS);
  }

  const element = el("div", {class: "training"}, list, details);
  return {element, enter: update, leave: () => clearTimeout(timer)};
}

function order(name) {
  const at = FIRST_LOSSES.indexOf(name);
  return at < 0 ? FIRST_LOSSES.length : at;
}
