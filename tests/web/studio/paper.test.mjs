// The paper: pens, fingers, palms, keys, eraser, zoom.
import assert from "node:assert/strict";
import {onTab} from "./fixture.mjs";
import {choosing, drawCircle, endings, fingers, INK, keptStrokes, LANDSCAPE, paper, penStroke, PHONE, shareOfColour, until} from "./harness.mjs";

const line = (box, [x0, y0], [x1, y1], count = 20) => Array.from({length: count}, (_, i) => [
  box.x + box.width * (x0 + ((x1 - x0) * i) / (count - 1)), box.y + box.height * (y0 + ((y1 - y0) * i) / (count - 1))]);

onTab("a pen's pressure is the width of its line", "draw", async (page) => {
  await page.getByLabel("Continue when the pen lifts").uncheck();
  const box = await paper(page).boundingBox();
  const points = line(box, [0.3, 0.3], [0.7, 0.3]);
  await penStroke(page, points, points.map((_, i) => (i < 10 ? 0.1 : 0.95)));
  await until(async () => (await keptStrokes(page)).length === 1);
  const [{widths}] = await keptStrokes(page);
  assert.ok(widths.at(-1) > 2 * widths[5], `widths ${widths}`);
});

onTab("a quick line of the mouse is thinner than a slow one", "draw", async (page) => {
  await page.getByLabel("Continue when the pen lifts").uncheck();
  const box = await paper(page).boundingBox();
  for (const [y, pause] of [[0.3, 0], [0.6, 40]]) {
    const points = line(box, [0.2, y], [0.8, y], 16);
    await page.mouse.move(...points[0]);
    await page.mouse.down();
    // However busy the machine is: the quick one leaves in one go.
    if (pause === 0) await Promise.all(points.slice(1).map((point) => page.mouse.move(...point)));
    else for (const point of points.slice(1)) {
      await page.mouse.move(...point);
      await page.waitForTimeout(pause);
    }
    await page.mouse.up();
  }
  await until(async () => (await keptStrokes(page)).length === 2);
  const [quick, slow] = (await keptStrokes(page)).map(({widths}) => widths.slice(5).reduce((sum, w) => sum + w, 0) / (widths.length - 5));
  assert.ok(quick < slow, `${quick} and ${slow}`);
});

onTab("two fingers zoom and leave no stroke", "draw", async (page) => {
  const box = await paper(page).boundingBox();
  const send = await fingers(page);
  const [x, y] = [box.x + box.width / 2, box.y + box.height * 0.35];
  await send("touchStart", [{x: x - 30, y, id: 1}]);
  await send("touchMove", [{x: x - 32, y, id: 1}]);
  await send("touchStart", [{x: x - 32, y, id: 1}, {x: x + 30, y, id: 2}]);
  for (let i = 1; i <= 8; i++) await send("touchMove", [{x: x - 30 - 8 * i, y, id: 1}, {x: x + 30 + 8 * i, y, id: 2}]);
  await send("touchEnd", [{x: x - 94, y, id: 1}]);
  await send("touchMove", [{x: x - 60, y: y + 40, id: 1}]);
  await send("touchEnd", []);
  await page.waitForTimeout(300);
  assert.equal((await keptStrokes(page)).length, 0);
  assert.equal(await endings(page).count(), 0);
  await page.getByRole("button", {name: "Show all"}).waitFor();   // there while the paper is zoomed
}, PHONE);

onTab("a palm beside a pen draws nothing", "draw", async (page) => {
  await page.getByLabel("Continue when the pen lifts").uncheck();
  const box = await paper(page).boundingBox();
  const send = await fingers(page);
  const palm = line(box, [0.6, 0.8], [0.7, 0.8], 6);
  await penStroke(page, line(box, [0.3, 0.3], [0.6, 0.3]), Array(20).fill(0.5));
  await send("touchStart", [{x: palm[0][0], y: palm[0][1]}]);
  for (const [x, y] of palm) await send("touchMove", [{x, y}]);
  await send("touchEnd", []);
  await page.waitForTimeout(200);
  assert.equal((await keptStrokes(page)).length, 1);
}, {hasTouch: true});

onTab("a paper that changes its size under the pen does not bend the line", "draw", async (page) => {
  await page.getByLabel("Continue when the pen lifts").uncheck();
  const box = await paper(page).boundingBox();
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + 150, y);
  await page.mouse.down();
  for (let i = 0; i <= 10; i++) await page.mouse.move(box.x + 150 + 10 * i, y);
  await page.setViewportSize({width: 1100, height: 700});
  await page.waitForTimeout(300);
  for (let i = 11; i <= 20; i++) await page.mouse.move(box.x + 150 + 10 * i, y);
  await page.mouse.up();
  await until(async () => (await keptStrokes(page)).length === 1);
  const [{points}] = await keptStrokes(page);
  const heights = points.map(([, py]) => py);
  assert.ok(Math.max(...heights) - Math.min(...heights) < 3, `the line goes from ${Math.min(...heights)} to ${Math.max(...heights)}`);
});

