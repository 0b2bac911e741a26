// Variations, Morph and Glimpses; tabs that have nothing to show.
import assert from "node:assert/strict";
import {test} from "node:test";
import {onTab, shared} from "./fixture.mjs";
import {drawCircle, keptStrokes, openPage, paper, saved, serve, until} from "./harness.mjs";

onTab("a drawing is drawn again at several temperatures", "variations", async (page) => {
  await until(async () => (await keptStrokes(page)).length > 0);   // an example of the model's own
  await page.getByRole("button", {name: "Clear"}).click();
  await drawCircle(page, paper(page), [0.5, 0.5, 0.3]);
  await until(async () => await page.locator(".rows .thumb:not(.pending):not(.none)").count() === 16);
  await page.locator(".rows .thumb").nth(5).click();
  await page.getByRole("button", {name: "Take over"}).click();
  await until(async () => (await keptStrokes(page)).every(({by}) => by === "model"));
});

onTab("Morph begins with examples and plays by itself; a hand's drawing takes their place", "morph", async (page) => {
  const picture = page.locator(".between-paper svg");
  await page.getByText("Two examples.").waitFor();
  const seen = new Set();
  for (let i = 0; i < 12; i++) {
    seen.add(await picture.innerHTML());
    await page.waitForTimeout(120);
  }
  assert.ok(seen.size >= 3, "nothing moves");
  assert.ok((await keptStrokes(page, "limn-morph-from")).every(({by}) => by === "model"));
  await drawCircle(page, paper(page, 0), [0.5, 0.5, 0.3]);
  await until(async () => (await keptStrokes(page, "limn-morph-from")).map(({by}) => by).join() === "hand");
  // Of two strokes: a circle of another size is the same drawing to the model.
  await drawCircle(page, paper(page, 1), [0.3, 0.3, 0.1]);
  await drawCircle(page, paper(page, 1), [0.5, 0.7, 0.25]);
  await until(async () => (await keptStrokes(page, "limn-morph-to")).length === 2);
  await until(async () => await page.getByText("The model looks for").count() === 0);
  await page.getByText("Move the slider, or play.").waitFor();
  await page.getByRole("button", {name: "Pause"}).click();
  const places = new Set();
  for (const place of [0, 12, 24]) {
    await page.getByLabel("Between the two drawings").fill(String(place));
    places.add(await picture.innerHTML());
  }
  assert.ok(places.size >= 2, "the slider changes nothing");
  const {bytes} = await saved(page, async () => {
    await page.locator("summary", {hasText: "Save"}).click();
    await page.locator(".menu-items button", {hasText: "GIF"}).click();
  });
  assert.equal(bytes.toString("latin1", 0, 6), "GIF89a");
});

onTab("Glimpses plays, pauses and is scrubbed", "glimpses", async (page) => {
  await page.getByText(/Step [2-9]/).waitFor();
  const pause = page.getByRole("button", {name: "Pause"});
  if (await pause.count()) await pause.click();
  await page.getByRole("slider", {name: "Step"}).fill("1");
  await page.getByText("Step 1 of").waitFor();
  await page.getByRole("button", {name: "Play"}).click();
  await page.getByText(/Step [2-9]/).waitFor();
  const {bytes} = await saved(page, () => page.getByRole("button", {name: "GIF"}).click());
  assert.equal(bytes.toString("latin1", 0, 6), "GIF89a");
});

test("nothing is saved before there is a picture", async () => {
  const {page, context, problems} = await openPage(shared.browser, shared.studio.address, "draw");
  const waiting = [];
  await page.route(/\/(canvases|images)$/, (route) => { waiting.push(route); });
  const savers = () => page.locator("button:visible", {hasText: /^(GIF|PNG)$/});
  try {
    for (const tab of ["Glimpses", "Latent space"]) {
      await page.getByRole("tab", {name: tab}).click();
      await until(() => waiting.length > 0);
      assert.deepEqual(await savers().evaluateAll((nodes) => nodes.map((node) => node.disabled)), [true, true], tab);
      await page.unroute(/\/(canvases|images)$/);
      for (const route of waiting.splice(0)) await route.continue();
      await until(async () => !await savers().last().isDisabled());
      await page.route(/\/(canvases|images)$/, (route) => { waiting.push(route); });
    }
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
  }
});

test("a tab without a model shows an example and the command that brings one", async () => {
  const studio = await serve();
  const {page, context, problems} = await openPage(shared.browser, studio.address, "training");
  try {
    await page.getByText("limn serve --runs runs").waitFor();
    assert.equal(await page.locator(".scene path").first().evaluate((node) => getComputedStyle(node).animationName), "draw");
    assert.equal(await page.getByRole("tab", {name: "DRAW", exact: true}).count(), 0);
    await page.getByRole("tab", {name: "Glimpses"}).click();
    // Some day the box has such a model.
    if (await page.locator(".example").count()) await page.getByText("limn train draw").waitFor();
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
    await studio.stop();
  }
});
