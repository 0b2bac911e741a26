// Files that drawings and pictures become.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { decodePng } from './png_reader.js';
import * as setting from './setting.js';

const { limn, work } = setting;
const house = [[[0, 40], [40, 40], [40, 0], [0, 0], [0, 40]], [[0, 0], [20, -15], [40, 0]]];

test('a drawing is the same in all its forms', () => {
  const drawing = limn.Drawing.fromStrokes(house);
  assert.equal(drawing.length, 8);
  assert.deepEqual(drawing.strokes, house);
  assert.deepEqual([...drawing.stroke3].slice(0, 6), [0, 40, 0, 40, 0, 0]);
  assert.deepEqual([...drawing.stroke5].slice(20, 25), [0, 40, 0, 1, 0]);
  assert.deepEqual([...drawing.stroke5].slice(-5), [0, 0, 0, 0, 1]);
  assert.deepEqual(new limn.Drawing(drawing.stroke3), drawing);
  assert.throws(() => new limn.Drawing([1, 2]), /expected three a point/);
});

test('SVG has a path for each stroke', async () => {
  const svg = await limn.Drawing.fromStrokes(house).svg();
  assert.match(svg, /^<svg |^<\?xml/);
  assert.equal(svg.match(/<path /g).length, 2);
  await assert.rejects(new limn.Drawing([1, 1, 2]).svg(), /the pen state of point 0 is 2, expected 0 or 1/);
  await assert.rejects(new limn.Drawing([NaN, 1, 1]).svg(), /point 0 is not finite/);
});

test('PNG shows the strokes', async () => {
  const png = decodePng(Buffer.from(await limn.Drawing.fromStrokes([[[0, 0], [10, 10]]]).png({ size: 64 })));
  assert.deepEqual([png.width, png.height], [64, 64]);
  assert.equal(png.at(32, 32), 0);
  assert.equal(png.at(50, 14), 255);
  assert.equal(png.at(1, 1), 255);
  const dot = decodePng(Buffer.from(await limn.Drawing.fromStrokes([[[3, 3]]]).png({ size: 33, lineWidth: 9 })));
  assert.equal(dot.at(16, 16), 0);
});

test('G-code stays on the page', async () => {
  const text = await limn.gcode([limn.Drawing.fromStrokes(house), house], { pageWidth: 100, pageHeight: 80, feed: 900 });
  const places = [...text.matchAll(/X(-?[\d.]+) Y(-?[\d.]+)/g)].map((m) => [Number(m[1]), Number(m[2])]);
  assert.ok(places.length > 16);
  assert.ok(places.every(([x, y]) => x >= 0 && x <= 100 && y >= 0 && y <= 80));
  assert.match(text, /F900/);
  await assert.rejects(limn.gcode([house], { margin: 200 }), limn.LimnError);
  await assert.rejects(limn.gcode([house], { speed: 2 }), /unknown option speed/);
});

test('the command reads an .npz', setting.needing(setting.command), async () => {
  const drawings = [limn.Drawing.fromStrokes(house), new limn.Drawing([0.5, 0.25, 0, 3, 4, 1])];
  writeFileSync(path.join(work, 'two.npz'), await limn.npz({ train: drawings, valid: [], test: [] }));
  setting.runCommand('data', 'convert', 'two.npz', '-o', 'two.json');
  const read = setting.strokesIn('two.json');
  assert.deepEqual((read.train ?? read)[0], house);
});

// PYTHON: one that has NumPy.
const python = process.env.PYTHON || 'python3';
test('NumPy reads an .npz', { skip: spawnSync(python, ['-c', 'import numpy']).status ? 'NumPy is not here' : false },
  async () => {
    const file = path.join(work, 'numpy.npz');
    writeFileSync(file, await limn.npz({ train: [house], z: { values: [1, 2, 3, 4, 5, 6], shape: [2, 3] } }));
    const text = execFileSync(python, ['-c', `import numpy as np
f = np.load(${JSON.stringify(file)}, allow_pickle=True, encoding="latin1")
print(f["z"].tolist(), f["train"][0][:2].tolist(), f["train"].shape)`], { encoding: 'utf8' });
    assert.equal(text.trim(), '[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]] [[0, 40, 0], [40, 0, 0]] (1,)');
  });
