/**
 * HTTP/2 as bytes (RFC 9113 §4, RFC 7541): what a client that follows no rule can send. Nothing is checked here; header blocks are
 * literals without an index, so that any bytes at all can stand in them.
 */

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const END_STREAM = 1;
export const END_HEADERS = 4;

/** Header pairs in the order they are sent. Characters are bytes. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

export function frame(type: number, flags: number, stream: number, payload: Uint8Array | string = ''): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(bytes.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream >>> 0, 5);
  return Buffer.concat([head, bytes]);
}

export function headerBlock(pairs: HeaderPairs): Buffer {
  return Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

/** What every HTTP/2 connection begins with. */
export const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
  frame(FRAME.settings, 0, 0),
]);

export interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

/** The whole frames of what came; the rest of it is left out. */
export function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 9 <= bytes.length;) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const [type, flags] = [bytes.readUInt8(at + 3), bytes.readUInt8(at + 4)];
    frames.push({ type, flags, stream: bytes.readUInt32BE(at + 5), payload: bytes.subarray(at + 9, end) });
    at = end;
  }
  return frames;
}

function text(characters: string): Buffer {
  const bytes = Buffer.from(characters, 'latin1');
  return Buffer.concat([Buffer.from(integer(bytes.length)), bytes]);
}

/** RFC 7541 §5.1 with a prefix of seven bits. */
function integer(value: number): number[] {
  if (value < 127) return [value];
  const digits = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) digits.push(128 + (rest % 128));
  return [...digits, rest];
}
