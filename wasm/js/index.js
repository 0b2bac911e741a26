// limn in JavaScript: models that draw, in the browser and in Node. index.d.ts describes every call.
import { gcode, Drawing, packed, Picture, sheet } from './drawing.js';
import { LimnError } from './engine.js';
import { closeHosts, sharedHost } from './host.js';
import { Model } from './model.js';
import { checked } from './options.js';
import { zip } from './npz.js';
import { isMagenta, nameOf, readBytes, unpacked } from './reading.js';

export { Drawing, gcode, LimnError, Picture, sheet };

const isBrowser = typeof document !== 'undefined' && typeof Worker !== 'undefined';

/** A model of bytes, a URL, a Blob, or a file's path in Node: .safetensors, or Magenta's JSON. */
export async function load(source, options = {}) {
  const { worker = isBrowser, name = nameOf(source, 'the model'), precision = 'f32' } = checked('load', options);
  const packedBytes = await readBytes(source);
  const bytes = await unpacked(packedBytes, name);
  const hosts = await Promise.all(Array.from({ length: Math.max(1, Number(worker)) }, (_, i) =>
    sharedHost(worker ? i + 1 : 0)));
  const loads = await Promise.allSettled(hosts.map((host) =>
    host.call('load', bytes, name, isMagenta(bytes, name), precision)));
  const failed = loads.find(({ status }) => status === 'rejected');
  if (failed) {
    loads.forEach(({ value }, i) => void (value && hosts[i].call('unload', value.model).catch(() => {})));
    throw failed.reason;
  }
  return new Model(hosts.map((host, i) => ({ host, model: loads[i].value.model })), { name, ...loads[0].value });
}

/** model.interpolate() as a function. */
export async function interpolate(model, from, to, options = {}) { return model.interpolate(from, to, options); }

/** An .npz file. Each entry is a list of drawings, or numbers {values, shape}. */
export async function npz(entries) {
  const host = await sharedHost(0);
  const members = Object.entries(entries).map(async ([name, content]) => {
    const bytes = Array.isArray(content)
      ? await host.call('npySketches', packed(content))
      : await host.call('npy', Float32Array.from(content.values), content.shape);
    return [`${name}.npy`, bytes];
  });
  return zip(await Promise.all(members));
}

/** The version of limn that the module is made from. */
export async function version() { return (await sharedHost(0)).call('version'); }

/** Ends the workers, and frees all models. */
export async function close() { await closeHosts(); }
