// Models of all families, loaded from memory and from files, in this thread and in a worker.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { describe } from 'node:test';
import { gzipSync } from 'node:zlib';
import { decodePng } from './png_reader.js';
import * as setting from './setting.js';

const { limn } = setting;

test('the version is that of the repository', async () => {
  assert.equal(await limn.version(), readFileSync(`${setting.root}/VERSION`, 'utf8').trim());
});

describe('a model of sketches', () => {
  test('describes itself', async () => {
    const model = await limn.load(setting.doodles);
    assert.equal(model.family, 'sketch_rnn');
    assert.equal(model.content, 'sketches');
    assert.equal(model.name, 'doodles.safetensors');
    assert.ok(model.latentSize > 0 && model.scaleFactor > 0 && model.maxPoints > 0);
    assert.ok(model.can('encode') && model.can('complete') && !model.can('steps'));
    assert.match(model.inability('steps'), /draws strokes/);
  });

  test('draws the same from a path, a URL, memory and gzip', async () => {
    const bytes = readFileSync(setting.doodles);
    const wanted = (await (await limn.load(setting.doodles)).sample(2, { seed: 9 })).map((d) => [...d.stroke3]);
    const sources = [new URL(`file://${setting.doodles}`), bytes, new Blob([bytes]), new Response(bytes),
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), gzipSync(bytes)];
    for (const source of sources) {
      const model = await limn.load(source);
      assert.deepEqual((await model.sample(2, { seed: 9 })).map((d) => [...d.stroke3]), wanted);
      await model.unload();
    }
  });

  test('draws the same in a worker', async () => {
    const [here, there] = [await limn.load(setting.doodles), await limn.load(setting.doodles, { worker: true })];
    const rows = async (model) => (await model.sample(3, { seed: 4 })).map((d) => [...d.stroke3]);
    assert.deepEqual(await rows(there), await rows(here));
    let turns = 0;
    const ticking = setInterval(() => ++turns, 1);
    await there.sample(64);
    clearInterval(ticking);
    assert.ok(turns > 0, 'this thread stood still while the worker drew');
    await assert.rejects(there.sample(1, { temperature: -1 }), limn.LimnError);
    await there.unload();
  });

  test('draws the same in several workers', async () => {
    const [here, shared] = [await limn.load(setting.doodles), await limn.load(setting.doodles, { worker: 3 })];
    const rows = (drawings) => drawings.map((d) => [...d.stroke3]);
    for (const count of [1, 2, 3, 17])
      for (const options of [{ seed: 4 }, {}, { seed: 5, prior: 'standard', temperature: 1, skipBlank: true }])
        assert.deepEqual(rows(await shared.sample(count, options)), rows(await here.sample(count, options)), `${count}`);
    const drawings = await here.sample(7);
    for (const call of [(model) => model.reconstruct(drawings, { seed: 6 }), (model) => model.interpolate(drawings[0], drawings[1], { steps: 5 })])
      assert.deepEqual(rows(await call(shared)), rows(await call(here)));
    assert.deepEqual(await shared.decode([]), []);
    assert.deepEqual(rows(await shared.complete(drawings[0], { seed: 2 })), rows(await here.complete(drawings[0], { seed: 2 })));
    await assert.rejects(shared.sample(4, { temperature: -1 }), limn.LimnError);
    await assert.rejects(shared.decode([new Float32Array(shared.latentSize), new Float32Array(shared.latentSize).fill(NaN)]), limn.LimnError);
    await assert.rejects(limn.load(setting.doodles, { worker: 0 }), /worker is 0, expected true, false or a whole number from 1 to 64/);
    await assert.rejects(limn.load(new Uint8Array([1, 2, 3]), { worker: 2 }), limn.LimnError);
    await shared.unload();
    await assert.rejects(shared.sample(4), /was unloaded/);
    assert.deepEqual(rows(await here.sample(2)), rows(await here.sample(2)));
  });

  test('streams the points of endings', async () => {
    const model = await limn.load(setting.doodles);
    const beginning = [[[0, 0], [30, 0], [60, 10]]];
    const called = [], streamed = [];
    for await (const point of model.complete(beginning, { count: 2, seed: 3, onPoint: (p) => called.push(p) }))
      streamed.push(point);
    assert.ok(streamed.length > 2);
    assert.deepEqual(called, streamed);
    const drawings = await model.complete(beginning, { count: 2, seed: 3 });
    drawings.forEach((drawing, i) => {
      const rows = streamed.filter((p) => p.drawing === i).flatMap((p) => [p.dx, p.dy]);
      assert.deepEqual([...drawing.stroke3].filter((_, k) => k % 3 < 2), [0, 0, 30, 0, 30, 10, ...rows]);
    });
    const cut = await model.complete(beginning, { maxPoints: 5 });
    assert.equal(cut[0].length, 5);
    assert.equal(cut[0].isFinished, false);
  });

  test('may be left in the middle of a stream', async () => {
    const model = await limn.load(setting.doodles);
    const completion = model.complete([[[0, 0], [30, 0]]], { seed: 3 });
    for await (const _ of completion) break;
    await assert.rejects(completion.drawings(), /left before its end/);
    assert.equal((await model.sample(1)).length, 1);
  });

  test('encodes, decodes and interpolates', async () => {
    const model = await limn.load(setting.doodles);
    const given = await model.sample(2, { seed: 12 });
    const { z, mu, logVariance } = await model.encode(given);
    assert.deepEqual(z, mu);
    assert.equal(logVariance[0].length, model.latentSize);
    const path = await model.interpolate(given[0], given[1], { steps: 4, seed: 1 });
    assert.equal(path.length, 4);
    const [first] = await model.decode(mu[0], { temperature: 0.1, seed: 1 });
    assert.deepEqual(path[0].stroke3, first.stroke3);
    assert.equal((await limn.interpolate(model, mu[0], mu[1], { steps: 2 })).length, 2);
    assert.equal((await model.reconstruct(given, { seed: 3 })).length, 2);
  });

  test('says what it is asked for and cannot do', async () => {
    const model = await limn.load(setting.doodles);
    await assert.rejects(limn.load(setting.doodles, { precision: 'f16' }), /precision is f16, expected f32 or bf16/);
    await assert.rejects(limn.load(setting.digits, { precision: 'bf16' }), /digits.*draws images; the precision is of/);
    await assert.rejects(model.sample(0), /count is 0, expected a whole number from 1/);
    await assert.rejects(model.sample(1, { temprature: 1 }), /unknown option temprature; expected one of temperature/);
    await assert.rejects(model.sample(1, { seed: 1.5 }), /seed is 1.5/);
    await assert.rejects(model.decode(new Float32Array(3)), /has 3 numbers, expected/);
    await assert.rejects(model.decode(new Float32Array(model.latentSize).fill(NaN)), /not finite/);
    await assert.rejects(model.encode([[[0, 0], [1, Infinity]]]), /not finite/);
    await assert.rejects(model.steps(), /draws strokes, not an image step by step/);
    await assert.rejects(model.manifold(), /model of images/);
    await model.unload();
    await assert.rejects(model.sample(1), /was unloaded/);
  });
});

