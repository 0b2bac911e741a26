// NumPy's .npz: a zip archive of .npy files that are stored as they are, as numpy.savez() writes it.
import { crc32 } from './png.js';

const kStamp = 0x0021;  // 1 January 1980, the first day that zip knows: the same content gives the same bytes

// The fields that a member's local header and its entry in the directory share.
function shared(view, at, member) {
  view.setUint16(at, 20, true);  // the version that is needed
  view.setUint16(at + 8, kStamp, true);
  view.setUint32(at + 10, member.crc, true);
  view.setUint32(at + 14, member.bytes.length, true);
  view.setUint32(at + 18, member.bytes.length, true);
  view.setUint16(at + 22, member.name.length, true);
}

/** A zip archive of `entries`: pairs of a name and its bytes. */
export function zip(entries) {
  const members = entries.map(([name, bytes]) => ({ name: new TextEncoder().encode(name), bytes, crc: crc32(bytes) }));
  const headers = members.reduce((sum, m) => sum + 30 + m.name.length + m.bytes.length, 0);
  const directory = members.reduce((sum, m) => sum + 46 + m.name.length, 0);
  const file = new Uint8Array(headers + directory + 22);
  const view = new DataView(file.buffer);
  let at = 0, entry = headers;
  for (const member of members) {
    view.setUint32(entry, 0x02014b50, true);
    view.setUint16(entry + 4, 20, true);
    shared(view, entry + 6, member);
    view.setUint32(entry + 42, at, true);
    file.set(member.name, entry + 46);
    entry += 46 + member.name.length;
    view.setUint32(at, 0x04034b50, true);
    shared(view, at + 4, member);
    file.set(member.name, at + 30);
    file.set(member.bytes, at + 30 + member.name.length);
    at += 30 + member.name.length + member.bytes.length;
  }
  view.setUint32(entry, 0x06054b50, true);
  view.setUint16(entry + 8, members.length, true);
  view.setUint16(entry + 10, members.length, true);
  view.setUint32(entry + 12, directory, true);
  view.setUint32(entry + 16, headers, true);
  return file;
}
