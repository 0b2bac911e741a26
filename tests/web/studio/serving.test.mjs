// Addresses, tokens, the code for a tablet's camera.
import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {once} from "node:events";
import {networkInterfaces} from "node:os";
import {test} from "node:test";
import {models, shared} from "./fixture.mjs";
import {limn, openPage, serve, until, work} from "./harness.mjs";

test("a studio with a token asks for it, says when it is wrong, and asks no second tab", async () => {
  const guarded = await serve(models[0], "--token");
  const token = new URL(guarded.address).hash.slice("#token=".length);
  try {
    const {page, context} = await openPage(shared.browser, guarded.address);
    assert.equal(new URL(page.url()).hash, "#draw");  // the token has left the address
    const second = await context.newPage();
    await second.goto(new URL(guarded.address).origin);
    await second.getByRole("tabpanel").waitFor();
    await context.close();
    const other = await shared.browser.newPage();
    await other.goto(new URL(guarded.address).origin);
    await other.getByLabel("Token").fill("wrong");
    await other.getByRole("button", {name: "Open"}).click();
    await other.getByRole("alert").waitFor();
    await other.getByLabel("Token").fill(token);
    await other.getByRole("button", {name: "Open"}).click();
    await other.getByRole("tabpanel").waitFor();
    await other.close();
  } finally {
    await guarded.stop();
  }
});

test("a studio for the local network prints its addresses, with the token", async () => {
  const studio = await serve(models[0], "--host", "0.0.0.0");
  try {
    const own = Object.values(networkInterfaces()).flat().filter(({internal, family}) => !internal && family === "IPv4").map(({address}) => address);
    for (const address of own) assert.ok(studio.addresses.some((line) => line.startsWith(`http://${address}:`)), `${address} is not in ${studio.addresses}`);
    assert.match(studio.addresses.at(-1), /^http:\/\/localhost:\d+\/#token=[0-9a-f]{32}$/);
    for (const line of studio.addresses) {
      const token = new URL(line).hash.slice("#token=".length);
      const answer = await fetch(new URL("/api/studio", line), {headers: {Authorization: `Bearer ${token}`}});
      assert.equal(answer.status, 200, line);
    }
  } finally {
    await studio.stop();
  }
});

// A terminal of util-linux's script; the code is read back by the browser where it can, else its frame is looked at.
test("on a terminal a QR code holds the address", async (t) => {
  const child = spawn("script", ["-qec", `'${limn}' serve '${models[0]}' --host 0.0.0.0 --port 0`, "/dev/null"], {cwd: work, stdio: ["pipe", "pipe", "inherit"]});
  if (await Promise.race([once(child, "error"), once(child, "spawn")]).then(([error]) => error)) return t.skip("script is not here");
  let text = "";
  child.stdout.on("data", (chunk) => { text += chunk; });
  try {
    await until(() => /stops/.test(text));
    const rows = text.split("\n").filter((line) => line.includes("\x1b[30;47m")).map((line) => [...line.replace(/\x1b\[[0-9;]*m/g, "").replace("\r", "")]);
    const size = rows[0].length - 4;   // modules without the quiet zone
    assert.equal((size - 17) % 4, 0, `${size} modules are not a QR code`);
    // Half blocks to modules; the three corners have the finder pattern.
    const modules = rows.flatMap((row) => [row.map((c) => "█▀".includes(c)), row.map((c) => "█▄".includes(c))]);
    const finder = (x, y) => Array.from({length: 7}, (_, i) => Array.from({length: 7}, (_, j) => (modules[y + 2 + i][x + 2 + j] ? "#" : ".")).join("")).join("\n");
    const wanted = "#######\n#.....#\n#.###.#\n#.###.#\n#.###.#\n#.....#\n#######";
    for (const [x, y] of [[0, 0], [size - 7, 0], [0, size - 7]]) assert.equal(finder(x, y), wanted);
  } finally {
    child.stdin.write("\x03");
    await Promise.race([once(child, "exit"), new Promise((resolve) => { setTimeout(resolve, 3000); })]);
    child.kill();
  }
});
