// Bytes from wherever a program keeps a model: memory, a Blob, a URL, or a file in Node.
import { LimnError } from './engine.js';

const isNode = typeof process !== 'undefined' && Boolean(process.versions?.node);
// As the command limn takes of Magenta's files.
const kMostUnpacked = 2 ** 28;

/** The whole of it as a Uint8Array. @throws LimnError naming the source */
export async function readBytes(source) {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (typeof Blob !== 'undefined' && source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  if (typeof Response !== 'undefined' && source instanceof Response) return fromResponse(source, source.url);
  if (!(typeof source === 'string' || source instanceof URL))
    throw new LimnError('load: expected bytes, a Blob, a Response, a URL or the path of a file');
  const text = String(source);
  if (isNode && (text.startsWith('file:') || !/^[a-z][a-z0-9+.-]*:/i.test(text))) {
    const { readFile } = await import('node:fs/promises');
    try {
      return new Uint8Array(await readFile(text.startsWith('file:') ? new URL(text) : text));
    } catch (error) {
      throw new LimnError(error.code === 'ENOENT' ? `${text}: no such file` : `${text}: ${error.message}`);
    }
  }
  let response;
  try {
    response = await fetch(text);
  } catch (error) {
    throw new LimnError(`${text}: cannot be fetched: ${error.message}`);
  }
  return fromResponse(response, text);
}

async function fromResponse(response, name) {
  if (!response.ok) throw new LimnError(`${name}: the server answered ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The last part of a path or URL, which messages begin with. */
export function nameOf(source, otherwise) {
  if (typeof File !== 'undefined' && source instanceof File) return source.name;
  if (typeof Response !== 'undefined' && source instanceof Response) return nameOf(source.url, otherwise);
  if (!(typeof source === 'string' || source instanceof URL)) return otherwise;
  if (String(source).startsWith('data:')) return otherwise;
  return String(source).split(/[?#]/)[0].split('/').pop() || otherwise;
}

/** The unpacked bytes of a gzip file, or the bytes as they are. @throws LimnError for damage and for more than 256 MiB */
export async function unpacked(bytes, name) {
  if (bytes.length < 2 || bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const pieces = [];
  let size = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      size += value.length;
      if (size > kMostUnpacked) break;
      pieces.push(value);
    }
  } catch {
    throw new LimnError(`${name}: the gzip data are damaged`);
  }
  if (size > kMostUnpacked) {
    await reader.cancel();
    throw new LimnError(`${name}: unpacks to more than ${kMostUnpacked} bytes`);
  }
  const all = new Uint8Array(size);
  let place = 0;
  for (const piece of pieces) {
    all.set(piece, place);
    place += piece.length;
  }
  return all;
}

/** Whether a file is read as Magenta's JSON, by its name or else by how it begins: safetensors has 8 bytes of length. */
export function isMagenta(bytes, name) {
  if (/\.(json|js|mjs)(\.gz)?$/i.test(name)) return true;
  if (/\.safetensors$/i.test(name)) return false;
  return bytes[8] !== 0x7b && /^[\s\ufeff]*[[{a-z(]/i.test(new TextDecoder().decode(bytes.subarray(0, 64)));
}
