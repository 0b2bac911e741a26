// Times the module: size, start, loading, points per second. Usage: node wasm/test/bench.js MODEL [MAGENTA_SKETCH]
// MAGENTA_SKETCH is the folder node_modules of @magenta/sketch, which is then timed with the same model (gen, JSON).
// Medians of five runs, by the clock, and in brackets by the time of the processor: on a busy machine they differ.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import * as setting from './setting.js';

const kRuns = 5;
const [file, magentaModules] = process.argv.slice(2);
if (!file) throw new Error('usage: node wasm/test/bench.js MODEL [NODE_MODULES of @magenta/sketch]');

async function median(work) {
  const clock = [], processor = [];
  for (let i = 0; i < kRuns; ++i) {
    const begun = performance.now(), used = process.cpuUsage();
    const amount = (await work(i)) ?? 1;
    clock.push((performance.now() - begun) / amount);
    const { user, system } = process.cpuUsage(used);
    processor.push((user + system) / 1000 / amount);
  }
  return [clock, processor].map((times) => times.sort((a, b) => a - b)[kRuns >> 1]);
}
const row = (what, value) => console.log(`| ${what} | ${value} |`);
const ms = ([clock, processor]) => `${Math.round(clock)} (${Math.round(processor)})`;
const rate = (times) => times.map((t) => Math.round(1000 / t).toLocaleString('en')).join(' (') + ')';

const module = readFileSync(path.join(setting.packageFolder, 'limn.wasm'));
row('limn.wasm, bytes', module.length.toLocaleString('en'));
row('with brotli', brotliCompressSync(module).length.toLocaleString('en'));
const bytes = readFileSync(file);
const begun = performance.now();
const name = path.basename(file);
const model = await setting.limn.load(bytes, { name });
row('start and first load, ms', Math.round(performance.now() - begun));
row('load, ms', ms(await median(async () => {
  await (await setting.limn.load(bytes, { name })).unload();
})));
const points = (drawings) => drawings.reduce((sum, d) => sum + d.length, 0);
for (const [precision, drawing] of [['f32', model], ['bf16', await setting.limn.load(bytes, { name, precision: 'bf16' })]]) {
  await drawing.sample(64);  // the engine compiles again what runs often
  for (const count of [1, 16, 64])
    row(`points per second, ${precision}, ${count} at once`,
      rate(await median(async (i) => points(await drawing.sample(count, { seed: i + 1 })))));
}
const shared = await setting.limn.load(bytes, { name, worker: 2 });
await shared.sample(64);
for (const count of [16, 64])
  row(`points per second, f32, ${count} at once, two workers`,
    rate(await median(async (i) => points(await shared.sample(count, { seed: i + 1 })))));
row('points per second, one, streamed', rate(await median(async (i) => {
  let n = 0;
  for await (const _ of model.complete([], { seed: i + 1 })) ++n;
  return n;
})));

if (magentaModules) {
  const require = createRequire(path.resolve(magentaModules, 'x.js'));
  const magenta = require('@magenta/sketch');
  const [info] = JSON.parse(readFileSync(file, 'utf8'));
  const loaded = () => {
    const other = new magenta.SketchRNN(file);
    other.instantiateFromJSON(...JSON.parse(readFileSync(file, 'utf8')));
    return other;
  };
  row('@magenta/sketch: load, ms', ms(await median(async () => { loaded(); })));
  const other = loaded();
  const draw = () => {
    let state = other.zeroState(), pen = other.zeroInput(), n = 0;
    while (n < info.max_seq_len && pen[4] === 0) {
      state = other.update(pen, state);
      pen = other.sample(other.getPDF(state, 0.4, 0.4));
      ++n;
    }
    return n;
  };
  draw();
  row('@magenta/sketch: points per second, one', rate(await median(draw)));
}
