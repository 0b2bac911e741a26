// Where an engine runs: in this thread, or in a worker of its own, so that a page never stalls. Both have
// call(method, …args), which promises what the engine's method gives.
import { Engine, LimnError } from './engine.js';
import { readBytes } from './reading.js';

const isNode = typeof process !== 'undefined' && Boolean(process.versions?.node);

async function compiled() {
  return WebAssembly.compile(await readBytes(new URL('../limn.wasm', import.meta.url)));
}

class ThisThread {
  #engine;
  constructor(engine) { this.#engine = engine; }
  async call(method, ...args) { return this.#engine[method](...args); }
  close() { this.#engine = null; }
}

class OtherThread {
  #worker;
  #waiting = new Map();
  #next = 1;

  static async start(module) {
    const host = new OtherThread();
    const url = new URL('./worker.js', import.meta.url);
    if (isNode) {
      const { Worker } = await import('node:worker_threads');
      host.#worker = new Worker(url);
      host.#worker.unref();
      host.#worker.on('message', (message) => host.#receive(message));
      host.#worker.on('error', (error) => host.#fail(error));
    } else {
      host.#worker = new Worker(url, { type: 'module' });
      host.#worker.onmessage = ({ data }) => host.#receive(data);
      host.#worker.onerror = (event) => host.#fail(new LimnError(`the worker has stopped: ${event.message}`));
    }
    await host.call('start', module);
    return host;
  }

  call(method, ...args) {
    if (!this.#worker) return Promise.reject(new LimnError('the worker is closed; load the model again'));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      if (isNode) this.#worker.ref();
      this.#worker.postMessage({ id, method, args });
    });
  }
  close() {
    this.#worker?.terminate();
    this.#fail(new LimnError('the worker was closed'));
  }

  #receive({ id, value, error, isOurs }) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    // A process whose work is done may end.
    if (isNode && this.#waiting.size === 0) this.#worker?.unref();
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(isOurs ? new LimnError(error) : new Error(error));
  }
  #fail(error) {
    this.#worker = null;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

// This thread's (0) and the workers' (1, 2, …), for all models of a program; started again after close().
const hosts = new Map();

/** The host of that number, which all models share. */
export function sharedHost(number) {
  if (!hosts.has(number)) {
    const starting = compiled().then(async (module) =>
      number > 0 ? OtherThread.start(module) : new ThisThread(await Engine.start(module)));
    // A failing download is not kept.
    starting.catch(() => hosts.delete(number));
    hosts.set(number, starting);
  }
  return hosts.get(number);
}

/** Ends the workers; models that were loaded into them can do nothing more. */
export async function closeHosts() {
  const all = [...hosts.values()];
  hosts.clear();
  for (const host of all) (await host.catch(() => null))?.close();
}
