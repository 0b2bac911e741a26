// The studio and the browser that all tests of the page share, and how a test is made.
import assert from "node:assert/strict";
import {mkdirSync, rmSync} from "node:fs";
import {after, before, test} from "node:test";
import {openBrowser, openPage, serve, work} from "./harness.mjs";

export const models = process.env.STUDIO_SERVED.split("\n");
export const shared = {studio: null, browser: null};

before(async () => {
  if (!process.env.STUDIO_RUNS) {
    rmSync(`${work}/runs`, {recursive: true, force: true});
    mkdirSync(`${work}/runs`);
  }
  shared.studio = await serve(...models, "--runs", process.env.STUDIO_RUNS ?? "runs");
  shared.browser = await openBrowser();
});
after(async () => {
  await shared.browser?.close();
  const time = await shared.studio?.stop();
  if (time) console.log(`limn serve stopped ${time.toFixed(0)} ms after Ctrl-C`);
  assert.ok(time < 1000, `stopping took ${time} ms`);
});

// Runs `body` on a page of a tab; fails for any console error and any request to another host.
export function onTab(name, tab, body, options) {
  test(name, async () => {
    const {page, context, problems} = await openPage(shared.browser, shared.studio.address, tab, options);
    try {
      await body(page);
      assert.deepEqual(problems, []);
    } finally {
      await context.close();
    }
  });
}
