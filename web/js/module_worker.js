// The other end of module_engine.js: the studio's calls, answered by limn's WebAssembly module in a thread of its own.
// Requests {id, path, body} get {id, status, type, part}, then {id, part} while the answer grows, then {id, isDone};
// {id, isOver} from the page ends one. {file, name, model} of each model comes first, as {models}.

const MODULE = new URL("../limn-studio.wasm.gz", import.meta.url);
const BAD_FILE = 8;   // WASI's answer for what the module never needs

let wasm = null;
let studio = 0;
let models = new Map();      // id to {name, file}
const loading = new Map();   // id to a promise
const growing = new Map();   // id of the request to the module's handle

async function unpacked(response) {
  if (!response.ok) throw new Error(`${response.url.split("/").pop()} is missing: the host answered ${response.status}.`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  // Some hosts unpack .gz themselves.
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The clock and random numbers; the module has no files and no arguments.
function hostCalls(module) {
  const view = () => new DataView(wasm.memory.buffer);
  const known = {
    clock_time_get: (_clock, _precision, place) => {
      view().setBigUint64(place, BigInt(Math.round(1e6 * performance.now())), true);
      return 0;
    },
    random_get: (place, size) => {
      crypto.getRandomValues(new Uint8Array(wasm.memory.buffer, place, size));
      return 0;
    },
    proc_exit: () => { throw new Error("The module has stopped; this is a fault of limn."); },
  };
  const imports = {};
  for (const {module: from, name} of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = known[name] ?? (() => BAD_FILE);
  return imports;
}

const starting = (async () => {
  const module = await WebAssembly.compile(await unpacked(await fetch(MODULE)));
  const instance = await WebAssembly.instantiate(module, hostCalls(module));
  wasm = instance.exports;
  wasm._initialize();
  studio = wasm.limn_studio_open();
})();
starting.catch(() => {});   // each request tells it

// Calls `work` with the places of the given texts and bytes in the module's memory, each with its size.
function withMemory(given, work) {
  const places = [];
  try {
    const args = given.flatMap((value) => {
      const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
      const place = wasm.limn_allocate(bytes.length);
      if (!place) throw new Error("There is not enough memory for this.");
      places.push(place);
      new Uint8Array(wasm.memory.buffer).set(bytes, place);
      return [place, bytes.length];
    });
    return work(...args);
  } finally {
    for (const place of places) wasm.limn_free(place);
  }
}

const bytesAt = (place, size) => new Uint8Array(wasm.memory.buffer, place, size).slice();
const result = () => bytesAt(wasm.limn_text(), wasm.limn_text_size());

function requireNoError() {
  const size = wasm.limn_error_size();
  if (size > 0) throw new Error(new TextDecoder().decode(bytesAt(wasm.limn_error(), size)));
}

function load(id) {
  if (!models.has(id)) return undefined;
  if (!loading.has(id)) {
    const {name, file} = models.get(id);
    const coming = (async () => {
      const bytes = await unpacked(await fetch(new URL(`../${file}`, import.meta.url)));
      await starting;
      withMemory([id, name, bytes], (...places) => wasm.limn_studio_add(studio, ...places));
      requireNoError();
    })();
    coming.catch(() => loading.delete(id));   // a failing download is not kept
    loading.set(id, coming);
  }
  return loading.get(id);
}

// Lets messages in between two turns.
const {port1, port2} = new MessageChannel();
const waiting = [];
port1.onmessage = () => waiting.shift()();
const turn = () => new Promise((resolve) => {
  waiting.push(resolve);
  port2.postMessage(null);
});

async function answer({id, path, body}) {
  growing.set(id, 0);
  try {
    await load(path.split("/")[3]);
    await starting;
    if (!growing.has(id)) return;
    const handle = withMemory([path, body], (...places) => wasm.limn_studio_ask(studio, ...places));
    requireNoError();
    growing.set(id, handle);
    const [status] = new Int32Array(wasm.memory.buffer, wasm.limn_counts(), 1);
    const text = result();
    const end = text.indexOf(10);
    postMessage({id, status, type: new TextDecoder().decode(text.subarray(0, end)), part: text.slice(end + 1)});
    for (let isMore = handle !== 0; isMore;) {
      await turn();
      if (!growing.has(id)) return;
      isMore = wasm.limn_studio_more(handle) !== 0;
      requireNoError();
      const part = result();
      if (part.length > 0) postMessage({id, part});
    }
    postMessage({id, isDone: true});
  } catch (error) {
    postMessage({id, error: error.message});
  } finally {
    finish(id);
  }
}

function finish(id) {
  const handle = growing.get(id);
  growing.delete(id);
  if (handle) wasm.limn_studio_end(handle);
}

self.onmessage = ({data}) => {
  if (data.models) models = new Map(data.models.map(({id, name, file}) => [id, {name, file}]));
  else if (data.isOver) finish(data.id);
  else answer(data);
};