test('a VAE draws pictures', async () => {
  const model = await limn.load(setting.digits);
  assert.equal(model.family, 'vae');
  const [picture] = await model.sample(1);
  assert.deepEqual([picture.channels, picture.height, picture.width], model.shape);
  assert.ok(Math.max(...picture.pixels) <= 1 && Math.max(...picture.pixels) > 0.2);
  const png = decodePng(Buffer.from(await picture.png({ scale: 2 })));
  assert.equal(png.width, 2 * picture.width);
  assert.equal(png.at(27, 31), picture.bytes()[15 * picture.width + 13]);
  assert.equal(picture.rgba.length, 4 * picture.width * picture.height);
  const { z, mu } = await model.encode([picture]);
  assert.equal(mu, undefined);
  assert.equal(z[0].length, model.latentSize);
  assert.equal((await model.interpolate(picture, z[0], { steps: 3 })).length, 3);
  await assert.rejects(async () => model.complete([[[0, 0]]]), /only strokes can be continued/);
});

test('DRAW shows its steps', async () => {
  const model = await limn.load(setting.oldRun('draw'));
  assert.equal(model.family, 'draw');
  const steps = await model.steps(2, { seed: 5 });
  assert.equal(steps.length, 2);
  assert.equal(steps[0].length, model.options.time_steps);
  const wanted = await model.sample(2, { seed: 5 });
  steps.forEach((one, i) => assert.ok(setting.largestDifference(one.at(-1).canvas.pixels, wanted[i].pixels) < 1e-6));
  const [redrawn] = await model.steps(wanted[0]);
  assert.ok(redrawn[0].read.side >= 0 && redrawn[0].write.sigma > 0);
});

test('a Sketch-RNN of limn 0.1.0 draws', async () => {
  const model = await limn.load(setting.oldRun('sketch-rnn'));
  assert.equal((await model.sample(2)).length, 2);
});
