// The first five seconds: a ghost's hand, models as pictures, surprises, what a phone's owner sees.
import assert from "node:assert/strict";
import {onTab, shared} from "./fixture.mjs";
import {choosing, drawCircle, endings, fromMenu, INK, keptStrokes, LANDSCAPE, MODEL, paper, PHONE, shareOfColour, until} from "./harness.mjs";

for (const [name, options] of [["desktop", {}], ["phone", PHONE], ["landscape", LANDSCAPE]]) {
  onTab(`a ghost draws, the model finishes, until somebody draws, ${name}`, "draw", async (page) => {
    const start = performance.now();
    await until(async () => await shareOfColour(paper(page), INK) > 0.0004);
    await until(async () => await shareOfColour(paper(page), MODEL) > 0.00005);
    console.log(`the ghost's first drawing had the model's ink after ${((performance.now() - start) / 1000).toFixed(1)} s`);
    assert.deepEqual(await keptStrokes(page), []);
    assert.equal(await endings(page).count(), 0);
    const box = await paper(page).boundingBox();
    await page.mouse.move(box.x + 30, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y + 60);
    await page.waitForTimeout(100);
    assert.equal(await shareOfColour(paper(page), MODEL), 0, "the ghost's drawing stays");
    await page.mouse.up();
    assert.equal((await keptStrokes(page)).length, 1);
  }, options);
}

onTab("who asks for calm pages sees a finished example that stands still", "draw", async (page) => {
  await until(async () => await shareOfColour(paper(page), MODEL) > 0.00005);
  const before = await shareOfColour(paper(page), MODEL);
  await page.waitForTimeout(1500);
  assert.equal(await shareOfColour(paper(page), MODEL), before);
}, {reducedMotion: "reduce"});

onTab("each model's tile has a picture that it drew, and the box's models are there", "draw", async (page) => {
  const tiles = page.locator(".tile[data-id]");
  assert.ok(await tiles.count() >= 3);
  assert.ok((await tiles.allTextContents()).includes("doodles"));
  for (let i = 0; i < await tiles.count(); i++) {
    await until(async () => await shareOfColour(tiles.nth(i).locator("canvas"), MODEL) > 0.01);
  }
});

onTab("Surprise me draws from nothing", "draw", async (page) => {
  await page.getByRole("button", {name: "Surprise me"}).click();
  await choosing(page);
  assert.equal(await endings(page).count(), 6);
  assert.deepEqual(await keptStrokes(page), []);
});

onTab("on a phone settings lie in a drawer", "draw", async (page) => {
  const drawer = page.locator("#drawer");
  assert.equal(await drawer.isVisible(), false);
  await page.getByRole("button", {name: "Models and settings"}).click();
  await drawer.getByRole("slider", {name: "Temperature"}).waitFor();
  assert.equal(await page.getByRole("button", {name: "Models and settings"}).getAttribute("aria-expanded"), "true");
  await page.keyboard.press("Escape");
  await until(async () => !await drawer.isVisible());
}, PHONE);

onTab("the page can be installed", "draw", async (page) => {
  const href = await page.locator("link[rel=manifest]").getAttribute("href");
  const manifest = await page.evaluate(async (path) => {
    const answer = await fetch(path);
    return {type: answer.headers.get("Content-Type"), body: await answer.json()};
  }, href);
  assert.equal(manifest.type, "application/manifest+json");
  assert.equal(manifest.body.display, "standalone");
  const session = await page.context().newCDPSession(page);
  const {errors} = await session.send("Page.getAppManifest");
  assert.deepEqual(errors, []);
});

onTab("a link replays the drawing, with its colours", "draw", async (page) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await drawCircle(page, paper(page));
  await choosing(page);
  await page.keyboard.press("Enter");
  await until(async () => (await keptStrokes(page)).length > 1);
  await fromMenu(page, "Copy link");
  await page.getByText("The link is copied").waitFor();
  const address = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(address, /#draw&d=[\w-]+&model=[\w-]+&seed=\d+$/);
  const strokes = await keptStrokes(page);
  const context = await shared.browser.newContext();
  const other = await context.newPage();
  await other.goto(address);
  await until(async () => await shareOfColour(paper(other), INK) > 0.0002);
  assert.deepEqual(await keptStrokes(other), [], "the drawing was there before it was drawn");
  await until(async () => (await keptStrokes(other)).length === strokes.length);
  const replayed = await keptStrokes(other);
  assert.deepEqual(replayed.map(({by}) => by), strokes.map(({by}) => by));
  for (const [i, {points}] of replayed.entries()) {
    assert.ok(points.every(([x, y]) => strokes[i].points.some(([px, py]) => Math.abs(px - x) <= 0.51 && Math.abs(py - y) <= 0.51)));
  }
  assert.equal(new URL(other.url()).hash, "#draw");
  await context.close();
});

onTab("a damaged link is refused with a word", "training", async (page) => {
  for (const damaged of ["!!!", "AAAA", "g".repeat(60_000), "_____w"]) {
    await page.evaluate((text) => { location.hash = `#draw&d=${text}`; }, damaged);
    await page.getByText("holds no drawing").waitFor();
    await page.evaluate(() => { document.getElementById("notice").textContent = ""; location.hash = "#training"; });
  }
  assert.deepEqual(await keptStrokes(page), []);
});
