// Where the tests find the package, the command and models: LIMN_PACKAGE, LIMN and LIMN_MAGENTA say so, with defaults
// for a checkout that is built.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const fromRoot = (variable, place) => process.env[variable] || path.join(root, place);
export const packageFolder = fromRoot('LIMN_PACKAGE', 'build/wasm/npm');
export const command = fromRoot('LIMN', 'build/release/app/limn');
export const magentaFolder = fromRoot('LIMN_MAGENTA', '../shared/data/magenta');
export const limn = await import(pathToFileURL(path.join(packageFolder, 'js/index.js')));

export const doodles = path.join(root, 'pretrained/doodles.safetensors');
export const digits = path.join(root, 'pretrained/digits.safetensors');
// Runs that limn 0.1.0 has trained: a tiny model of each family.
export const oldRun = (family) => path.join(root, `tests/data/runs/0.1.0/${family}/checkpoints/best.safetensors`);
export const magenta = ['bicycle', 'bird', 'rabbit', 'sheep'].map((name) => path.join(magentaFolder, `${name}.gen.json`));

// Options of a test that needs these files: skipped aloud without them.
export function needing(...files) {
  const missing = files.find((file) => !existsSync(file));
  return { skip: missing ? `${missing} is not here` : false };
}

export const work = mkdtempSync(path.join(tmpdir(), 'limn-wasm-'));

// The products that have the module's width, without fused multiply-adds: they round in the same way.
const kPortable = { LIMN_GEMM: 'own', LIMN_SIMD: 'sse4', OMP_NUM_THREADS: '1' };
export function runCommand(...args) {
  return execFileSync(command, args, { cwd: work, env: { ...process.env, ...kPortable }, encoding: 'utf8' });
}
// The line that the command refuses with, without what it begins with.
export function refusal(...args) {
  const { status, stderr } = spawnSync(command, args, { cwd: work, encoding: 'utf8' });
  if (status === 0) throw new Error(`limn ${args.join(' ')} did not refuse`);
  return stderr.trim().replace(/^limn: error: /, '');
}

// Drawings that the command wrote as JSON: strokes of positions.
export function strokesIn(file) {
  const strokes = JSON.parse(readFileSync(path.join(work, file), "utf8"));
  return strokes.map((drawing) => drawing.map((stroke) => stroke.map((position) => position.map(Math.fround))));
}

export function largestDifference(a, b) {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; ++i) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

// A .npy of float32 in C order, as numbers.
export function npyValues(bytes) {
  const header = 10 + new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset + header, bytes.byteOffset + bytes.length));
}
