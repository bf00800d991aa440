/**
 * Frames of S2S sessions (API contract §6.1): three bytes of length, one byte of flags, a payload.
 *
 * The decoder takes chunks cut anywhere and gives the same frames for every cut: first all that are whole, then, if there
 * is one, the error. It holds at most one frame, and no memory for bytes that were only announced.
 */

import type { FrameBuffers } from './frame-buffers.ts';

/** The length field counts the flags and the payload. */
const LENGTH_MAX = 2 * 1024 * 1024;
/** A payload, compressed or not, and after decompression. */
export const PAYLOAD_BYTES_MAX = LENGTH_MAX - 1;

/** Length and flags. */
export const HEAD_BYTES = 4;
const STATUS_BYTES = 2;
const TERMINAL = 0x80;
const RECONNECT_ADVISED = 0x10;
const ENCODINGS = ['none', 'zstd', 'gzip'] as const;

/** How a payload is compressed. */
export type FrameEncoding = (typeof ENCODINGS)[number];

export type Frame =
  | { kind: 'message'; encoding: FrameEncoding; reconnectAdvised: boolean; payload: Uint8Array }
  /** The last frame of a session: an HTTP status and the body that belongs to it. */
  | { kind: 'terminal'; status: number; body: Uint8Array };

/** What came is no frame. The session can not go on. */
export class FrameError extends Error {
  override name = 'FrameError';
}

/** `payload` is as `encoding` says, at most PAYLOAD_BYTES_MAX long. */
export function messageFrame(
  payload: Uint8Array,
  encoding: FrameEncoding = 'none',
  reconnectAdvised = false,
): Uint8Array {
  return frame((ENCODINGS.indexOf(encoding) << 5) | (reconnectAdvised ? RECONNECT_ADVISED : 0), payload);
}

/** The same for a payload that stands in its place already: `room` begins with HEAD_BYTES that are free. */
export function sealedFrame(room: Uint8Array): Uint8Array {
  const length = room.length - HEAD_BYTES + 1;
  if (length > LENGTH_MAX) throw new RangeError(`a frame of ${length} bytes is more than ${LENGTH_MAX}`);
  room.set([length >> 16, (length >> 8) & 0xff, length & 0xff, 0]);
  return room;
}

export function terminalFrame(status: number, body: Uint8Array): Uint8Array {
  const payload = new Uint8Array(STATUS_BYTES + body.length);
  payload.set([status >> 8, status & 0xff]);
  payload.set(body, STATUS_BYTES);
  return frame(TERMINAL, payload);
}

function frame(flags: number, payload: Uint8Array): Uint8Array {
  const length = 1 + payload.length;
  if (length > LENGTH_MAX) throw new RangeError(`a frame of ${length} bytes is more than ${LENGTH_MAX}`);
  const bytes = new Uint8Array(3 + length);
  bytes.set([length >> 16, (length >> 8) & 0xff, length & 0xff, flags]);
  bytes.set(payload, HEAD_BYTES);
  return bytes;
}

/** A frame that comes in pieces is gathered in lent memory from here on; most frames of small appends never get so far. */
const LENT_FROM_BYTES = 32 * 1024;

/**
 * Push chunks, and after each take frames until there is none; `end` when the body is over. With `buffers` a payload is
 * good until the next call, and `release` has to be called behind the last one; without, payloads last.
 */
export class FrameDecoder {
  readonly #buffers: FrameBuffers | null;
  #lent: Uint8Array | null = null;
  /** What came last, and how much of it was taken. */
  #chunk: Uint8Array = new Uint8Array();
  #taken = 0;
  readonly #head = new Uint8Array(HEAD_BYTES);
  #headFilled = 0;
  /** Payload that came in earlier chunks, in a buffer that grows with it. */
  #payload: Uint8Array = new Uint8Array();
  #payloadFilled = 0;
  #error: FrameError | null = null;

  constructor(buffers: FrameBuffers | null = null) {
    this.#buffers = buffers;
  }

