// Files that are saved, pictures that are copied, drawings that are collected.
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {writeFileSync} from "node:fs";
import {onTab, shared} from "./fixture.mjs";
import {choosing, drawCircle, fromMenu, INK, keptStrokes, LANDSCAPE, limn, MODEL, paper, PHONE, pictureOf, saved, until, work} from "./harness.mjs";

async function drawAndKeep(page) {
  await drawCircle(page, paper(page), [0.4, 0.5, 0.2]);
  await choosing(page);
  await page.waitForTimeout(700);
  await page.keyboard.press("Enter");
  await until(async () => (await keptStrokes(page)).some(({by}) => by === "model"));
}

onTab("every saved picture has two colours, and JSON says who drew what", "draw", async (page) => {
  await drawAndKeep(page);
  const strokes = await keptStrokes(page);
  const svg = (await saved(page, () => fromMenu(page, "SVG"))).bytes;
  assert.match(svg.toString(), /stroke="#1a1a1e"/);
  assert.match(svg.toString(), /stroke="#c24e00"/);
  for (const [label, type] of [["PNG", "image/png"], ["GIF", "image/gif"]]) {
    const {bytes} = await saved(page, () => fromMenu(page, label));
    // The first frame of a GIF is the beginning alone; the last is what stands at its end.
    if (label === "GIF") {
      assert.equal(bytes.toString("latin1", 0, 6), "GIF89a");
      const colours = new Set();
      for (let i = 13; i < 13 + 3 * 64; i += 3) colours.add([...bytes.subarray(i, i + 3)].join());
      assert.ok(colours.has("26,26,30") && colours.has("194,78,0"), "the palette lacks an ink");
      execFileSync("python3", ["-c", GIF_CHECK], {input: bytes});
    } else {
      const {shares, width, height} = await pictureOf(shared.browser, bytes, type, [INK, MODEL]);
      assert.ok(shares[0] > 0.001 && shares[1] > 0.0003, `${label}: ${shares}`);
      assert.ok(Math.max(width, height) >= 1000);
    }
  }
  const json = (await saved(page, () => fromMenu(page, "JSON"))).bytes;
  assert.deepEqual(JSON.parse(json)[0].by, strokes.map(({by}) => by));
  for (const [ending, bytes] of [["json", json], ["svg", svg]]) {
    writeFileSync(`${work}/saved-${process.pid}.${ending}`, bytes);
    const told = execFileSync(limn, ["data", "info", `saved-${process.pid}.${ending}`], {cwd: work, stdio: ["ignore", "pipe", "ignore"]}).toString();
    assert.match(told, /1/, told);
  }
  const gcode = (await saved(page, () => fromMenu(page, "G-code"))).bytes.toString();
  assert.match(gcode, /G21/);
});

// Walks through the blocks of a GIF and unpacks each frame, without any library: the file must end where it says.
const GIF_CHECK = `
import sys
data = sys.stdin.buffer.read()
width, height = data[6] | data[7] << 8, data[8] | data[9] << 8
at, frames = 13 + 3 * 2 ** ((data[10] & 7) + 1), 0
while data[at] != 0x3b:
    if data[at] == 0x21:
        at += 2
        while data[at]: at += data[at] + 1
        at += 1
        continue
    assert data[at] == 0x2c
    w, h = data[at + 5] | data[at + 6] << 8, data[at + 7] | data[at + 8] << 8
    at += 10
    bits, at = data[at], at + 1
    packed = bytearray()
    while data[at]:
        packed += data[at + 1:at + 1 + data[at]]
        at += data[at] + 1
    at += 1
    clear = 1 << bits
    value, count, size, pixels, before, table = 0, 0, bits + 1, 0, 0, []
    ended = False
    for byte in packed:
        value |= byte << count
        count += 8
        while count >= size and not ended:
            code = value & ((1 << size) - 1)
            value >>= size
            count -= size
            if code == clear: table, size, before = [1] * clear + [0, 0], bits + 1, 0
            elif code == clear + 1: ended = True
            else:
                assert code <= len(table), (code, len(table))
                length = table[code] if code < len(table) else before + 1
                pixels += length
                if before and len(table) < 4096: table.append(before + 1)
                before = length
                if len(table) == 1 << size and size < 12: size += 1
    assert ended and pixels == w * h, (pixels, w, h)
    frames += 1
assert at == len(data) - 1 and frames > 5, frames
`;

