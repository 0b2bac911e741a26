// The latent map: places that stay, paths, pictures of a useful size.
import assert from "node:assert/strict";
import {onTab, shared} from "./fixture.mjs";
import {INK, PHONE, pictureOf, saved, until} from "./harness.mjs";

const mapOf = (page) => page.getByLabel("Map of the latent plane");
const caption = (page) => page.locator(".two .caption").textContent();
const shown = (page) => page.locator(".picture-paper canvas").evaluate((node) => Number(node.dataset.shown ?? 0));

onTab("the picture follows the pointer over the latent map", "latent", async (page) => {
  const box = await mapOf(page).boundingBox();
  await page.waitForTimeout(800);
  const before = await shown(page);
  // A pointer that moves 125 times a second for two seconds, without the driver's own delays.
  const seconds = await mapOf(page).evaluate(async (node) => {
    const {left, top, width, height} = node.getBoundingClientRect();
    const start = performance.now();
    for (let i = 0; performance.now() - start < 2000; i++) {
      node.dispatchEvent(new PointerEvent("pointermove", {pointerId: 1, pointerType: "mouse",
        clientX: left + width * (0.5 + 0.4 * Math.sin(i / 40)), clientY: top + height * (0.5 + 0.3 * Math.sin(i / 9))}));
      await new Promise((resolve) => { setTimeout(resolve, 8); });
    }
    return (performance.now() - start) / 1000;
  });
  const rate = (await shown(page) - before) / seconds;
  console.log(`the latent map showed ${rate.toFixed(0)} pictures per second`);
  assert.ok(rate > 8, `${rate} pictures per second`);
  await page.locator(".tile[data-id]").nth(1).click();
  const before2 = await shown(page);
  await page.getByRole("slider").first().fill("2");
  await until(async () => await shown(page) > before2);
});

onTab("a click pins a place, Escape lets it go; a drag records a path", "latent", async (page) => {
  const box = await mapOf(page).boundingBox();
  const to = (x, y) => page.mouse.move(box.x + x * box.width, box.y + y * box.height);
  await page.waitForTimeout(600);
  assert.doesNotMatch(await caption(page), /z = \(0\.00, -?0\.00\)/, "it begins in the blurred middle");
  await to(0.3, 0.3);
  await page.mouse.down();
  await page.mouse.up();
  await page.getByText("Pinned").waitFor();
  const place = (await caption(page)).split(")")[0];
  await to(0.8, 0.6);
  await page.mouse.move(box.x + box.width + 200, box.y + 10);
  await page.waitForTimeout(300);
  assert.equal((await caption(page)).split(")")[0], place, "the place moved on the way to Save");
  const {bytes} = await saved(page, () => page.getByRole("button", {name: "PNG"}).click());
  const {width, height} = await pictureOf(shared.browser, bytes, "image/png", [INK]);
  assert.ok(Math.min(width, height) >= 500, `${width} × ${height}`);

  await page.keyboard.press("Escape");
  await to(0.7, 0.7);
  await until(async () => (await caption(page)).split(")")[0] !== place);
  assert.equal(await page.getByRole("button", {name: "GIF"}).isDisabled(), true);
  await to(0.2, 0.2);
  await page.mouse.down();
  for (let i = 0; i <= 10; i++) await to(0.2 + 0.05 * i, 0.2 + 0.03 * i);
  await page.mouse.up();
  await page.getByText("A path is recorded").waitFor();
  const gif = (await saved(page, () => page.getByRole("button", {name: "GIF"}).click())).bytes;
  assert.equal(gif.toString("latin1", 0, 6), "GIF89a");
  assert.ok(gif.length > 5000);
});

onTab("a tap pins a place, on a phone", "latent", async (page) => {
  const box = await mapOf(page).boundingBox();
  await page.waitForTimeout(600);
  const before = await caption(page);
  await page.touchscreen.tap(box.x + box.width * 0.75, box.y + box.height * 0.25);
  await page.getByText("Pinned").waitFor();
  assert.notEqual(await caption(page), before);
  assert.match(await caption(page), /z = \(1\.5\d?, 1\.5\d?\)|z = \(1\.4\d, 1\.[45]\d\)/);
}, PHONE);
