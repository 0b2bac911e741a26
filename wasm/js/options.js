// The options that calls take: their names, types and ranges. Any other is an error, as on the command
// line of limn.
import { LimnError } from './engine.js';

const isFlag = { expected: 'true or false', holds: (v) => typeof v === 'boolean' };
const oneOf = (...names) => ({ expected: names.join(' or '), holds: (v) => names.includes(v) });
const number = (least, most) => ({
  expected: `a number from ${least} to ${most}`,
  holds: (v) => typeof v === 'number' && v >= least && v <= most,
});
const whole = (least, most) => ({
  expected: `a whole number from ${least} to ${most}`,
  holds: (v) => Number.isInteger(v) && v >= least && v <= most,
});
const isFlagOr = ({ expected, holds }) => ({
  expected: `true, false or ${expected}`,
  holds: (v) => isFlag.holds(v) || holds(v),
});
const isText = { expected: 'a text', holds: (v) => typeof v === 'string' };
const isFunction = { expected: 'a function', holds: (v) => typeof v === 'function' };
const isSeed = {
  expected: 'a whole number from 0 to 2^64 - 1',
  holds: (v) => (Number.isSafeInteger(v) && v >= 0) || (typeof v === 'bigint' && v >= 0n && v < 2n ** 64n),
};

const kDrawing = {
  temperature: number(0.001, 1000), sigmaTemperature: oneOf('sqrt', 'linear'), greedy: isFlag, seed: isSeed,
};
export const kCalls = {
  load: { worker: isFlagOr(whole(1, 64)), name: isText, precision: oneOf('f32', 'bf16') },
  sample: { ...kDrawing, prior: oneOf('fitted', 'standard'), skipBlank: isFlag },
  decode: kDrawing,
  complete: {
    ...kDrawing, count: whole(1, 10000), prior: isFlag, maxPoints: whole(1, 1_000_000), onPoint: isFunction,
  },
  encode: { sample: isFlag, seed: isSeed },
  reconstruct: { ...kDrawing, mean: isFlag },
  interpolate: { ...kDrawing, steps: whole(2, 10000) },
  steps: { sample: isFlag, seed: isSeed, prior: oneOf('fitted', 'standard') },
  manifold: { side: whole(1, 200), base: { expected: 'a latent vector', holds: (v) => v instanceof Float32Array } },
  sheet: { columns: whole(1, 1000) },
  png: { size: whole(1, 8192), lineWidth: number(0.1, 1000) },
  picturePng: { scale: whole(1, 64) },
  gcode: {
    pageWidth: number(1, 1e5), pageHeight: number(1, 1e5), margin: number(0, 1e5), originX: number(-1e5, 1e5),
    originY: number(-1e5, 1e5), feed: number(0.001, 1e6), travel: number(0, 1e6), penUp: isText, penDown: isText,
    penDelay: number(0, 60), startCode: isText, endCode: isText,
  },
};

/** The options with the seed as text. @throws LimnError for a name or a value that the call does not take */
export function checked(call, options = {}) {
  if (options === null || typeof options !== 'object')
    throw new LimnError(`${call}: the options are ${options}, expected an object`);
  const known = kCalls[call];
  const result = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(known, name))
      throw new LimnError(`${call}: unknown option ${name}; expected one of ${Object.keys(known).join(', ')}`);
    if (!known[name].holds(value))
      throw new LimnError(`${call}: ${name} is ${String(value)}, expected ${known[name].expected}`);
    result[name] = name === 'seed' ? String(value) : value;
  }
  return result;
}

/** @throws LimnError unless the number is that of drawings that can be drawn at once */
export function checkedCount(call, count) {
  if (!whole(1, 100000).holds(count))
    throw new LimnError(`${call}: the count is ${String(count)}, expected a whole number from 1 to 100000`);
  return count;
}
