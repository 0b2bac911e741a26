/** limn in JavaScript: models that draw (Sketch-RNN, VAEs, DRAW), in the browser and in Node. */

/** A mistake of the caller, or a file that cannot be read. The message is the line that the command limn prints. */
export class LimnError extends Error {}

export type Ability = 'encode' | 'decode' | 'complete' | 'temperature' | 'steps';
/** Positions [x, y] of strokes; y downwards. */
export type Strokes = ArrayLike<ArrayLike<readonly [number, number]>>;
/** A drawing, rows (dx, dy, pen lifted) one after the other, or strokes. */
export type DrawingLike = Drawing | Float32Array | Float64Array | number[][][];
export type PictureLike = Picture | Float32Array;
export type Given = DrawingLike | PictureLike;
/** Z numbers. */
export type Latent = Float32Array;

export interface LoadOptions {
  /** Run the model in a worker. Default: in the browser true, in Node false. A number: in so many workers, which share
   * the drawings of sample, decode, reconstruct and interpolate, and draw what one would. Each holds the weights. */
  worker?: boolean | number;
  /** The name in messages; its ending tells the format. Default: that of the file or URL. */
  name?: string;
  /** Of the weights that strokes are drawn with. 'bf16' keeps them in half the memory, draws faster, and changes what a
   * seed draws, as --precision of the command. Default 'f32'. */
  precision?: 'f32' | 'bf16';
}
export interface DrawingOptions {
  /** How varied, 0.001 to 1000. Default 0.4. */
  temperature?: number;
  /** How the temperature T widens offsets: by its root ('sqrt', the paper) or by T ('linear', Magenta's Python). */
  sigmaTemperature?: 'sqrt' | 'linear';
  /** Always the likeliest point. */
  greedy?: boolean;
  /** Another number, other drawings. Default 1. */
  seed?: number | bigint;
}
export interface SampleOptions extends DrawingOptions {
  /** Where z comes from. Default: the fitted prior where the model has one, else N(0, I). */
  prior?: 'fitted' | 'standard';
  /** Draw others in the place of blank sketches. */
  skipBlank?: boolean;
}
export interface CompleteOptions extends DrawingOptions {
  /** Endings. Default 1. */
  count?: number;
  /** z from the prior in place of what is given. */
  prior?: boolean;
  /** Of the whole drawing. Default: the model's maxPoints. */
  maxPoints?: number;
  /** Called with each point when it is drawn. */
  onPoint?: (point: NewPoint) => void;
}
export interface EncodeOptions {
  /** A draw from the posterior in place of its mean. */
  sample?: boolean;
  seed?: number | bigint;
}
export interface NewPoint {
  /** The ending that it belongs to, from 0. */
  drawing: number;
  /** Offset from the point before, in the units of the model's data. */
  dx: number;
  dy: number;
  isPenLifted: boolean;
}
export interface GcodeOptions {
  /** mm; the default is A4 upright, with a margin of 15. */
  pageWidth?: number;
  pageHeight?: number;
  margin?: number;
  /** The machine's (0, 0), mm from the page's lower left corner. */
  originX?: number;
  originY?: number;
  /** mm per minute; travel 0 is the machine's own speed. */
  feed?: number;
  travel?: number;
  /** Lines of G-code. */
  penUp?: string;
  penDown?: string;
  startCode?: string;
  endCode?: string;
  /** Seconds after each command of the pen. */
  penDelay?: number;
}

/** A sketch in stroke-3, in the units of its data. */
export class Drawing {
  constructor(stroke3: ArrayLike<number>, options?: { isFinished?: boolean });
  static fromStrokes(strokes: Strokes): Drawing;
  /** Rows (dx, dy, pen lifted). */
  readonly stroke3: Float32Array;
  /** Rows (dx, dy, down, lifted, end), with a row for the end. */
  readonly stroke5: Float32Array;
  readonly strokes: [number, number][][];
  /** Points. */
  readonly length: number;
  /** Whether the model ended it; false: cut at its most points. Only of drawings from complete(). */
  readonly isFinished: boolean;
  svg(): Promise<string>;
  /** Black on white, `size` pixels square (default 256). */
  png(options?: { size?: number; lineWidth?: number }): Promise<Uint8Array>;
  gcode(options?: GcodeOptions): Promise<string>;
}

/** An image: pixels [channels, height, width] from 0 to 1. */
export class Picture {
  constructor(pixels: ArrayLike<number>, shape: { channels: number; height: number; width: number });
  readonly pixels: Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** For `new ImageData(picture.rgba, picture.width, picture.height)`. */
  readonly rgba: Uint8ClampedArray;
  /** Bytes [height, width, channels], each pixel `scale` wide and high. */
  bytes(scale?: number): Uint8Array;
  png(options?: { scale?: number }): Promise<Uint8Array>;
}

