// The studio's page in a real browser; run.sh starts this with the models to serve in STUDIO_SERVED, one a line.
import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {once} from "node:events";
import {mkdirSync, readFileSync, rmSync} from "node:fs";
import {after, before, test} from "node:test";
import {drawCircle, INK, limn, MODEL, openBrowser, openPage, serve, shareOfColour, touchCircle, until, work} from "./harness.mjs";

const models = process.env.STUDIO_SERVED.split("\n");
const TABS = ["draw", "variations", "morph", "latent", "steps", "training"];
const shots = process.env.STUDIO_SCREENSHOTS;
let studio, browser;

before(async () => {
  rmSync(`${work}/runs`, {recursive: true, force: true});
  mkdirSync(`${work}/runs`);
  studio = await serve(...models, "--runs", process.env.STUDIO_RUNS ?? "runs");
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  const time = await studio?.stop();
  if (time) console.log(`limn serve stopped ${time.toFixed(0)} ms after Ctrl-C`);
  assert.ok(time < 1000, `stopping took ${time} ms`);
});

// Runs `body` on a page of a tab; fails for any console error and any request to another host.
function onTab(name, tab, body, options) {
  test(name, async () => {
    const {page, context, problems} = await openPage(browser, studio.address, tab, options);
    page.setDefaultTimeout(20_000);
    try {
      await body(page);
      assert.deepEqual(problems, []);
    } finally {
      await context.close();
    }
  });
}

const paper = (page, number = 0) => page.locator("canvas[role=application]").nth(number);
const endings = (page) => page.locator(".endings .thumb:not(.pending)");

onTab("the model continues where the mouse lifts", "draw", async (page) => {
  await drawCircle(page, paper(page));
  await page.getByText("First stroke after").waitFor();
  assert.equal(await page.locator(".endings .thumb").count(), 6);
  await page.waitForTimeout(1500);
  assert.ok(await shareOfColour(paper(page), INK) > 0.0005, "the hand's stroke is not there");
  assert.ok(await shareOfColour(paper(page), MODEL) > 0.0005, "the model's strokes are not there");
  console.log(`first stroke on the page ${await page.evaluate(() => document.documentElement.dataset.firstStrokeMs)} ms after the pen lifted`);
  await endings(page).nth(1).click();
  await page.keyboard.press("Enter");
  await page.getByText("Kept. Draw on.").waitFor();
  assert.ok(await shareOfColour(paper(page), MODEL) > 0.0005);
});

