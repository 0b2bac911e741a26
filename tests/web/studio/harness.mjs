// What the tests share: limn serve on a free port, a browser that keeps note of what went wrong, a hand that draws.
import {spawn} from "node:child_process";
import {once} from "node:events";
import {existsSync, readFileSync, statSync} from "node:fs";
import http from "node:http";
import {join} from "node:path";
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
    pid: child.pid,
    address: address.trim().split("\n").at(-1),   // this machine's own comes last
    addresses: address.trim().split("\n"),
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
  page.setDefaultTimeout(20_000);
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
  // The browser takes them in one frame or two, as of a mouse that is faster than the screen.
  await Promise.all(rest.map((point) => page.mouse.move(...point)));
  await page.mouse.up();
}

export async function touchCircle(page, canvas, shape = [0.5, 0.5, 0.2]) {
  const session = await page.context().newCDPSession(page);
  const [first, ...rest] = circle(await canvas.boundingBox(), shape);
  const send = (type, points) => session.send("Input.dispatchTouchEvent", {type, touchPoints: points.map(([x, y]) => ({x, y}))});
  await send("touchStart", [first]);
  await Promise.all(rest.map((point) => send("touchMove", [point])));
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
// Fingers and pens: `send(type, [{x, y, id}…])` with touchStart, touchMove, touchEnd.
export async function fingers(page) {
  const session = await page.context().newCDPSession(page);
  return (type, touchPoints) => session.send("Input.dispatchTouchEvent", {type, touchPoints});
}

// A stroke of a pen with its pressures, one a point.
export async function penStroke(page, points, pressures) {
  const session = await page.context().newCDPSession(page);
  const send = (type, [x, y], force) => session.send("Input.dispatchMouseEvent",
    {type, x, y, button: "left", buttons: type === "mouseReleased" ? 0 : 1, clickCount: 1, pointerType: "pen", force});
  await send("mousePressed", points[0], pressures[0]);
  for (let i = 1; i < points.length; i++) await send("mouseMoved", points[i], pressures[i]);
  await send("mouseReleased", points.at(-1), 0);
}

// The strokes that the page keeps: {by, points, widths}.
export function keptStrokes(page, key = "limn-drawing") {
  return page.evaluate((name) => JSON.parse(sessionStorage.getItem(name) ?? "[]"), key);
}

// An answer to a request for endings: each the strokes given, as the studio streams them.
export function endingsAnswer(endings) {
  const lines = [JSON.stringify({event: "start", endings: endings.length, seed: 5, given_points: 9})];
  endings.forEach((strokes, i) => {
    for (const points of strokes) {
      lines.push(JSON.stringify({event: "points", points: points.map(([x, y], k) => [i, x, y, k === points.length - 1 ? 1 : 0])}));
    }
    lines.push(JSON.stringify({event: "end", ending: i, finished: true}));
  });
  return {contentType: "application/x-ndjson", body: `${[...lines, JSON.stringify({event: "done"})].join("\n")}\n`};
}

// The bytes of the file that `act` makes the page save.
export async function saved(page, act) {
  const coming = page.waitForEvent("download");
  await act();
  const download = await coming;
  return {name: download.suggestedFilename(), bytes: readFileSync(await download.path())};
}

export async function fromMenu(page, label, number = 0) {
  await page.locator("summary", {hasText: "Save"}).click();
  await page.locator(".menu-items button", {hasText: label}).nth(number).click();
}

// The share of pixels near a colour in a picture's bytes, as the browser decodes them; and its size.
export async function pictureOf(browser, bytes, type, colours) {
  const page = await browser.newPage();
  try {
    return await page.evaluate(async ({base64, kind, wanted}) => {
      const blob = new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], {type: kind});
      const image = new Image();
      image.src = URL.createObjectURL(blob);
      await image.decode();
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
      const context = canvas.getContext("2d");
      context.drawImage(image, 0, 0);
      const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
      const shares = wanted.map(([r, g, b]) => {
        let count = 0;
        for (let i = 0; i < data.length; i += 4) count += data[i + 3] > 128 && Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 60 ? 1 : 0;
        return count / (data.length / 4);
      });
      return {width: canvas.width, height: canvas.height, shares};
    }, {base64: bytes.toString("base64"), kind: type, wanted: colours});
  } finally {
    await page.close();
  }
}

export const PHONE = {viewport: {width: 390, height: 844}, deviceScaleFactor: 2, hasTouch: true, isMobile: true};
export const LANDSCAPE = {viewport: {width: 844, height: 390}, deviceScaleFactor: 2, hasTouch: true, isMobile: true};
export const paper = (page, number = 0) => page.locator("canvas[role=application]").nth(number);
export const endings = (page) => page.locator(".endings button.thumb");
export const choosing = (page) => page.getByText("Choose an ending and keep it").waitFor();
export const INK = [26, 26, 30];
export const MODEL = [194, 78, 0];

const TYPES = {html: "text/html", js: "text/javascript", css: "text/css", svg: "image/svg+xml", json: "application/json", webmanifest: "application/manifest+json", gz: "application/gzip", txt: "text/plain"};

// A plain host of a folder, as python3 -m http.server is: no headers but type, date and length. Resolves to {address,
// bytes(), stop()}; bytes() is what the bodies of all answers have been.
export async function hostFiles(folder) {
  let bytes = 0;
  const server = http.createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://host").pathname);
    const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
    if (!file.startsWith(folder) || !existsSync(file)) return response.writeHead(404).end("no such file");
    const changed = new Date(1000 * Math.floor(statSync(file).mtimeMs / 1000)).toUTCString();
    if (request.headers["if-modified-since"] === changed) return response.writeHead(304, {"Last-Modified": changed}).end();
    const body = readFileSync(file);
    bytes += body.length;
    response.writeHead(200, {"Content-Type": TYPES[file.split(".").at(-1)] ?? "application/octet-stream", "Content-Length": body.length, "Last-Modified": changed});
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    bytes: () => bytes,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => { server.close(resolve); });
    },
  };
}
