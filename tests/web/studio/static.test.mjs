// The exported studio: no server, the WebAssembly module in a worker, the same page.
import assert from "node:assert/strict";
import {readFileSync, writeFileSync} from "node:fs";
import {test} from "node:test";
import {gunzipSync} from "node:zlib";
import {noExport, onExport, shared, site} from "./fixture.mjs";
import {choosing, drawCircle, endings, fromMenu, hostFiles, INK, keptStrokes, LANDSCAPE, MODEL, openPage, paper, PHONE, saved, serve, shareOfColour, touchCircle, until, work} from "./harness.mjs";

for (const [name, options] of [["desktop", {}], ["phone", PHONE], ["landscape", LANDSCAPE]]) {
  onExport(`the ghost draws, a hand draws, the model ends it, ${name}`, "draw", async (page) => {
    await until(async () => await shareOfColour(paper(page), MODEL) > 0.00005);
    if (options.hasTouch) await touchCircle(page, paper(page), [0.5, 0.4, 0.2]);
    else await drawCircle(page, paper(page));
    await page.getByText("Choose an ending and keep it").waitFor({state: "attached"});   // a phone has no room for it
    assert.equal(await endings(page).count(), 6);
    await until(async () => await shareOfColour(paper(page), INK) > 0.0005);
    await endings(page).nth(1).click();
    await page.getByRole("button", {name: "Keep"}).click();
    await until(async () => (await keptStrokes(page)).some(({by}) => by === "model"));
  }, options);
}

onExport("endings arrive while they grow, and a new stroke ends them", "draw", async (page) => {
  const parts = await page.evaluate(async () => {
    const {chooseEngine} = await import("./js/api.js");
    const engine = await chooseEngine();
    const {models} = await engine.studio();
    const stop = new AbortController();
    const seen = [];
    // The likeliest point of a model that was hardly trained ends no drawing, and this one is large: many turns.
    const ask = (signal) => engine.complete(models[1].id, {strokes: [[[40, 80], [60, 60], [80, 80]]], frame: {x: 0, y: 0, size: 255}, count: 32, greedy: true, seed: 3},
      (event) => { seen.push([event.event, performance.now()]); if (signal && event.event === "points") stop.abort(); }, signal);
    await ask();
    const whole = seen.splice(0);
    const error = await ask(stop.signal).then(() => "none", ({name}) => name);
    return {whole, error, cut: seen.length};
  });
  assert.equal(parts.whole[0][0], "start");
  assert.equal(parts.whole.at(-1)[0], "done");
  assert.ok(parts.whole.filter(([event]) => event === "points").length > 3, "all points came at once");
  assert.equal(parts.error, "AbortError");
  assert.ok(parts.cut < parts.whole.length);
});

onExport("the page answers while the module computes", "draw", async (page) => {
  await drawCircle(page, paper(page));
  const longest = await page.evaluate(async () => {
    let [last, most] = [performance.now(), 0];
    const end = last + 3000;
    while (last < end) {
      await new Promise((resolve) => { setTimeout(resolve, 0); });
      const now = performance.now();
      most = Math.max(most, now - last);
      last = now;
    }
    return most;
  });
  assert.equal(page.workers().length, 1);
  // Other programs may have the cores.
  assert.ok(longest < 1500, `the page stood still for ${longest.toFixed(0)} ms`);
});

