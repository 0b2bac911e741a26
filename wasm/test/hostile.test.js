// Files from strangers are refused with the line that the command prints, and leave the module able to work.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as setting from './setting.js';

const { limn, work } = setting;
const whole = readFileSync(setting.oldRun('sketch-rnn'));
const headerSize = Number(whole.readBigUInt64LE(0));
const header = JSON.parse(whole.toString('utf8', 8, 8 + headerSize));

// The file with its header changed.
function changed(change) {
  const copy = structuredClone(header);
  change(copy);
  const text = Buffer.from(JSON.stringify(copy));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, whole.subarray(8 + headerSize)]);
}
function withLength(length) {
  const copy = Buffer.from(whole);
  copy.writeBigUInt64LE(length);
  return copy;
}
const first = Object.keys(header).find((name) => name !== '__metadata__' && header[name].shape.length === 2);
function withValue(bits) {
  const copy = Buffer.from(whole);
  copy.writeUInt32LE(bits, 8 + headerSize + header[first].data_offsets[0]);
  return copy;
}

const safetensors = {
  'empty': Buffer.alloc(0),
  'seven bytes': whole.subarray(0, 7),
  'cut in the header': whole.subarray(0, 200),
  'cut in the weights': whole.subarray(0, whole.length - 5),
  'a byte too many': Buffer.concat([whole, Buffer.alloc(1)]),
  'a header of 2^63 bytes': withLength(2n ** 63n),
  'a header longer than the file': withLength(BigInt(whole.length)),
  'a header that is not JSON': Buffer.concat([withLength(BigInt(headerSize)).subarray(0, 8), Buffer.alloc(headerSize, 0x7b), whole.subarray(8 + headerSize)]),
  'a deep header': Buffer.concat([withLength(100000n).subarray(0, 8), Buffer.alloc(100000, 0x5b)]),
  'a model of another kind': changed((h) => { h.__metadata__.model = 'magic'; }),
  'a version from the future': changed((h) => { h.__metadata__.format_version = '99'; }),
  'no metadata': changed((h) => { delete h.__metadata__; }),
  'options that are not JSON': changed((h) => { h.__metadata__.config = '{'; }),
  'an option out of range': changed((h) => { h.__metadata__.config = '{"dec_rnn_size": 100000000000}'; }),
  'a shape of 2^40 numbers': changed((h) => { h[first].shape = [2 ** 20, 2 ** 20]; }),
  'a negative shape': changed((h) => { h[first].shape = [-1, 5]; }),
  'overlapping weights': changed((h) => { h[first].data_offsets = [0, 1]; }),
  'a missing weight': changed((h) => { h[`${first}.other`] = h[first]; delete h[first]; }),
  'a weight that is not a number': withValue(0x7fc00000),
  'an infinite weight': withValue(0x7f800000),
};

const gen = (info, dims, weights) => Buffer.from(JSON.stringify([info, dims, weights]));
const info = { mode: 2, version: 6, max_seq_len: 100, scale_factor: 10 };
const magenta = {
  'an empty JSON': Buffer.alloc(0),
  'an object': Buffer.from('{"model": 1}'),
  'a cut JSON': Buffer.from('[{"mode": 2}, [[5'),
  'nested lists': Buffer.from('['.repeat(100000)),
  'no weights': gen(info, [], []),
  'too large dimensions': gen(info, [[1e9, 1e9]], ['AAAA']),
  'negative dimensions': gen(info, [[-1, 3]], ['AAAA']),
  'dimensions without weights': gen(info, [[512, 123], [123], [5, 2048], [512, 2048], [2048]], ['', '', '', '', '']),
  'no version': gen({ mode: 2 }, [[512, 123]], ['']),
  'binary data': Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 7919) % 256)),
};

describe('the words are those of the command', setting.needing(setting.command), () => {
  for (const [files, ending] of [[safetensors, '.safetensors'], [magenta, '.gen.json']])
    for (const [what, bytes] of Object.entries(files))
      test(what, async () => {
        const name = `bad${ending}`;
        writeFileSync(path.join(work, name), bytes);
        const wanted = setting.refusal('sample', name, '-o', 'never.svg');
        await assert.rejects(limn.load(bytes, { name }), (error) => {
          assert.ok(error instanceof limn.LimnError, String(error));
          assert.equal(error.message, wanted);
          return true;
        });
      });
});

test('a damaged byte anywhere is refused or harmless', async () => {
  const known = await limn.load(setting.oldRun('sketch-rnn'));
  const wanted = (await known.sample(1)).map((d) => [...d.stroke3]);
  let refused = 0;
  for (let i = 0; i < 300; ++i) {
    const copy = Buffer.from(whole);
    copy[(i * 2654435761) % (8 + headerSize)] ^= 1 << (i % 8);
    try {
      await (await limn.load(copy, { name: 'damaged.safetensors' })).unload();
    } catch (error) {
      assert.ok(error instanceof limn.LimnError, String(error?.stack));
      ++refused;
    }
  }
  assert.ok(refused > 100, `${refused} of 300 were refused`);
  assert.deepEqual((await known.sample(1)).map((d) => [...d.stroke3]), wanted);
});

test('other sources are refused', async () => {
  await assert.rejects(limn.load('not-there.safetensors'), /no such file/);
  await assert.rejects(limn.load(7), /expected bytes/);
  await assert.rejects(limn.load(gzipSync(whole).subarray(0, 500), { name: 'x.gz' }), /gzip data are damaged/);
  await assert.rejects(limn.load(whole, { colour: 1 }), /unknown option colour/);
});
