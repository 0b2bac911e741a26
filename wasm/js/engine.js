// One instance of the module limn.wasm, with its functions as methods on typed arrays: what runs in this thread or in a
// worker (host.js). Every argument and result can be cloned between threads. All calls are synchronous; one at a time.

/** A mistake of the caller, or a file that cannot be read. The message is the line that the command limn prints. */
export class LimnError extends Error {
  constructor(message) {
    super(message);
    this.name = 'LimnError';
  }
}

// The module asks its host for nothing that it needs: it has no files, no arguments and no clock.
const kBadFile = 8;
function systemCalls(module) {
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module))
    (imports[from] ??= {})[name] =
      name === 'proc_exit'
        ? () => { throw new LimnError('the module has stopped; this is a fault of limn'); }
        : () => kBadFile;
  return imports;
}

export class Engine {
  #exports;
  #allocated = [];

  /** @param {WebAssembly.Module} module */
  static async start(module) {
    const engine = new Engine();
    const instance = await WebAssembly.instantiate(module, systemCalls(module));
    engine.#exports = instance.exports;
    engine.#exports._initialize();
    return engine;
  }

  version() {
    const memory = new Uint8Array(this.#exports.memory.buffer);
    const start = this.#exports.limn_version();
    return new TextDecoder().decode(memory.slice(start, memory.indexOf(0, start)));
  }

  /** The bytes of memory that the module has taken. */
  memory() { return this.#exports.memory.buffer.byteLength; }

  load(bytes, name, isMagenta, precision) {
    const [title, kind] = [name, precision].map((text) => new TextEncoder().encode(text));
    const model = this.#call('limn_load', this.#put(bytes), bytes.length, this.#put(title), title.length, isMagenta,
      this.#put(kind), kind.length);
    this.#call('limn_describe', model);
    return { model, ...JSON.parse(this.#text()) };
  }
  unload(model) { this.#exports.limn_unload(model); }

  sample(model, count, options) { return this.#drawings('limn_sample', model, count, ...this.#json(options)); }
  priorLatents(model, count, options) { return this.#rows('limn_prior_latents', model, count, ...this.#json(options)); }
  decode(model, z, count, options) {
    return this.#drawings('limn_decode', model, this.#put(z), count, ...this.#json(options));
  }
  interpolate(a, b, steps) { return this.#rows('limn_interpolate', this.#put(a), this.#put(b), a.length, steps); }

  encodeSketches(model, { rows, counts }) {
    return this.#rows('limn_encode_sketches', model, this.#put(rows), this.#put(counts), counts.length);
  }
  drawPosterior(posterior, count, zSize, options) {
    return this.#rows('limn_draw_posterior', this.#put(posterior), count, zSize, ...this.#json(options));
  }
  grow(model, beginning, count, usesPrior, mostPoints, options) {
    const rows = beginning ?? new Float32Array(0);
    return this.#call('limn_grow', model, this.#put(rows), beginning ? rows.length / 3 : -1, count, usesPrior,
      mostPoints, ...this.#json(options));
  }
  growStep(growing, wanted) {
    this.#call('limn_grow_step', growing, wanted);
    return { points: this.#numbers(), states: this.#counts() };
  }
  growEnd(growing) { this.#exports.limn_grow_end(growing); }
  outputs(model, rows, z) {
    return this.#rows('limn_outputs', model, this.#put(rows), rows.length / 3, this.#put(z));
  }

  encodeImages(model, pixels, count, options) {
    return this.#rows('limn_encode_images', model, this.#put(pixels), count, ...this.#json(options));
  }
  stepsFrom(model, z, count) {
    this.#call('limn_steps_from', model, this.#put(z), count);
    return { numbers: this.#numbers(), counts: this.#counts() };
  }
  stepsRedrawing(model, pixels, count, options) {
    this.#call('limn_steps_redrawing', model, this.#put(pixels), count, ...this.#json(options));
    return { numbers: this.#numbers(), counts: this.#counts() };
  }
  manifoldLatents(model, side, base) { return this.#rows('limn_manifold_latents', model, side, this.#put(base)); }

  svg(rows) {
    this.#call('limn_svg', this.#put(rows), rows.length / 3);
    return this.#text();
  }
  sheetSvg({ rows, counts }, columns) {
    this.#call('limn_sheet_svg', this.#put(rows), this.#put(counts), counts.length, columns);
    return this.#text();
  }
  gcode({ rows, counts }, options) {
    this.#call('limn_gcode', this.#put(rows), this.#put(counts), counts.length, ...this.#json(options));
    return this.#text();
  }
  npySketches({ rows, counts }) {
    this.#call('limn_npy_sketches', this.#put(rows), this.#put(counts), counts.length);
    return this.#bytes();
  }
  npy(values, shape) {
    const sizes = Int32Array.from(shape);
    this.#call('limn_npy', this.#put(values), this.#put(sizes), sizes.length);
    return this.#bytes();
  }

  // The result of the function; an error where that is 0. Frees what #put() has taken for it.
  #call(name, ...args) {
    try {
      const given = this.#exports[name](...args);
      if (!given) throw new LimnError(this.#read('limn_error', 'limn_error_size'));
      return given;
    } finally {
      for (const memory of this.#allocated.splice(0)) this.#exports.limn_free(memory);
    }
  }
  #put(array) {
    const memory = this.#exports.limn_allocate(array.byteLength);
    if (!memory) throw new LimnError('not enough memory');
    this.#allocated.push(memory);
    new Uint8Array(this.#exports.memory.buffer)
      .set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), memory);
    return memory;
  }
  #json(options) {
    const text = new TextEncoder().encode(JSON.stringify(options));
    return [this.#put(text), text.length];
  }
  #view(Type, pointer, size) {
    const { buffer } = this.#exports.memory;
    return new Type(buffer, this.#exports[pointer](), this.#exports[size]());
  }
  #read(pointer, size) { return new TextDecoder().decode(this.#view(Uint8Array, pointer, size)); }
  #text() { return this.#read('limn_text', 'limn_text_size'); }
  #bytes() { return this.#view(Uint8Array, 'limn_text', 'limn_text_size').slice(); }
  #numbers() { return this.#view(Float32Array, 'limn_numbers', 'limn_numbers_size').slice(); }
  #counts() { return this.#view(Int32Array, 'limn_counts', 'limn_counts_size').slice(); }
  #rows(...call) {
    this.#call(...call);
    return this.#numbers();
  }
  #drawings(...call) {
    this.#call(...call);
    return { rows: this.#numbers(), counts: this.#counts() };
  }
}
