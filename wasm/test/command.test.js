// The same drawings as the command limn for the same seed, on products that round as the module's do.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { decodePng } from './png_reader.js';
import * as setting from './setting.js';

const { limn, work } = setting;
// Positions are sums of up to 250 offsets, of which the last bit may differ: glibc and wasi-libc have other exp().
const kTolerance = 2e-3;

function assertSame(drawings, wanted) {
  assert.equal(drawings.length, wanted.length);
  drawings.forEach((drawing, i) => {
    assert.deepEqual(drawing.strokes.map((s) => s.length), wanted[i].map((s) => s.length), `drawing ${i}`);
    const difference = setting.largestDifference(drawing.strokes.flat(2), wanted[i].flat(2));
    assert.ok(difference <= kTolerance, `drawing ${i} differs by ${difference}`);
  });
}

describe('sketches', setting.needing(setting.command, setting.doodles), () => {
  test('limn sample', async () => {
    const model = await limn.load(setting.doodles);
    setting.runCommand('sample', setting.doodles, '-n', '9', '--seed', '7', '--temperature', '0.3', '-o', 'sample.json');
    assertSame(await model.sample(9, { seed: 7, temperature: 0.3 }), setting.strokesIn('sample.json'));
    setting.runCommand('sample', setting.doodles, '-n', '3', '--greedy', '--prior', 'standard', '-o', 'greedy.json');
    assertSame(await model.sample(3, { greedy: true, prior: 'standard' }), setting.strokesIn('greedy.json'));
  });

  test('limn sample --precision bf16', async () => {
    const model = await limn.load(setting.doodles, { precision: 'bf16' });
    setting.runCommand('sample', setting.doodles, '-n', '9', '--seed', '7', '--precision', 'bf16', '-o', 'bf16.json');
    const drawings = await model.sample(9, { seed: 7 });
    assertSame(drawings, setting.strokesIn('bf16.json'));
    const others = await (await limn.load(setting.doodles)).sample(9, { seed: 7 });
    assert.notDeepEqual(drawings.map((d) => [...d.stroke3]), others.map((d) => [...d.stroke3]));
  });

  test('limn complete', async () => {
    const model = await limn.load(setting.doodles);
    const [given] = await model.sample(1, { seed: 3 });
    const beginning = new limn.Drawing(given.stroke3.subarray(0, 3 * 6));
    writeFileSync(path.join(work, 'given.npz'), await limn.npz({ train: [beginning], valid: [], test: [] }));
    setting.runCommand('complete', setting.doodles, '--in', 'given.npz:train#0', '--scale', 'keep', '-n', '4', '--seed', '5',
      '-o', 'complete.json');
    const seen = [];
    const endings = await model.complete(beginning, { count: 4, seed: 5, onPoint: (p) => seen.push(p) });
    assertSame(endings, setting.strokesIn('complete.json'));
    assert.equal(seen.length, endings.reduce((sum, d) => sum + d.length - 6, 0));
  });

  test('limn encode and limn interpolate', async () => {
    const model = await limn.load(setting.doodles);
    const ends = await model.sample(2, { seed: 11 });
    writeFileSync(path.join(work, 'ends.npz'), await limn.npz({ train: ends, valid: [], test: [] }));
    for (const [flags, options] of [[[], {}], [['--sample', '--seed', '4'], { sample: true, seed: 4 }]]) {
      setting.runCommand('encode', setting.doodles, '--in', 'ends.npz:train#0', 'ends.npz:train#1', '--scale', 'keep',
        ...flags, '-o', 'z.npy');
      const wanted = setting.npyValues(readFileSync(path.join(work, 'z.npy')));
      const { z, mu, logVariance } = await model.encode(ends, options);
      assert.ok(setting.largestDifference(z.flatMap((row) => [...row]), wanted) <= 1e-5);
      assert.equal(mu.length, 2);
      assert.equal(logVariance[1].length, model.latentSize);
    }
    setting.runCommand('interpolate', setting.doodles, '--from', 'ends.npz:train#0', '--to', 'ends.npz:train#1', '--scale',
      'keep', '--steps', '5', '--seed', '2', '-o', 'path.json');
    assertSame(await model.interpolate(ends[0], ends[1], { steps: 5, seed: 2 }), setting.strokesIn('path.json'));
  });

  test('SVG and G-code are the same files', async () => {
    const model = await limn.load(setting.doodles);
    const drawings = await model.sample(4, { seed: 7 });
    for (const [file, text] of [['four.svg', await limn.sheet(drawings)], ['four.gcode', await limn.gcode(drawings)],
      ['one.gcode', await (await model.sample(1, { seed: 9 }))[0].gcode()]]) {
      const [count, seed] = file.startsWith('four') ? ['4', '7'] : ['1', '9'];
      setting.runCommand('sample', setting.doodles, '-n', count, '--seed', seed, '-o', file);
      assert.equal(text, readFileSync(path.join(work, file), 'utf8'), file);
    }
  });
});

