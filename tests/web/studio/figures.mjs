// node figures.mjs LIMN WASM: the figures of docs/studio.md, with the built-in models. From the pen's lifting to the first
// stroke that the page paints, pictures of the latent map per second, bytes to the first drawing, memory over 200
// completions; each with the server and as static files. In the folder of run.sh, which has Playwright.
// STUDIO_CHROMIUM names the browser.
import {execFileSync} from "node:child_process";
import {mkdtempSync, readFileSync, rmSync} from "node:fs";
import {cpus, loadavg, tmpdir} from "node:os";
import {join} from "node:path";

const [limn, wasm] = process.argv.slice(2);
if (!wasm) {
  console.error("usage: node figures.mjs LIMN LIMN-STUDIO.WASM");
  process.exit(2);
}
process.env.STUDIO_LIMN = limn;
process.env.STUDIO_WORK ??= process.cwd();
const {drawCircle, hostFiles, MODEL, openBrowser, openPage, paper, serve, shareOfColour, until} = await import("./harness.mjs");

const at = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];
const STROKES = 40;
const COMPLETIONS = 200;

// The pen lifts; the next frame after the first point came has it on the paper.
async function firstStrokes(page) {
  const times = [];
  for (let i = 0; i < STROKES; i++) {
    await page.keyboard.press("c");
    await page.evaluate(() => { delete document.documentElement.dataset.firstStrokeMs; });
    await drawCircle(page, paper(page), [0.35 + 0.3 * (i % 10) / 10, 0.5, 0.12 + 0.01 * (i % 7)]);
    await until(() => page.evaluate(() => document.documentElement.dataset.firstStrokeMs !== undefined), 60_000);
    times.push(Number(await page.evaluate(() => document.documentElement.dataset.firstStrokeMs)));
  }
  return times;
}

async function mapRate(page) {
  await page.locator("#tab-latent").click();
  const map = page.getByLabel("Map of the latent plane");
  const picture = page.locator(".picture-paper canvas");
  await until(() => picture.evaluate((node) => Number(node.dataset.shown ?? 0) > 0));
  const before = await picture.evaluate((node) => Number(node.dataset.shown));
  const seconds = await map.evaluate(async (node) => {
    const {left, top, width, height} = node.getBoundingClientRect();
    const start = performance.now();
    for (let i = 0; performance.now() - start < 3000; i++) {
      node.dispatchEvent(new PointerEvent("pointermove", {pointerId: 1, pointerType: "mouse",
        clientX: left + width * (0.5 + 0.4 * Math.sin(i / 40)), clientY: top + height * (0.5 + 0.3 * Math.sin(i / 9))}));
      await new Promise((resolve) => { setTimeout(resolve, 8); });
    }
    return (performance.now() - start) / 1000;
  });
  return (await picture.evaluate((node) => Number(node.dataset.shown)) - before) / seconds;
}

// Megabytes after a tenth of the completions, and after all: `memory()` is asked then.
async function flatness(page, memory) {
  const ask = (count) => page.evaluate(async (times) => {
    const {chooseEngine} = await import("./js/api.js");
    globalThis.figuresEngine ??= await chooseEngine();
    const {models} = await globalThis.figuresEngine.studio();
    for (let i = 0; i < times; i++) {
      await globalThis.figuresEngine.complete(models[0].id, {strokes: [[[40, 80], [60, 60], [80, 80], [60, 100], [40, 80]]],
        frame: {x: 0, y: 0, size: 255}, count: 6, seed: i}, () => {});
    }
  }, count);
  await ask(COMPLETIONS / 10);
  const early = await memory();
  await ask(COMPLETIONS - COMPLETIONS / 10);
  return [early, await memory()];
}

function residentMb(pid) { return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024; }

// The renderers of this browser, the largest: the page and its worker.
async function rendererMb(browser) {
  const session = await browser.newBrowserCDPSession();
  const {processInfo} = await session.send("SystemInfo.getProcessInfo");
  return Math.max(...processInfo.filter(({type}) => type === "renderer").map(({id}) => residentMb(id)));
}

async function figures(name, address, browser, bytes, memory) {
  const {page, context} = await openPage(browser, address, "draw");
  await until(async () => await shareOfColour(paper(page), MODEL) > 0.00005, 60_000);
  if (bytes) console.log(`${name}: ${(bytes() / 1e6).toFixed(2)} MB sent when the first drawing stood`);
  const times = await firstStrokes(page);
  console.log(`${name}: pen up to first stroke ${at(times, 0.5).toFixed(0)} ms median, ${at(times, 0.95).toFixed(0)} ms 95th percentile, ${STROKES} strokes`);
  console.log(`${name}: latent map ${(await mapRate(page)).toFixed(0)} pictures per second`);
  const [early, late] = await flatness(page, memory);
  console.log(`${name}: memory ${early.toFixed(0)} MB after ${COMPLETIONS / 10} completions of six endings, ${late.toFixed(0)} MB after ${COMPLETIONS}`);
  await context.close();
}

console.log(`${cpus()[0].model}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}`);
const browser = await openBrowser();
const folder = mkdtempSync(join(tmpdir(), "limn-figures-"));
try {
  const studio = await serve();
  await figures("server", studio.address, browser, null, async () => residentMb(studio.pid));
  await studio.stop();
  execFileSync(limn, ["serve", "--export", join(folder, "site"), "--wasm", wasm], {stdio: "ignore"});
  const host = await hostFiles(join(folder, "site"));
  await figures("static files", host.address, browser, host.bytes, () => rendererMb(browser));
  await host.stop();
} finally {
  await browser.close();
  rmSync(folder, {recursive: true, force: true});
}