onTab("the eraser takes whole strokes, in one step of undo", "draw", async (page) => {
  await page.getByLabel("Continue when the pen lifts").uncheck();
  await drawCircle(page, paper(page), [0.3, 0.5, 0.12]);
  await drawCircle(page, paper(page), [0.7, 0.5, 0.12]);
  await until(async () => (await keptStrokes(page)).length === 2);
  await page.keyboard.press("e");
  assert.equal(await page.getByRole("button", {name: "Eraser"}).getAttribute("aria-pressed"), "true");
  const box = await paper(page).boundingBox();
  await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.5);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, box.y + box.height * 0.5, {steps: 30});
  await page.mouse.up();
  await until(async () => (await keptStrokes(page)).length === 1);
  await page.keyboard.press("Control+z");
  await until(async () => (await keptStrokes(page)).length === 2);
});

onTab("the wheel zooms around the pointer, and 0 shows all again", "draw", async (page) => {
  await page.getByLabel("Continue when the pen lifts").uncheck();
  await drawCircle(page, paper(page), [0.5, 0.5, 0.1]);
  await page.waitForTimeout(100);
  const before = await shareOfColour(paper(page), INK);
  const box = await paper(page).boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.wheel(0, -400);
  await until(async () => await shareOfColour(paper(page), INK) > 1.5 * before);
  // A stroke drawn now lies where the pointer was, in the paper's units.
  await drawCircle(page, paper(page), [0.5, 0.5, 0.1]);
  await until(async () => (await keptStrokes(page)).length === 2);
  const [one, two] = (await keptStrokes(page)).map(({points}) => Math.max(...points.map(([x]) => x)) - Math.min(...points.map(([x]) => x)));
  assert.ok(two < 0.8 * one);
  await page.keyboard.press("0");
  await until(async () => await page.getByRole("button", {name: "Show all"}).count() === 0);
});

onTab("the keyboard draws and moves between tabs", "draw", async (page) => {
  await paper(page).focus();
  await page.keyboard.press("Space");
  for (const key of ["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"]) {
    for (let i = 0; i < 5; i++) await page.keyboard.press(key);
  }
  await page.keyboard.press("Space");
  await choosing(page);
  await until(async () => await shareOfColour(paper(page), INK) > 0.0002);
  await page.getByRole("tab", {name: "Draw together"}).focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Variations");
});

onTab("help opens on ? and closes on Escape", "draw", async (page) => {
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("c");
  await page.keyboard.press("Escape");
  await until(async () => await page.getByRole("dialog").count() === 0);
});

// On a phone the paper is the page; all else lies over it, within the screen, and gives way to a pen.
for (const [name, options] of [["phone", PHONE], ["landscape", LANDSCAPE], ["desktop", {}]]) {
  onTab(`every button is on the screen, ${name}`, "draw", async (page) => {
    const {width, height} = page.viewportSize();
    const box = await paper(page).boundingBox();
    if (name !== "desktop") {
      assert.ok(box.height > height - 70 && box.width === width, `the paper is ${box.width} × ${box.height}`);
    }
    const send = await fingers(page).catch(() => null);
    const [x, y] = [box.x + box.width / 2 - 40, box.y + box.height / 3];
    if (name === "desktop") await drawCircle(page, paper(page));
    else {
      await send("touchStart", [{x, y}]);
      for (let i = 1; i < 12; i++) await send("touchMove", [{x: x + 6 * i, y: y + 20 * Math.sin(i)}]);
      await until(async () => await page.locator(".bar").evaluate((node) => Number(getComputedStyle(node).opacity)) < 0.5);
      await send("touchEnd", []);
    }
    await until(async () => await page.locator(".endings").evaluate((node) => node.classList.contains("filled")));
    const buttons = page.locator(".bar button, .actions button, .actions summary, .endings .thumb:first-child");
    const papers = await paper(page).boundingBox();
    for (let i = 0; i < await buttons.count(); i++) {
      if (!await buttons.nth(i).isVisible()) continue;
      const place = await buttons.nth(i).boundingBox();
      const label = await buttons.nth(i).evaluate((node) => node.getAttribute("aria-label") ?? node.textContent);
      assert.ok(place.x >= 0 && place.y >= 0 && place.x + place.width <= width + 0.5 && place.y + place.height <= height + 0.5, `${label}: ${JSON.stringify(place)}`);
      if (name === "desktop") assert.ok(place.y >= papers.y + papers.height || place.y + place.height <= papers.y || place.x >= papers.x + papers.width, `${label} lies over the paper`);
    }
  }, options);
}
