// Runs while they train.
import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {once} from "node:events";
import {onTab, runs} from "./fixture.mjs";
import {limn, until, work} from "./harness.mjs";

onTab("a run shows while it trains, is stopped and continues", "training", async (page) => {
  if (process.env.STUDIO_RUNS) return;
  const train = (steps, ...more) => spawn(limn, ["train", "sketch-rnn", "--out", `${runs}/live`, "--steps", String(steps), "--batch-size", "10",
    "--set", "enc_rnn_size=24", "--set", "dec_rnn_size=32", "--set", "log_every=5", "--save-every", "10", "--sample-every", "10",
    "--valid-every", "20", "--quiet", ...more], {cwd: work, stdio: "ignore"});
  const step = async () => Number((await page.locator(".figures dd").first().textContent()).split("/")[0]);
  let trainer = train(100000);
  try {
    await page.getByText("live", {exact: true}).first().waitFor();
    assert.equal(await page.locator(".run").first().getAttribute("aria-pressed"), "true", "the chosen run is not marked");
    const first = await step();
    await until(async () => await step() > first);
    await page.locator(".samples img").first().waitFor();
    await page.locator(".chart polyline").first().waitFor({state: "attached"});
    trainer.kill("SIGINT");
    await once(trainer, "exit");
    const stopped = await step();
    trainer = train(100000, "--resume");
    await until(async () => await step() > stopped + 20, 40_000);
  } finally {
    trainer.kill("SIGINT");
    if (trainer.exitCode === null) await once(trainer, "exit");
  }
});

// A run of many samples whose losses fall steeply at first, as the server would tell it.
async function fakeRun(page, asked) {
  const run = {id: "r", name: "many samples", family: "sketch_rnn", step: 1000, num_steps: 1000, active: false, seconds_since_change: 5};
  const steps = Array.from({length: 100}, (_, i) => 10 * (i + 1));
  const curves = [{metric: "total", split: "train", steps, values: steps.map((s, i) => (s < 60 ? 1000 : 2) + 10 / s + (i % 2 ? 0.2 : -0.2))},
    {metric: "total", split: "valid", steps: [500, 1000], values: [2.5, 2.25]}];
  await page.route("**/api/runs", (route) => route.fulfill({json: {runs: [run]}}));
  await page.route("**/api/runs/r", (route) => route.fulfill({json: {...run, curves, samples: steps.map((step) => ({step, format: "svg"}))}, headers: {ETag: "\"1\""}}));
  await page.route("**/api/runs/r/samples/*", (route) => {
    asked.push(route.request().url());
    return route.fulfill({contentType: "image/svg+xml", body: `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><rect width="400" height="300" fill="#ddd"/></svg>`});
  });
}

onTab("sample pictures are fetched when they come into view", "draw", async (page) => {
  const asked = [];
  await fakeRun(page, asked);
  await page.locator("#tab-training").click();
  await page.locator(".samples img[src]").first().waitFor();
  await page.waitForTimeout(500);
  assert.ok(asked.length >= 2 && asked.length < 12, `${asked.length} pictures fetched`);
  await page.locator(".samples").evaluate((node) => { node.scrollLeft = node.scrollWidth; });
  await until(async () => asked.some((url) => url.endsWith("/samples/10")));
  assert.ok(asked.length < 30);
});

onTab("a chart has a legend, values under the pointer and no plateau", "draw", async (page) => {
  await fakeRun(page, []);
  await page.locator("#tab-training").click();
  const chart = page.locator(".chart").first();
  await chart.getByText(/training 2\.01/).waitFor();
  await chart.getByText(/validation 2\.25/).waitFor();
  const box = await chart.locator("svg").boundingBox();
  await page.mouse.move(box.x + box.width * (46 + 182) / 420, box.y + box.height / 2);
  await chart.getByText(/validation 2\.5$/).waitFor();
  await chart.getByText("step 500").waitFor();
  // A training loss zigzags with its batches: its running mean is drawn, the values stand pale behind it.
  const turns = (line) => line.evaluate((node) => {
    const ys = node.getAttribute("points").split(" ").map((point) => Number(point.split(",")[1])).slice(20, 90);
    return Math.max(...ys) - Math.min(...ys);
  });
  assert.ok(await turns(chart.locator("polyline.train")) < 0.3 * await turns(chart.locator("polyline.raw")));
  // The high values lie beyond the chart and are cut there; none is bent to its edge.
  const heights = await chart.locator("polyline.train").evaluate((node) => node.getAttribute("points").split(" ").map((point) => Number(point.split(",")[1])));
  assert.ok(heights[0] < -100, `the first value is drawn at ${heights[0]}`);
  assert.match(await chart.locator("g").first().getAttribute("clip-path"), /url/);
});
