/**
 * What the fuzzer holds decoders to, written again in the plainest way and sharing nothing with them: is this a well-formed
 * append message, whole frames, a number of 64 bits? A decoder that takes what a judge refuses has a bug, or the judge has.
 */

/** Wire types of S2's append messages by field number; an object is a nested message. */
interface Shape {
  readonly [field: number]: 'varint' | 'bytes' | Shape;
}

const HEADER: Shape = { 1: 'bytes', 2: 'bytes' };
export const APPEND_INPUT: Shape = { 1: { 1: 'varint', 2: HEADER, 3: 'bytes' }, 2: 'varint', 3: 'bytes' };

/** Known fields have their wire type, and everything ends where it says it does. Unknown fields of any kind may be there. */
export function isMessage(bytes: Uint8Array, shape: Shape): boolean {
  let at = 0;
  while (at < bytes.length) {
    const tag = varint(bytes, at);
    if (tag === null || tag.value > 0xffff_ffffn || tag.value >> 3n === 0n) return false;
    const [field, wireType] = [Number(tag.value >> 3n), Number(tag.value & 7n)];
    const end = fieldEnd(bytes, tag.end, field, wireType, 0);
    if (end === null) return false;
    const known = shape[field];
    if (known !== undefined && wireType !== (known === 'varint' ? 0 : 2)) return false;
    if (typeof known === 'object') {
      const start = varint(bytes, tag.end)?.end ?? 0;
      if (!isMessage(bytes.subarray(start, end), known)) return false;
    }
    at = end;
  }
  return true;
}

function fieldEnd(bytes: Uint8Array, at: number, field: number, wireType: number, depth: number): number | null {
  if (wireType === 0) return varint(bytes, at)?.end ?? null;
  if (wireType === 1) return at + 8 <= bytes.length ? at + 8 : null;
  if (wireType === 5) return at + 4 <= bytes.length ? at + 4 : null;
  if (wireType === 2) {
    const length = varint(bytes, at);
    return length !== null && BigInt(length.end) + length.value <= bytes.length
      ? length.end + Number(length.value)
      : null;
  }
  return wireType === 3 && depth < 200 ? groupEnd(bytes, at, field, depth + 1) : null;
}

function groupEnd(bytes: Uint8Array, start: number, field: number, depth: number): number | null {
  for (let at: number | null = start; at !== null;) {
    const tag = varint(bytes, at);
    if (tag === null || tag.value >> 3n === 0n) return null;
    if ((tag.value & 7n) === 4n) return tag.value >> 3n === BigInt(field) ? tag.end : null;
    at = fieldEnd(bytes, tag.end, Number(tag.value >> 3n), Number(tag.value & 7n), depth);
  }
  return null;
}

function varint(bytes: Uint8Array, start: number): { value: bigint; end: number } | null {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) return null;
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return value < 2n ** 64n ? { value, end: start + i + 1 } : null;
  }
  return null;
}

/** Frames, one behind the other, to the last byte. */
export function areFrames(bytes: Uint8Array): boolean {
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return false;
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0) >>> 8;
    if (length < 1 || length > 2 * 1024 * 1024) return false;
    at += 3 + length;
  }
  return at === bytes.length;
}

export function isU64(text: string): boolean {
  return /^[0-9]+$/.test(text) && BigInt(text) < 1n << 64n;
}