onExport("variations, morph, the latent map and Glimpses", "variations", async (page) => {
  await drawCircle(page, paper(page), [0.5, 0.5, 0.3]);
  await until(async () => await page.locator(".rows .thumb").count() >= 8);
  await page.locator("#tab-morph").click();
  await page.getByText(/One is an example|Two examples/).waitFor();
  const picture = page.locator(".between-paper svg");
  const first = await picture.innerHTML();
  await until(async () => await picture.innerHTML() !== first);
  await page.locator("#tab-latent").click();
  const map = page.getByLabel("Map of the latent plane");
  const shown = () => page.locator(".picture-paper canvas").evaluate((node) => Number(node.dataset.shown ?? 0));
  await until(async () => await shown() > 0);
  const before = await shown();
  const box = await map.boundingBox();
  for (let i = 0; i < 12; i++) await page.mouse.move(box.x + (0.2 + 0.05 * i) * box.width, box.y + 0.4 * box.height);
  await until(async () => await shown() > before + 3);
  const {bytes} = await saved(page, () => page.getByRole("button", {name: "PNG"}).click());
  assert.equal(bytes.toString("latin1", 1, 4), "PNG");
  await page.locator("#tab-glimpses").click();
  await page.getByText(/Step [2-9]/).waitFor();
});

onExport("an example fills its paper, in landscape", "glimpses", async (page) => {
  await page.locator("#tab-training").click();
  const width = async () => (await page.locator(".example-paper .scene").boundingBox()).width;
  const wide = await width();
  await page.evaluate(async () => {
    const {exampleTab} = await import("./js/example.js");
    document.getElementById("panel").replaceChildren(exampleTab("glimpses").element);
  });
  assert.ok(Math.abs(await width() - wide) < 2 && wide > 200, `${await width()} and ${wide} px`);
}, LANDSCAPE);

onExport("Training is explained; data sets are not offered, G-code is", "training", async (page) => {
  await page.getByText("This page has no server", {exact: false}).waitFor();
  await page.locator("#tab-draw").click();
  await page.getByLabel("Continue when the pen lifts").uncheck();
  await drawCircle(page, paper(page));
  await page.locator("summary", {hasText: "Save"}).click();
  assert.equal(await page.locator(".menu-items button", {hasText: "data set"}).count(), 0);
  await page.keyboard.press("Escape");
  for (const [label, begin] of [["GIF", "GIF89a"], ["SVG", "<svg"], ["JSON", "[{"], ["G-code", "; "]]) {
    const {bytes} = await saved(page, () => fromMenu(page, label));
    assert.equal(bytes.toString("latin1", 0, begin.length), begin, label);
  }
});

onExport("a link replays its drawing", "draw", async (page) => {
  const address = await page.evaluate(async () => {
    const {linkOf} = await import("./js/link.js");
    return linkOf([{by: "hand", points: [[100, 100], [300, 120], [200, 300]]}, {by: "model", points: [[150, 150], [250, 150]]}], {model: "doodles", seed: 4});
  });
  assert.ok(address.startsWith(shared.host.address));
  await page.goto("about:blank");
  await page.goto(address);
  await until(async () => (await keptStrokes(page)).map(({by}) => by).join() === "hand,model");
});