for (const file of setting.magenta)
  test(`limn sample of ${path.basename(file)}`, setting.needing(setting.command, file), async () => {
    const model = await limn.load(file);
    setting.runCommand('sample', file, '-n', '4', '--seed', '2', '-o', 'magenta.json');
    assertSame(await model.sample(4, { seed: 2 }), setting.strokesIn('magenta.json'));
    await model.unload();
    const smaller = await limn.load(file, { precision: 'bf16' });
    setting.runCommand('sample', file, '-n', '4', '--seed', '2', '--precision', 'bf16', '-o', 'bf16.json');
    assertSame(await smaller.sample(4, { seed: 2 }), setting.strokesIn('bf16.json'));
    await smaller.unload();
  });

test('limn manifold of a VAE', setting.needing(setting.command, setting.digits), async () => {
  const model = await limn.load(setting.digits);
  setting.runCommand('manifold', setting.digits, '--grid', '3', '--scale', '1', '--bare', '-o', 'plane.png');
  const wanted = decodePng(readFileSync(path.join(work, 'plane.png')));
  const pictures = await model.manifold({ side: 3 });
  const { width, height } = pictures[0];
  const margin = (wanted.width - 3 * width) / 2;
  assert.ok(Number.isInteger(margin) && margin >= 0 && wanted.height === 3 * height + 2 * margin);
  pictures.forEach((picture, i) => {
    const [left, top] = [margin + (i % 3) * width, margin + Math.floor(i / 3) * height];
    picture.bytes().forEach((value, k) => {
      const there = wanted.at(left + (k % width), top + Math.floor(k / width));
      assert.ok(Math.abs(value - there) <= 1, `picture ${i}, pixel ${k}: ${value}, the command has ${there}`);
    });
  });
});

for (const [family, file] of [['vae', setting.digits], ['vae', setting.oldRun('vae')], ['draw', setting.oldRun('draw')]])
  test(`latent vectors of pictures, ${family} of ${path.relative(setting.root, file)}`,
    setting.needing(setting.command, file), async () => {
      const model = await limn.load(file);
      // Black and white: what training may have binarised stays as it is.
      const pictures = (await model.sample(3, { seed: 6, prior: 'standard' }))
        .map((p) => new limn.Picture(p.pixels.map((v) => Math.round(v)), p));
      const names = [];
      for (const [i, picture] of pictures.entries()) {
        names.push(`p${i}.png`);
        writeFileSync(path.join(work, names[i]), await picture.png());
      }
      setting.runCommand('encode', file, '--in', ...names, '-o', 'pz.npy');
      const wanted = setting.npyValues(readFileSync(path.join(work, 'pz.npy')));
      const { z } = await model.encode(pictures);
      const difference = setting.largestDifference(z.flatMap((row) => [...row]), wanted);
      assert.ok(difference <= 1e-4, `z differs by ${difference}`);
    });
