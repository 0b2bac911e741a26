// The studio and the browser that the tests of one file share, and how a test is made. Each file has a process of its own
// and may run beside others.
import assert from "node:assert/strict";
import {existsSync, mkdirSync, rmSync} from "node:fs";
import {after, beforeEach, test} from "node:test";
import {hostFiles, openBrowser, openPage, serve, work} from "./harness.mjs";

export const models = process.env.STUDIO_SERVED.split("\n");
export const shared = {studio: null, browser: null, host: null};
export const runs = process.env.STUDIO_RUNS ?? `runs-${process.pid}`;
export const site = `${work}/site`;   // run.sh's export of the same models

// Started by the first test that runs: a filter may leave none of this file.
let starting = null;
const start = () => (starting ??= (async () => {
  if (!process.env.STUDIO_RUNS) mkdirSync(`${work}/${runs}`);
  [shared.studio, shared.browser] = await Promise.all([serve(...models, "--runs", runs), openBrowser()]);
})());
beforeEach(start);
after(async () => {
  await shared.browser?.close();
  await shared.host?.stop();
  const time = await shared.studio?.stop();
  if (!process.env.STUDIO_RUNS) rmSync(`${work}/${runs}`, {recursive: true, force: true});
  if (time) console.log(`limn serve stopped ${time.toFixed(0)} ms after Ctrl-C`);
  assert.ok(!time || time < 1000, `stopping took ${time} ms`);
});

// Runs `body` on a page of a tab; fails for any console error and any request to another host.
export function onTab(name, tab, body, options) {
  test(name, () => withPage(shared.studio.address, tab, body, options));
}

// The same on the exported studio, which a plain host serves. Skipped where run.sh has no WebAssembly module.
export const noExport = existsSync(`${site}/index.html`) ? false : "there is no build/wasm/limn-studio.wasm; scripts/build-wasm.sh makes it";
export function onExport(name, tab, body, options) {
  test(`exported: ${name}`, {skip: noExport}, async () => {
    shared.host ??= await hostFiles(site);
    await withPage(shared.host.address, tab, body, options);
  });
}

async function withPage(address, tab, body, options) {
  const {page, context, problems} = await openPage(shared.browser, address, tab, options);
  try {
    await body(page, problems);
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
  }
}
