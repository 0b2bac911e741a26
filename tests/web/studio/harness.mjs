// What the tests share: limn serve on a free port, a browser that keeps note of what went wrong, a hand that draws.
import {spawn} from "node:child_process";
import {once} from "node:events";
import {chromium} from "playwright-core";

export const limn = process.env.STUDIO_LIMN;
export const work = process.env.STUDIO_WORK;

// Starts `limn serve …`; resolves to {address, stop}. stop() resolves to the milliseconds it took to end.
export async function serve(...args) {
  const child = spawn(limn, ["serve", ...args, "--port", "0"], {cwd: work, stdio: ["ignore", "pipe", "inherit"]});
  let address = "";
  for await (const chunk of child.stdout) {
    address += chunk;
    if (address.includes("\n")) break;
  }
  return {
    address: address.trim(),
    async stop() {
      const start = performance.now();
      child.kill("SIGINT");
      if (child.exitCode === null) await once(child, "exit");
      return performance.now() - start;
    },
  };
}

export function openBrowser() {
  return chromium.launch({executablePath: process.env.STUDIO_CHROMIUM, args: ["--no-sandbox", "--disable-gpu"]});
}

// A page on a tab of the studio. problems() lists console errors and requests to anywhere else.
export async function openPage(browser, address, tab, options = {}) {
  const context = await browser.newContext({viewport: {width: 1280, height: 800}, ...options});
  const page = await context.newPage();
  const problems = [];
  const origin = new URL(address).origin;
  page.on("console", (message) => { if (message.type() === "error") problems.push(message.text()); });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("blob:")) problems.push(`request to ${url}`);
  });
  await page.goto(tab ? `${origin}/#${tab}` : address);
  await page.getByRole("tabpanel").waitFor();
  return {page, context, problems};
}

// Asks until the answer is true. (Playwright's own waitForFunction needs the eval that the page's policy forbids.)
export async function until(ask, milliseconds = 20_000) {
  const end = performance.now() + milliseconds;
  while (!(await ask())) {
    if (performance.now() > end) throw new Error(`still not so after ${milliseconds} ms: ${ask}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// A circle around (x, y), shares of the canvas, with a radius in shares of its smaller side.
function circle(box, [x, y, radius]) {
  const side = Math.min(box.width, box.height);
  return Array.from({length: 25}, (_, i) => [
    box.x + x * box.width + radius * side * Math.cos((2 * Math.PI * i) / 24),
    box.y + y * box.height + radius * side * Math.sin((2 * Math.PI * i) / 24),
  ]);
}

export async function drawCircle(page, canvas, shape = [0.4, 0.5, 0.15]) {
  const [first, ...rest] = circle(await canvas.boundingBox(), shape);
  await page.mouse.move(...first);
  await page.mouse.down();
  for (const point of rest) await page.mouse.move(...point);
  await page.mouse.up();
}

export async function touchCircle(page, canvas, shape = [0.5, 0.5, 0.2]) {
  const session = await page.context().newCDPSession(page);
  const [first, ...rest] = circle(await canvas.boundingBox(), shape);
  const send = (type, points) => session.send("Input.dispatchTouchEvent", {type, touchPoints: points.map(([x, y]) => ({x, y}))});
  await send("touchStart", [first]);
  for (const point of rest) await send("touchMove", [point]);
  await send("touchEnd", []);
}

// Share of a canvas's pixels that are near a colour [r, g, b].
export function shareOfColour(canvas, colour) {
  return canvas.evaluate((node, [r, g, b]) => {
    const {data} = node.getContext("2d").getImageData(0, 0, node.width, node.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] > 128 && Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 60) count++;
    }
    return count / (data.length / 4);
  }, colour);
}
export const INK = [26, 26, 30];
export const MODEL = [194, 78, 0];
