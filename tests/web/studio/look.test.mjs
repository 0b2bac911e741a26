// Each tab, on three screens in both themes: accessible, not too wide; STUDIO_SCREENSHOTS=DIR leaves pictures there.
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {onExport, onTab} from "./fixture.mjs";
import {drawCircle, LANDSCAPE, PHONE, until, work} from "./harness.mjs";

const shots = process.env.STUDIO_SCREENSHOTS;
const axe = readFileSync(`${work}/node_modules/axe-core/axe.min.js`, "utf8");

// When a tab shows what it has to show.
const SETTLED = {
  draw: (page) => page.getByText(/Choose an ending|finds it finished/).waitFor({state: "attached"}),
  variations: (page) => until(async () => await page.locator(".rows .thumb").count() >= 8),
  morph: (page) => until(async () => await page.locator(".between-paper svg").count() > 0 && await page.getByText("The model looks for").count() === 0),
  latent: (page) => until(() => page.locator(".picture-paper canvas").evaluate((node) => Number(node.dataset.shown ?? 0) > 0)),
  glimpses: (page) => page.getByText(/Step [2-9]/).waitFor({state: "attached"}),
  training: (page) => page.locator(".example, .run-list").first().waitFor(),
};

async function look(page, name) {
  await page.evaluate(axe);
  for (const [tab, settled] of Object.entries(SETTLED)) {
    await page.locator(`#tab-${tab}`).click();
    const papers = page.locator(".paper canvas[role=application]:not(.picture)");
    const count = tab === "variations" ? 0 : await papers.count();
    for (let i = 0; i < count; i++) await drawCircle(page, papers.nth(i), [0.45 + 0.1 * i, 0.45, 0.2]);
    await settled(page);
    // Pictures are of what stands when everything has faded in.
    if (shots) await page.waitForTimeout(1500);
    if (shots) await page.screenshot({path: `${shots}/${tab}-${name}.png`});
    const {violations} = await page.evaluate(() => window.axe.run(document, {resultTypes: ["violations"]}));
    const serious = violations.filter(({impact}) => ["serious", "critical"].includes(impact))
      .map(({id, help, nodes}) => `${id}: ${help} (${nodes.map((node) => node.html.slice(0, 120)).join(" | ")})`);
    assert.deepEqual(serious, [], tab);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${tab} is ${overflow} px too wide`);
  }
}

// bypassCSP lets the checker in; it changes nothing of the page.
for (const [name, options] of [["desktop", {}], ["phone", PHONE], ["landscape", LANDSCAPE]]) {
  for (const colorScheme of ["light", "dark"]) {
    onTab(`every tab is accessible, ${name}, ${colorScheme}`, "draw", (page) => look(page, `${name}-${colorScheme}`), {...options, colorScheme, bypassCSP: true});
  }
}
for (const [name, options] of [["desktop", {colorScheme: "light"}], ["phone", {...PHONE, colorScheme: "dark"}]]) {
  onExport(`every tab is accessible, ${name}`, "draw", (page) => look(page, `exported-${name}`), {...options, bypassCSP: true});
}