// Both ways on the same file, seed and body; the server with the products that round as the module does.
onExport("the server and the module give the same drawings", "draw", async (page) => {
  writeFileSync(`${work}/same.safetensors`, gunzipSync(readFileSync(`${site}/models/doodles.safetensors.gz`)));
  Object.assign(process.env, {LIMN_GEMM: "own", LIMN_SIMD: "sse4"});
  const studio = await serve("same.safetensors");
  delete process.env.LIMN_GEMM;
  delete process.env.LIMN_SIMD;
  const strokes = [[[40, 80], [60, 60], [80, 80], [60, 100], [40, 80]]];
  const asked = [
    ["completions", {strokes, frame: {x: 0, y: 0, size: 255}, count: 4, temperature: 0.3, seed: 11}],
    ["variations", {strokes, temperatures: [0.2, 0.6], count: 2, seed: 5}],
    ["morphs", {from: strokes, to: [[[0, 0], [100, 0], [50, 80], [0, 0]]], steps: 4, seed: 6}],
  ];
  try {
    for (const [call, body] of asked) {
      const text = await (await fetch(`${studio.address}api/models/same/${call}`, {method: "POST", body: JSON.stringify(body), headers: {"Content-Type": "application/json"}})).text();
      const served = text.trim().split("\n").map(JSON.parse);
      const local = await page.evaluate(async ([name, given]) => {
        const {chooseEngine} = await import("./js/api.js");
        const engine = await chooseEngine();
        const method = {completions: "complete", variations: "vary", morphs: "morph"}[name];
        const events = [];
        await engine.studio();
        await engine[method]("doodles", given, (event) => events.push(event));
        return events;
      }, [call, body]);
      // Ending or drawing, then its points, however they were sent together and in whatever order they ended.
      const drawn = (events) => {
        const rows = [];
        for (const {event, points, index, strokes: whole, ending, finished} of events) {
          if (event === "points") for (const [i, ...point] of points) (rows[i] ??= []).push(...point);
          if (event === "drawing") rows[index] = [finished ? 1 : 0, ...whole.flat(2)];
          if (event === "end") (rows[ending] ??= []).push(finished ? 1 : 0);
        }
        return rows;
      };
      const [a, b] = [drawn(served), drawn(local)];
      assert.equal(b.length, a.length);
      assert.ok(a.flat().length > 40, `${call}: nothing was drawn`);
      a.forEach((row, i) => {
        assert.equal(b[i].length, row.length, `${call}: drawing ${i} has another number of points`);
        row.forEach((value, k) => assert.ok(Math.abs(value - b[i][k]) <= 1e-3 * Math.max(1, Math.abs(value)), `${call}: number ${k} of drawing ${i} is ${b[i][k]}, the server's is ${value}`));
      });
    }
  } finally {
    await studio.stop();
  }
});

test("exported: what the first drawing takes, and a second visit without a network", {skip: noExport}, async () => {
  const host = await hostFiles(site);
  const {page, context, problems} = await openPage(shared.browser, host.address, "draw");
  try {
    await until(async () => await shareOfColour(paper(page), MODEL) > 0.00005);
    console.log(`the exported studio had sent ${(host.bytes() / 1e6).toFixed(2)} MB when its first drawing stood`);
    // Nor does it send more soon after: the first drawings have the line for themselves.
    await page.waitForTimeout(1000);
    assert.ok(host.bytes() < 3e6, `${host.bytes()} bytes`);
    // The worker that keeps the folder is in charge once all is fetched.
    await until(() => page.evaluate(() => navigator.serviceWorker.controller !== null));
    await host.stop();
    await page.goto("about:blank");
    await page.goto(`${host.address}#draw`);
    await page.getByRole("tabpanel").waitFor();
    await drawCircle(page, paper(page));
    await choosing(page);
    await page.locator("#tab-latent").click();
    await until(() => page.locator(".picture-paper canvas").evaluate((node) => Number(node.dataset.shown ?? 0) > 0));
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
  }
});

onExport("its policy is strict", "draw", async (page, problems) => {
  const policy = await page.locator("meta[http-equiv=Content-Security-Policy]").getAttribute("content");
  for (const part of ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval';", "connect-src 'self';", "require-trusted-types-for 'script'", "trusted-types limn-scripts"]) {
    assert.ok(policy.includes(part), `${part} is not in ${policy}`);
  }
  const refused = await page.evaluate(async () => {
    const isRefused = (work) => { try { work(); return false; } catch { return true; } };
    return [isRefused(() => new Worker("js/module_worker.js")), isRefused(() => globalThis.trustedTypes.createPolicy("other", {})),
      isRefused(() => globalThis.trustedTypes.createPolicy("limn-scripts", {}))];
  });
  assert.deepEqual(refused, [true, true, true]);
  const manifest = await page.evaluate(async () => (await fetch(document.querySelector("link[rel=manifest]").href)).json());
  assert.equal(manifest.display, "standalone");
  assert.ok(problems.splice(0).every((text) => /Trusted|policy/i.test(text)), "another error than what the policy refused");
});
