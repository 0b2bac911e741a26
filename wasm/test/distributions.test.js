// Teacher forcing: along the same drawing the decoder says the same of the next point as the library on this machine,
// with the products that it chooses by itself. LIMN_DISTRIBUTIONS is the program of tests/web/magenta_sketch that
// prints it; it reads models without a latent space.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import * as setting from './setting.js';

const { limn } = setting;
const program = process.env.LIMN_DISTRIBUTIONS || path.join(setting.root, 'build/release/tests/web/next_point_distributions');
const kTolerance = 1e-4;

const softmax = (logits) => {
  const largest = Math.max(...logits), weights = [...logits].map((v) => Math.exp(v - largest));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / sum);
};
// The distribution at temperature 1 of an output row: Ha & Eck 2017, eq. 3-7.
function distribution(row) {
  const m = (row.length - 3) / 6;
  const part = (k) => [...row.subarray(3 + k * m, 3 + (k + 1) * m)];
  return {
    pen: softmax(row.subarray(0, 3)), pi: softmax(part(0)), mu_x: part(1), mu_y: part(2),
    sigma_x: part(3).map(Math.exp), sigma_y: part(4).map(Math.exp), rho: part(5).map(Math.tanh),
  };
}

for (const file of setting.magenta)
  test(`distributions of ${path.basename(file)}`, setting.needing(program, file), async () => {
    const wanted = JSON.parse(execFileSync(program, [file], { encoding: 'utf8', maxBuffer: 2 ** 28 }));
    assert.equal(wanted.temperatures[0], 1);
    const drawing = new limn.Drawing(wanted.strokes.flatMap(([dx, dy, , lifted]) => [dx, dy, lifted]));
    const model = await limn.load(file);
    const rows = await model.outputs(drawing);
    assert.equal(rows.length, wanted.steps.length);
    let compared = 0;
    rows.forEach((row, step) => {
      for (const [name, values] of Object.entries(distribution(row))) {
        const theirs = wanted.steps[step][0][name];
        assert.equal(theirs.length, values.length);
        values.forEach((value, i) => {
          const limit = kTolerance * Math.max(1, Math.abs(theirs[i]));
          assert.ok(Math.abs(value - theirs[i]) <= limit, `${name}[${i}] at step ${step}: ${value}, expected ${theirs[i]}`);
          ++compared;
        });
      }
    });
    assert.ok(compared >= 13 * 123, `${compared} numbers were compared`);
    await model.unload();
  });
