// Each tab, on three screens in both themes: accessible, not too wide; STUDIO_SCREENSHOTS=DIR leaves pictures there.
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {onTab} from "./fixture.mjs";
import {drawCircle, LANDSCAPE, PHONE, work} from "./harness.mjs";

const TABS = ["draw", "variations", "morph", "latent", "glimpses", "training"];
const shots = process.env.STUDIO_SCREENSHOTS;
const axe = readFileSync(`${work}/node_modules/axe-core/axe.min.js`, "utf8");

for (const [name, options] of [["desktop", {}], ["phone", PHONE], ["landscape", LANDSCAPE]]) {
  for (const colorScheme of ["light", "dark"]) {
    // bypassCSP lets the checker in; it changes nothing of the page.
    onTab(`every tab is accessible, ${name}, ${colorScheme}`, "draw", async (page) => {
      await page.evaluate(axe);
      for (const tab of TABS) {
        await page.locator(`#tab-${tab}`).click();
        const papers = page.locator(".paper canvas[role=application]:not(.picture)");
        const count = tab === "variations" ? 0 : await papers.count();
        for (let i = 0; i < count; i++) await drawCircle(page, papers.nth(i), [0.45 + 0.1 * i, 0.45, 0.2]);
        await page.waitForTimeout(tab === "draw" ? 2500 : 1500);
        if (shots) await page.screenshot({path: `${shots}/${tab}-${name}-${colorScheme}.png`});
        const {violations} = await page.evaluate(() => window.axe.run(document, {resultTypes: ["violations"]}));
        const serious = violations.filter(({impact}) => ["serious", "critical"].includes(impact))
          .map(({id, help, nodes}) => `${id}: ${help} (${nodes.map((node) => node.html.slice(0, 120)).join(" | ")})`);
        assert.deepEqual(serious, [], tab);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(overflow <= 0, `${tab} is ${overflow} px too wide`);
      }
    }, {...options, colorScheme, bypassCSP: true});
  }
}
