// A loaded model of any family. A call that it cannot do is refused with the words of the command limn. Every call is a
// promise, whether the model is in this thread or in a worker.
import { Drawing, Picture, packed, toDrawing, unpackedDrawings } from './drawing.js';
import { LimnError } from './engine.js';
import { checked, checkedCount } from './options.js';

const kPointsAtOnce = 16;  // that a stream waits for: enough to hide the way to a worker and back

function rowsOf(numbers, size) {
  return Array.from({ length: size ? numbers.length / size : 0 }, (_, i) => numbers.subarray(i * size, (i + 1) * size));
}

export class Model {
  #host;
  #model;
  #parts;  // {host, model} of each worker; the first one is the two above
  #inability;
  #finished = new FinalizationRegistry((parts) => {
    for (const { host, model } of parts) host.call('unload', model).catch(() => {});
  });

  constructor(parts, { model: _, inability, ...facts }) {
    this.#parts = parts;
    [{ host: this.#host, model: this.#model }] = parts;
    this.#inability = inability;
    Object.assign(this, facts);
    this.#finished.register(this, parts, this);
  }

  /** Whether it can 'encode', 'decode', 'complete', has a 'temperature' or draws in 'steps'. */
  can(ability) {
    if (!Object.hasOwn(this.#inability, ability))
      throw new LimnError(`can: unknown ability ${ability}; expected one of ${Object.keys(this.#inability).join(', ')}`);
    return this.#inability[ability] === '';
  }
  /** Why it cannot, or ''. */
  inability(ability) { return this.can(ability) ? '' : this.#inability[ability]; }

  /** Gives its memory back. Calls after it fail. */
  async unload() {
    if (this.#model === 0) return;
    this.#finished.unregister(this);
    this.#model = 0;
    await Promise.all(this.#parts.map(({ host, model }) => host.call('unload', model)));
  }

  /** `count` new drawings: those of limn sample for the seed. */
  async sample(count = 1, options = {}) {
    const given = checked('sample', options);
    return this.#shared(checkedCount('sample', count), (call, first, number) => call('sample', number, { ...given, first }));
  }

  /** Endings of a drawing, in the units of the model's data. Streams the points; see Completion. */
  complete(beginning, options = {}) {
    const { count = 1, prior = false, maxPoints = 0, onPoint, ...drawing } = checked('complete', options);
    const { stroke3 } = toDrawing(beginning);
    const begin = () => {
      if (this.#inability.complete) throw new LimnError(this.#inability.complete);
      return this.#call('grow', stroke3, count, prior, maxPoints, drawing);
    };
    return new Completion(this.#host, begin, stroke3, count, onPoint);
  }

  /** Latent vectors, one for each drawing or picture: the mean of z, or with sample: true a draw. */
  async encode(given, options = {}) {
    const { sample = false, ...rest } = checked('encode', options);
    const all = Array.isArray(given) && !this.#isStrokes(given) ? given : [given];
    if (this.content === 'images') {
      const z = await this.#call('encodeImages', this.#pixels(all), all.length, { mean: !sample, ...rest });
      return { z: rowsOf(z, this.latentSize) };
    }
    const posterior = await this.#call('encodeSketches', packed(all));
    const half = posterior.length / 2;
    const [mu, logVariance] = [posterior.subarray(0, half), posterior.subarray(half)].map((v) => rowsOf(v, this.latentSize));
    const z = sample
      ? rowsOf(await this.#host.call('drawPosterior', posterior, all.length, this.latentSize, rest), this.latentSize)
      : mu;
    return { z, mu, logVariance };
  }

  /** A drawing or picture of each latent vector. */
  async decode(z, options = {}) {
    const { values, count } = this.#latents(z);
    const given = checked('decode', options);
    const size = this.latentSize;
    return this.#shared(count, (call, first, number) =>
      call('decode', values.subarray(first * size, (first + number) * size), number, { ...given, first }));
  }

  /** Encodes and draws again. */
  async reconstruct(given, options = {}) {
    const { mean = false, ...drawing } = checked('reconstruct', options);
    const seed = drawing.seed === undefined ? {} : { seed: BigInt(drawing.seed) };
    const { z } = await this.encode(given, { sample: !mean, ...seed });
    return this.decode(z, { ...drawing, ...seed });
  }

  /** Drawings on the great arc between two drawings, pictures or latent vectors, both ends among them. */
  async interpolate(from, to, options = {}) {
    const { steps = 10, ...drawing } = checked('interpolate', { temperature: 0.1, ...options });
    const end = async (value) => {
      if (value instanceof Float32Array && value.length === this.latentSize && this.latentSize > 0) return value;
      return (await this.encode(value)).z[0];
    };
    const path = await this.#host.call('interpolate', await end(from), await end(to), steps);
    if (drawing.seed !== undefined) drawing.seed = BigInt(drawing.seed);
    return this.decode(rowsOf(path, this.latentSize), drawing);
  }

  /** Latent vectors of new drawings. */
  async priorLatents(count = 1, options = {}) {
    const given = checked('sample', options);
    return rowsOf(await this.#call('priorLatents', checkedCount('priorLatents', count), given), this.latentSize);
  }

  /** Of DRAW: every canvas on the way, of latent vectors, of redrawn pictures, or of `count` new ones. */
  async steps(given = 1, options = {}) {
    const { sample = false, ...rest } = checked('steps', options);
    if (this.#inability.steps) throw new LimnError(`${this.name}: ${this.#inability.steps}`);
    const all = Array.isArray(given) ? given : [given];
    let result;
    if (all[0] instanceof Picture) {
      result = await this.#call('stepsRedrawing', this.#pixels(all), all.length, { mean: !sample, ...rest });
    } else {
      const z = typeof given === 'number'
        ? await this.#call('priorLatents', checkedCount('steps', given), rest) : this.#latents(all).values;
      result = await this.#call('stepsFrom', z, z.length / this.latentSize);
    }
    return this.#growth(result);
  }

  /** Of a VAE: side x side pictures over the plane of its first two dimensions, row after row. */
  async manifold(options = {}) {
    const { side = 10, base = new Float32Array(this.latentSize) } = checked('manifold', options);
    if (this.content !== 'images' || this.latentSize < 2)
      throw new LimnError(`${this.name}: a manifold is of a model of images with two dimensions of z or more`);
    const z = await this.#call('manifoldLatents', side, this.#latents(base).values);
    return this.decode(rowsOf(z, this.latentSize));
  }

  /** The decoder's output before each point of the drawing and behind the last (teacher forcing): rows of 3 + 6M
   * numbers, three pen logits, then M each of π logits, μx, μy, log σx, log σy and the ρ before its tanh. */
  async outputs(drawing, z = new Float32Array(this.latentSize)) {
    const numbers = await this.#call('outputs', toDrawing(drawing).stroke3, this.#latents(z).values);
    return rowsOf(numbers, numbers.length / (toDrawing(drawing).length + 1));
  }

  #call(method, ...args) {
    if (this.#model === 0) return Promise.reject(new LimnError(`${this.name}: the model was unloaded`));
    return this.#host.call(method, this.#model, ...args);
  }
  // What `count` drawings are, shared among the workers; each draws its own as one alone would.
  async #shared(count, ask) {
    if (this.#model === 0) throw new LimnError(`${this.name}: the model was unloaded`);
    const parts = this.#parts.slice(0, Math.max(1, Math.min(this.#parts.length, count)));
    const firstOf = (i) => Math.floor(count * i / parts.length);
    const given = await Promise.all(parts.map(({ host, model }, i) =>
      ask((method, ...args) => host.call(method, model, ...args), firstOf(i), firstOf(i + 1) - firstOf(i))));
    return given.flatMap((part) => this.#given(part));
  }
  #isStrokes(value) { return Array.isArray(value[0]?.[0]) && typeof value[0][0][0] === 'number'; }
  #given({ rows, counts }) {
    if (this.content === 'sketches') return unpackedDrawings({ rows, counts });
    const [channels, height, width] = this.shape;
    return rowsOf(rows, channels * height * width).map((pixels) => new Picture(pixels, { channels, height, width }));
  }
  #latents(z) {
    const all = Array.isArray(z) && typeof z[0] !== 'number' ? z : [z];
    const values = new Float32Array(all.length * this.latentSize);
    all.forEach((row, i) => {
      if (row?.length !== this.latentSize)
        throw new LimnError(`${this.name}: a latent vector has ${row?.length} numbers, expected ${this.latentSize}`);
      values.set(row, i * this.latentSize);
    });
    return { values, count: all.length };
  }
  #pixels(all) {
    const [channels, height, width] = this.shape;
    const size = channels * height * width;
    const values = new Float32Array(all.length * size);
    all.forEach((picture, i) => {
      const pixels = picture?.pixels ?? picture;
      if (pixels?.length !== size)
        throw new LimnError(`${this.name}: a picture has ${pixels?.length} numbers, expected ${channels} x ${height} x ${width}`);
      values.set(pixels, i * size);
    });
    return values;
  }
  // The numbers of an engine's steps as pictures and windows, drawing after drawing.
  #growth({ numbers, counts: [n, steps, reads, writes] }) {
    const [channels, height, width] = this.shape;
    const size = channels * height * width;
    const window = (i) => {
      const [x, y, side, sigma] = numbers.subarray(n * steps * size + 4 * i, n * steps * size + 4 * i + 4);
      return { x, y, side, sigma };
    };
    return Array.from({ length: n }, (_, d) => Array.from({ length: steps }, (_, t) => {
      const i = d * steps + t;
      return {
        canvas: new Picture(numbers.subarray(i * size, (i + 1) * size), { channels, height, width }),
        read: reads ? window(i) : null,
        write: writes ? window(reads + i) : null,
      };
    }));
  }
}

/** Endings that grow. An async iterator over points {drawing, dx, dy, isPenLifted}; `drawings()` and `await` give the
 * whole drawings, with the beginning in front. It runs once, however it is asked. */
class Completion {
  #run;
  #points = [];
  #ended = false;
  #drawings;

  constructor(host, begin, beginning, count, onPoint) {
    this.#drawings = Array.from({ length: count }, () => [...beginning]);
    this.#run = this.#stream(host, begin, onPoint);
  }

  async *#stream(host, begin, onPoint) {
    const growing = await begin();
    try {
      for (let states = [0]; states.some((s) => s === 0);) {
        const step = await host.call('growStep', growing, kPointsAtOnce);
        states = [...step.states];
        for (let i = 0; i < step.points.length; i += 4) {
          const [drawing, dx, dy, lifted] = step.points.subarray(i, i + 4);
          this.#drawings[drawing].push(dx, dy, lifted);
          const point = { drawing, dx, dy, isPenLifted: lifted === 1 };
          onPoint?.(point);
          yield point;
        }
        if (!states.includes(0))
          this.#drawings = this.#drawings.map((rows, i) => {
            if (rows.length > 0) rows[rows.length - 1] = 1;  // the end is known after the last point
            return new Drawing(rows, { isFinished: states[i] === 1 });
          });
      }
      this.#ended = true;
    } finally {
      await host.call('growEnd', growing);
    }
  }

  [Symbol.asyncIterator]() { return this.#run; }
  async drawings() {
    for await (const _ of this.#run);
    if (!this.#ended) throw new LimnError('complete: the stream was left before its end');
    return this.#drawings;
  }
  then(resolve, reject) { return this.drawings().then(resolve, reject); }
}
