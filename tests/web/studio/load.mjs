// node load.mjs LIMN MODEL [CLIENTS] [SECONDS]: CLIENTS people (50) draw with MODEL at once for SECONDS (30), on
// loopback, while one client reads its answers slowly and one sends a byte a second. Prints median and 99th percentile
// of the first stroke, completions a second and the server's memory; ends with 1 if a request failed or memory grew.
import {spawn} from "node:child_process";
import {readFileSync} from "node:fs";
import http from "node:http";
import net from "node:net";

const [limn, model, clients = "50", seconds = "30"] = process.argv.slice(2);
if (!model) {
  console.error("usage: node load.mjs LIMN MODEL [CLIENTS] [SECONDS]");
  process.exit(2);
}

const server = spawn(limn, ["serve", model, "--port", "0"], {stdio: ["ignore", "pipe", "inherit"]});
const address = await new Promise((resolve) => server.stdout.once("data", (text) => resolve(new URL(text.toString().trim()))));
const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))[1]) / 1024;
const agent = new http.Agent({keepAlive: true, maxSockets: Infinity});

const circle = Array.from({length: 40}, (_, i) => [100 + 60 * Math.cos(i / 6.2), 200 + 60 * Math.sin(i / 6.2)]);
const body = JSON.stringify({strokes: [circle], frame: {x: 0, y: 0, size: 400}, count: 1});

// Resolves to {status, first, bytes}: the milliseconds until the first point came.
function complete(path) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const request = http.request({host: address.hostname, port: address.port, path, method: "POST", agent,
      headers: {"Content-Type": "application/json", "Content-Length": Buffer.byteLength(body)}}, (response) => {
      let [first, text] = [0, ""];
      response.on("data", (chunk) => {
        text += chunk;
        if (!first && text.includes('"points"')) first = performance.now() - start;
      });
      response.on("end", () => resolve({status: response.statusCode, first, isWhole: text.includes('"done"')}));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

const get = (path) => fetch(new URL(path, address)).then((response) => response.json());
const id = (await get("/api/studio")).models[0].id;
const path = `/api/models/${id}/completions`;
for (let i = 0; i < 3; i++) await complete(path);
const alone = [];
for (let i = 0; i < 20; i++) alone.push((await complete(path)).first);

// A client that sends a byte a second, one that asks and does not read.
const slowSender = net.connect(Number(address.port), address.hostname);
slowSender.on("error", () => {});
const dripping = setInterval(() => slowSender.writable && slowSender.write("G"), 1000);
const slowReader = net.connect(Number(address.port), address.hostname);
slowReader.on("error", () => {});
slowReader.pause();
for (let i = 0; i < 50; i++) slowReader.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);

const firsts = [];
const statuses = {};
const end = performance.now() + 1000 * Number(seconds);
const before = memory();
let failures = 0;
let settled = 0;
setTimeout(() => { settled = memory(); }, 500 * Number(seconds));
await Promise.all(Array.from({length: Number(clients)}, async () => {
  while (performance.now() < end) {
    try {
      const {status, first, isWhole} = await complete(path);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 200 && isWhole) firsts.push(first);
      else failures++;
    } catch {
      failures++;
    }
  }
}));
const after = memory();
clearInterval(dripping);
slowSender.destroy();
slowReader.destroy();
agent.destroy();
server.kill("SIGINT");

const at = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];
console.log(`alone        first stroke ${at(alone, 0.5).toFixed(1)} ms median, ${at(alone, 0.99).toFixed(1)} ms at most`);
console.log(`${clients} clients   first stroke ${at(firsts, 0.5)?.toFixed(0)} ms median, ${at(firsts, 0.99)?.toFixed(0)} ms 99th percentile`);
console.log(`completions  ${(firsts.length / Number(seconds)).toFixed(1)} a second, ${firsts.length} in ${seconds} s; failures ${failures}; answers ${JSON.stringify(statuses)}`);
console.log(`memory       ${before.toFixed(0)} MB before, ${settled.toFixed(0)} MB half way, ${after.toFixed(0)} MB at the end`);
process.exitCode = failures > 0 || after > settled * 1.1 + 10 ? 1 : 0;