export interface Window { x: number; y: number; side: number; sigma: number }
/** A canvas of DRAW, and where its attention read and wrote; null without attention, or where nothing is read. */
export interface Step { canvas: Picture; read: Window | null; write: Window | null }

/** Endings that grow: an async iterator over their points. Awaiting it gives the whole drawings. It runs once. */
export interface Completion extends AsyncIterable<NewPoint>, PromiseLike<Drawing[]> {
  drawings(): Promise<Drawing[]>;
}

export class Model {
  /** The file's name. */
  readonly name: string;
  readonly family: 'sketch_rnn' | 'vae' | 'draw';
  readonly content: 'sketches' | 'images';
  /** Numbers that say everything about a drawing: Z, of DRAW T · Z; 0: no latent space. */
  readonly latentSize: number;
  /** Of sketches: what the data were divided by, and the points of the longest drawing. */
  readonly scaleFactor?: number;
  readonly maxPoints?: number;
  /** Of images: channels, height, width. */
  readonly shape?: [number, number, number];
  readonly hasFittedPrior: boolean;
  /** Training steps. */
  readonly step: number;
  readonly options: Record<string, unknown>;
  readonly metrics: Record<string, unknown>;

  can(ability: Ability): boolean;
  /** Why it cannot, or ''. */
  inability(ability: Ability): string;
  /** New drawings: those of `limn sample` for the seed. */
  sample(count?: number, options?: SampleOptions): Promise<(Drawing | Picture)[]>;
  /** Endings of a drawing, in the units of the model's data: those of `limn complete --scale keep` for the seed. */
  complete(beginning: DrawingLike, options?: CompleteOptions): Completion;
  /** Latent vectors; of sketches also the posterior N(mu, exp(logVariance)). */
  encode(given: Given | Given[], options?: EncodeOptions): Promise<{ z: Latent[]; mu?: Latent[]; logVariance?: Latent[] }>;
  decode(z: Latent | Latent[], options?: DrawingOptions): Promise<(Drawing | Picture)[]>;
  /** Encodes and draws again; mean: true takes the mean of z. */
  reconstruct(given: Given | Given[], options?: DrawingOptions & { mean?: boolean }): Promise<(Drawing | Picture)[]>;
  /** Drawings on the way between two, both ends among them. Default: 10 steps at temperature 0.1. */
  interpolate(from: Given | Latent, to: Given | Latent, options?: DrawingOptions & { steps?: number }): Promise<(Drawing | Picture)[]>;
  priorLatents(count?: number, options?: SampleOptions): Promise<Latent[]>;
  /** Of DRAW: the canvases of `given` new pictures, of latent vectors, or of pictures that are redrawn. */
  steps(given?: number | Latent | Latent[] | Picture | Picture[], options?: EncodeOptions & { prior?: 'fitted' | 'standard' }): Promise<Step[][]>;
  /** Of a VAE: side × side pictures over its first two dimensions, row after row. The others are those of `base`. */
  manifold(options?: { side?: number; base?: Latent }): Promise<Picture[]>;
  /** The decoder's output before each point and behind the last (teacher forcing), rows of 3 + 6M numbers: pen logits,
   * then M each of π logits, μx, μy, log σx, log σy and the ρ before its tanh. In the model's normalised units. */
  outputs(drawing: DrawingLike, z?: Latent): Promise<Float32Array[]>;
  /** Gives the memory back; the model can do nothing more. */
  unload(): Promise<void>;
}

/** A model: .safetensors of limn, or Magenta's sketch-rnn JSON, packed by gzip or not. Of a string, Node takes a path. */
export function load(source: string | URL | ArrayBuffer | ArrayBufferView | Blob | Response, options?: LoadOptions): Promise<Model>;
export function interpolate(model: Model, from: Given | Latent, to: Given | Latent, options?: DrawingOptions & { steps?: number }): Promise<(Drawing | Picture)[]>;
/** An SVG file of drawings in a grid. */
export function sheet(drawings: DrawingLike[], options?: { columns?: number }): Promise<string>;
/** G-code of drawings in a grid on one page. */
export function gcode(drawings: DrawingLike[], options?: GcodeOptions): Promise<string>;
/** NumPy's .npz, each entry a list of drawings or an array of float32. `train`, `valid`, `test` make a data set. */
export function npz(entries: Record<string, DrawingLike[] | { values: ArrayLike<number>; shape: number[] }>): Promise<Uint8Array>;
/** The version of limn that the module is made from. */
export function version(): Promise<string>;
/** Ends the workers and frees all models. */
export function close(): Promise<void>;