onTab("a finger draws, on a phone", "draw", async (page) => {
  await touchCircle(page, paper(page));
  await page.getByText("First stroke after").waitFor();
  assert.ok(await shareOfColour(paper(page), INK) > 0.0005);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} px too wide`);
}, {viewport: {width: 390, height: 844}, hasTouch: true, isMobile: true});

onTab("undo, redo and clear", "draw", async (page) => {
  await page.getByLabel("Go on when the pen lifts").uncheck();
  await drawCircle(page, paper(page));
  await drawCircle(page, paper(page), [0.7, 0.5, 0.1]);
  await page.waitForTimeout(100);
  const both = await shareOfColour(paper(page), INK);
  await page.keyboard.press("Control+z");
  await page.waitForTimeout(100);
  const one = await shareOfColour(paper(page), INK);
  assert.ok(one > 0 && one < both);
  await page.getByRole("button", {name: "Redo"}).click();
  await page.waitForTimeout(100);
  assert.equal(await shareOfColour(paper(page), INK), both);
  await page.getByRole("button", {name: "Clear"}).click();
  await page.waitForTimeout(100);
  assert.equal(await shareOfColour(paper(page), INK), 0);
  await page.getByRole("button", {name: "Undo"}).click();
  await page.waitForTimeout(100);
  assert.equal(await shareOfColour(paper(page), INK), both);
});

onTab("the keyboard draws and moves between tabs", "draw", async (page) => {
  await paper(page).focus();
  await page.keyboard.press("Space");
  for (const key of ["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"]) {
    for (let i = 0; i < 5; i++) await page.keyboard.press(key);
  }
  await page.keyboard.press("Space");
  await page.getByText("First stroke after").waitFor();
  assert.ok(await shareOfColour(paper(page), INK) > 0.0002);
  await page.getByRole("tab", {name: "Draw together"}).focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Variations");
});

onTab("another model draws when it is chosen", "draw", async (page) => {
  await drawCircle(page, paper(page));
  await page.getByText("First stroke after").waitFor();
  const [, second] = await page.getByLabel("Model", { exact: true }).locator("option").allTextContents();
  const asked = page.waitForRequest((request) => request.url().includes("/completions"));
  await page.getByLabel("Model", { exact: true }).selectOption({label: second});
  assert.ok((await asked).url().includes(second.replaceAll(" ", "-").toLowerCase()));
  await page.getByText("First stroke after").waitFor();
});

onTab("a drawing is saved as SVG, and in a data set", "draw", async (page) => {
  await drawCircle(page, paper(page));
  await page.getByText("First stroke after").waitFor();
  for (const [label, check] of [
    ["SVG", (text) => assert.ok((text.toString().match(/<path/g) ?? []).length >= 2)],
    ["PNG", (bytes) => assert.equal(bytes.toString("latin1", 1, 4), "PNG")],
    ["GIF", (bytes) => assert.equal(bytes.toString("latin1", 0, 3), "GIF")],
    ["JSON", (text) => assert.ok(JSON.parse(text)[0].length >= 2)],
    ["G-code", (text) => assert.match(text.toString(), /G21/)],
  ]) {
    await page.locator("summary", {hasText: "Save"}).click();
    const coming = page.waitForEvent("download");
    await page.locator(".menu-items button", {hasText: label}).first().click();
    const path = await (await coming).path();
    check(readFileSync(path));
    if (label === "SVG") {
      // Parsed elsewhere: the studio's own policy lets no text become a document.
      const blank = await browser.newPage();
      assert.equal(await blank.evaluate((text) => new DOMParser().parseFromString(text, "image/svg+xml").documentElement.localName,
        readFileSync(path, "utf8")), "svg");
      await blank.close();
    }
  }
  await page.locator("summary", {hasText: "Save"}).click();
  await page.getByText("Add to data set").click();
  await page.locator("summary", {hasText: "Save"}).click();
  const coming = page.waitForEvent("download");
  await page.locator(".menu-items button", {hasText: ".ndjson"}).click();
  assert.ok(JSON.parse(readFileSync(await (await coming).path(), "utf8")).drawing.length >= 1);
});

onTab("a drawing is drawn again at several temperatures", "variations", async (page) => {
  await drawCircle(page, paper(page), [0.5, 0.5, 0.3]);
  await until(async () => await page.locator(".rows .thumb:not(.pending)").count() === 16);
  await page.locator(".rows .thumb").nth(5).click();
  await page.getByRole("button", {name: "Take over"}).click();
});

onTab("two drawings become one another", "morph", async (page) => {
  await drawCircle(page, paper(page, 0), [0.5, 0.5, 0.3]);
  await drawCircle(page, paper(page, 1), [0.3, 0.2, 0.05]);
  await drawCircle(page, paper(page, 1), [0.5, 0.8, 0.2]);
  await page.getByText("Move the slider, or play.").waitFor();
  const picture = page.locator(".between-paper svg");
  const seen = new Set();
  for (const place of [0, 12, 24]) {
    await page.getByLabel("Between the two drawings").fill(String(place));
    seen.add(await picture.innerHTML());
  }
  assert.ok(seen.size >= 2, "the slider changes nothing");
  await page.getByRole("button", {name: "Play"}).click();
  await page.waitForTimeout(400);
  await page.getByRole("button", {name: "Pause"}).click();
});

onTab("the picture follows the pointer over the latent map", "latent", async (page) => {
  const map = page.getByLabel("Map of the latent plane");
  const box = await map.boundingBox();
  const shown = () => page.locator(".picture-paper canvas").evaluate((node) => Number(node.dataset.shown ?? 0));
  await page.waitForTimeout(500);
  const [before, start] = [await shown(), performance.now()];
  for (let i = 0; i < 90; i++) {
    await page.mouse.move(box.x + box.width * (0.1 + 0.8 * i / 90), box.y + box.height * (0.5 + 0.3 * Math.sin(i / 9)));
    await page.waitForTimeout(12);
  }
  const rate = (await shown() - before) / ((performance.now() - start) / 1000);
  console.log(`the latent map showed ${rate.toFixed(0)} pictures a second`);
  assert.ok(rate > 5, `${rate} pictures a second`);
  const names = await page.getByLabel("Model", { exact: true }).locator("option").allTextContents();
  if (names.length < 2) return;
  await page.getByLabel("Model", { exact: true }).selectOption({index: 1});
  const before2 = await shown();
  await page.getByRole("slider").first().fill("2");
  await until(async () => await shown() > before2);
});

onTab("DRAW plays, pauses and is scrubbed", "steps", async (page) => {
  await page.getByText(/Step [2-9]/).waitFor();
  const pause = page.getByRole("button", {name: "Pause"});
  if (await pause.count()) await pause.click();
  await page.getByRole("slider", {name: "Step"}).fill("1");
  await page.getByText("Step 1 of").waitFor();
  await page.getByRole("button", {name: "Play"}).click();
  await page.getByText(/Step [2-9]/).waitFor();
  const coming = page.waitForEvent("download");
  await page.getByRole("button", {name: "GIF"}).click();
  assert.equal(readFileSync(await (await coming).path()).toString("latin1", 0, 3), "GIF");
});

onTab("a run shows while it trains, is stopped and continues", "training", async (page) => {
  if (process.env.STUDIO_RUNS) return;
  const train = (steps, ...more) => spawn(limn, ["train", "sketch-rnn", "--out", "runs/live", "--steps", String(steps), "--batch-size", "10",
    "--set", "enc_rnn_size=24", "--set", "dec_rnn_size=32", "--set", "log_every=5", "--save-every", "10", "--sample-every", "50",
    "--valid-every", "50", "--quiet", ...more], {cwd: work, stdio: "ignore"});
  const step = async () => Number((await page.locator(".figures dd").first().textContent()).split("/")[0]);
  let trainer = train(100000);
  try {
    await page.getByText("live", {exact: true}).first().waitFor();
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

test("a studio with a token asks for it", async () => {
  const guarded = await serve(models[0], "--token");
  try {
    const {page, context} = await openPage(browser, guarded.address);
    assert.equal(new URL(page.url()).hash, "#draw");  // the token has left the address
    await context.close();
    const other = await browser.newPage();
    await other.goto(new URL(guarded.address).origin);
    await other.getByLabel("Token").fill("wrong");
    await other.getByRole("button", {name: "Open"}).click();
    await other.getByLabel("Token").fill(new URL(guarded.address).hash.slice("#token=".length));
    await other.getByRole("button", {name: "Open"}).click();
    await other.getByRole("tabpanel").waitFor();
    await other.close();
  } finally {
    await guarded.stop();
  }
});

const axe = readFileSync(`${work}/node_modules/axe-core/axe.min.js`, "utf8");
for (const [name, options] of [
  ["desktop", {}], ["dark", {colorScheme: "dark"}],
  ["phone", {viewport: {width: 390, height: 844}, deviceScaleFactor: 2, isMobile: true, hasTouch: true}],
]) {
  // bypassCSP lets the checker in; it changes nothing of the page.
  onTab(`every tab is accessible, ${name}`, "draw", async (page) => {
    await page.evaluate(axe);
    for (const tab of TABS) {
      await page.locator(`#tab-${tab}`).click();
      const papers = page.locator(".paper canvas[role=application]:not(.picture)");
      for (let i = 0; i < await papers.count(); i++) await drawCircle(page, papers.nth(i), [0.45 + 0.1 * i, 0.5, 0.2]);
      await page.waitForTimeout(tab === "draw" ? 2200 : 1500);
      if (shots) await page.screenshot({path: `${shots}/${tab}-${name}.png`});
      const {violations} = await page.evaluate(() => window.axe.run(document, {resultTypes: ["violations"]}));
      const serious = violations.filter(({impact}) => ["serious", "critical"].includes(impact))
        .map(({id, help, nodes}) => `${id}: ${help} (${nodes.map((node) => node.html.slice(0, 120)).join(" | ")})`);
      assert.deepEqual(serious, [], tab);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${tab} is ${overflow} px too wide`);
    }
  }, {...options, bypassCSP: true});
}