onTab("the GIF of the drawing being made comes first", "draw", async (page) => {
  await drawAndKeep(page);
  await page.locator("summary", {hasText: "Save"}).click();
  assert.match(await page.locator(".menu-items button").first().textContent(), /GIF.*being drawn/);
});

onTab("the picture is copied", "draw", async (page) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await drawAndKeep(page);
  await fromMenu(page, "Copy picture");
  await page.getByText("The picture is copied.").waitFor();
  assert.deepEqual(await page.evaluate(async () => (await navigator.clipboard.read())[0].types), ["image/png"]);
});

onTab("the system's share sheet gets the GIF and the link", "draw", async (page) => {
  await page.evaluate(() => {
    navigator.canShare = ({files}) => files.length === 1;
    navigator.share = async ({files, text}) => {
      document.body.dataset.shared = JSON.stringify({name: files[0].name, type: files[0].type, size: files[0].size, text});
    };
  });
  await drawAndKeep(page);
  await fromMenu(page, "Share");
  await until(() => page.evaluate(() => Boolean(document.body.dataset.shared)));
  const given = JSON.parse(await page.evaluate(() => document.body.dataset.shared));
  assert.equal(given.type, "image/gif");
  assert.ok(given.size > 1000);
  assert.match(given.text, /#draw&d=/);
});

onTab("where the browser copies nothing, files and a field take its place", "draw", async (page) => {
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", {value: undefined}));
  await drawAndKeep(page);
  const {bytes} = await saved(page, () => fromMenu(page, "Copy picture"));
  assert.equal(bytes.toString("latin1", 1, 4), "PNG");
  await fromMenu(page, "Copy link");
  assert.match(await page.getByLabel("Link to this drawing").inputValue(), /#draw&d=/);
});

onTab("a data set has one line a drawing, its own word, and simplified strokes", "draw", async (page) => {
  await page.getByLabel("Continue when the pen lifts").uncheck();
  const names = await page.locator(".tile[data-id] span").allTextContents();
  for (const i of [0, 1]) {
    await page.locator(".tile[data-id]").nth(i).click();
    if (i > 0) await page.getByRole("button", {name: "Clear"}).click();
    const box = await paper(page).boundingBox();
    await page.mouse.move(box.x + 100, box.y + 100);
    await page.mouse.down();
    const right = Array.from({length: 120}, (_, k) => [box.x + 100 + (400 * (k + 1)) / 120, box.y + 100]);
    const down = Array.from({length: 60}, (_, k) => [box.x + 500, box.y + 100 + (300 * (k + 1)) / 60]);
    await Promise.all([...right, ...down].map((point) => page.mouse.move(...point)));
    await page.mouse.up();
    await fromMenu(page, "Add to data set");
  }
  await page.locator(".tile[data-id]").nth(2).click();
  const {bytes} = await saved(page, () => fromMenu(page, "Save data set", 1));
  const lines = bytes.toString().split("\n");
  assert.equal(lines.pop(), "");
  const records = lines.map((text) => JSON.parse(text));
  assert.deepEqual(records.map(({word}) => word), [names[0], names[1]]);
  for (const {drawing} of records) assert.ok(drawing[0][0].length <= 4, `${drawing[0][0].length} points for an L`);
  const npz = await saved(page, () => fromMenu(page, "Save data set", 0));
  assert.equal(npz.bytes.toString("latin1", 0, 2), "PK");
});

for (const [name, options] of [["desktop", {}], ["phone", PHONE], ["landscape", LANDSCAPE]]) {
  onTab(`the Save menu lies on the screen and all of it can be reached, ${name}`, "draw", async (page) => {
    const {width, height} = page.viewportSize();
    await drawCircle(page, paper(page), [0.5, 0.35, 0.15]);
    for (const tab of ["draw", "variations", "morph"]) {
      await page.locator(`#tab-${tab}`).click();
      await page.locator("summary", {hasText: "Save"}).click();
      const menu = page.locator(".menu-items");
      const box = await menu.boundingBox();
      assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height, `${tab}: ${JSON.stringify(box)}`);
      const last = menu.locator("button").last();
      await last.scrollIntoViewIfNeeded();
      const place = await last.boundingBox();
      assert.ok(place.y + place.height <= height, `${tab}: the last line cannot be reached`);
      const summary = await page.locator("summary", {hasText: "Save"}).boundingBox();
      assert.ok(summary.x > width / 2 && summary.y < 60, "Save is not at the top right");
      await page.keyboard.press("Escape");
      assert.equal(await menu.isVisible(), false);
    }
  }, options);
}