  /** Takes the next chunk. Every frame of those before must have been taken; the bytes must not change afterwards. */
  push(chunk: Uint8Array): void {
    const isTaken = this.#taken === this.#chunk.length;
    if (this.#error === null && !isTaken) throw new RangeError('take every frame before the next chunk');
    this.#chunk = chunk;
    this.#taken = 0;
  }

  /** The next frame, or null when more bytes are needed. Payloads may be views of a chunk. Throws FrameError, again and again. */
  next(): Frame | null {
    if (this.#error !== null) throw this.#error;
    // A payload that was handed out was gathered: the frame behind it has none yet.
    if (this.#payloadFilled === 0) this.release();
    try {
      return this.#next();
    } catch (error) {
      if (error instanceof FrameError) this.#error = error;
      throw error;
    }
  }

  /** The body is over. Throws FrameError when that is in the middle of a frame. */
  end(): void {
    if (this.#error !== null) throw this.#error;
    if (this.#headFilled > 0) throw (this.#error = new FrameError('the body ends in the middle of a frame'));
  }

  /** The last payload is not looked at any more. */
  release(): void {
    if (this.#lent !== null) this.#buffers?.give(this.#lent);
    this.#lent = null;
  }

  #next(): Frame | null {
    while (this.#headFilled < HEAD_BYTES) {
      const byte = this.#chunk[this.#taken];
      if (byte === undefined) return null;
      this.#head[this.#headFilled++] = byte;
      this.#taken++;
      // Judged as soon as they are there: nobody waits for the rest of what is refused anyway.
      if (this.#headFilled === 3) this.#checkLength();
      if (this.#headFilled === HEAD_BYTES) this.#checkFlags();
    }
    const payload = this.#takePayload(this.#payloadLength);
    if (payload === null) return null;
    this.#headFilled = 0;
    return this.#frame(payload);
  }

  get #payloadLength(): number {
    return ((this.#byte(0) << 16) | (this.#byte(1) << 8) | this.#byte(2)) - 1;
  }

  get #encoding(): FrameEncoding | undefined {
    return ENCODINGS[(this.#byte(3) >> 5) & 3];
  }

  #byte(at: number): number {
    return this.#head[at] as number;
  }

  #checkLength(): void {
    const length = this.#payloadLength + 1;
    if (length === 0) throw new FrameError('a frame has at least its flags');
    if (length > LENGTH_MAX) throw new FrameError(`a frame of ${length} bytes is more than ${LENGTH_MAX}`);
  }

  /** The lowest four bits are reserved, and not looked at. */
  #checkFlags(): void {
    if (this.#encoding === undefined) throw new FrameError('unknown compression of a frame');
    const isTerminal = (this.#byte(3) & TERMINAL) !== 0;
    if (isTerminal && this.#encoding !== 'none') throw new FrameError('a terminal frame is never compressed');
    if (isTerminal && this.#payloadLength < STATUS_BYTES) throw new FrameError('a terminal frame has a status');
  }

  #frame(payload: Uint8Array): Frame {
    const flags = this.#byte(3);
    if ((flags & TERMINAL) === 0) {
      const encoding = this.#encoding as FrameEncoding;
      return { kind: 'message', encoding, reconnectAdvised: (flags & RECONNECT_ADVISED) !== 0, payload };
    }
    const status = ((payload[0] as number) << 8) | (payload[1] as number);
    if (status < 100 || status > 999) throw new FrameError(`${status} is no HTTP status`);
    return { kind: 'terminal', status, body: payload.subarray(STATUS_BYTES) };
  }

  /** `length` bytes, once they are all there. */
  #takePayload(length: number): Uint8Array | null {
    const wanted = length - this.#payloadFilled;
    const part = this.#chunk.subarray(this.#taken, this.#taken + wanted);
    this.#taken += part.length;
    if (part.length === length) return part;
    this.#gather(part, length);
    if (part.length < wanted) return null;
    const whole = this.#payload.subarray(0, length);
    this.#payload = new Uint8Array();
    this.#payloadFilled = 0;
    return whole;
  }

  #gather(part: Uint8Array, length: number): void {
    const filled = this.#payloadFilled + part.length;
    if (filled > this.#payload.length) {
      const larger = this.#larger(filled, length);
      larger.set(this.#payload.subarray(0, this.#payloadFilled));
      this.#payload = larger;
    }
    this.#payload.set(part, this.#payloadFilled);
    this.#payloadFilled = filled;
  }

  #larger(filled: number, length: number): Uint8Array {
    if (filled > LENT_FROM_BYTES && this.#lent === null) this.#lent = this.#buffers?.take() ?? null;
    return this.#lent ?? new Uint8Array(Math.min(length, Math.max(filled, 2 * this.#payload.length, 256)));
  }
}
