/**
 * What sessions say in frames (API contract §6, §4.5, §5.8): inputs of an append session coming in, acknowledgements,
 * batches, heartbeats and errors going out. Bytes in, values out; whose turn it is, is the session's business.
 */

import type { AppendInput } from '../core/admission.ts';
import { assert } from '../core/assert.ts';
import type { AppendAck } from '../core/outcome.ts';
import type { StreamPosition } from '../core/position.ts';
import type { SequencedRecord } from '../core/record.ts';
import type { Compression, HttpRequest } from '../ports.ts';
import { BadRequest } from './errors.ts';
import type { FrameBuffers } from './frame-buffers.ts';
import { LiveEncoding } from './live-encoding.ts';
import { decodeAppendInput, encodeAppendAck } from './proto-messages.ts';
import { encodeReadBatch } from './proto-read-batch.ts';
import type { JsonResponse } from './response.ts';
import {
  type Frame,
  FrameDecoder,
  type FrameEncoding,
  FrameError,
  HEAD_BYTES,
  messageFrame,
  PAYLOAD_BYTES_MAX,
  sealedFrame,
  terminalFrame,
} from './s2s-frames.ts';

export const SESSION_CONTENT_TYPE = 's2s/proto';

/** Below this, compression costs more than it saves (§6.1). */
const COMPRESSED_BYTES_MIN = 1024;

/**
 * Inputs of an append session. Push chunks, and after each take inputs until there is none; `end` when the client closed
 * its side. Every cut of the same bytes gives the same inputs and then the same error.
 */
export class AppendInputDecoder {
  readonly #frames: FrameDecoder;
  readonly #compression: Compression | null;
  #error: BadRequest | null = null;

  /** With `buffers` an input is good until the next call, and `release` has to be called behind the last one. */
  constructor(compression: Compression | null, buffers: FrameBuffers | null = null) {
    this.#frames = new FrameDecoder(buffers);
    this.#compression = compression;
  }

  /** Takes the next chunk, once every input of those before was taken. The bytes must not change afterwards. */
  push(chunk: Uint8Array): void {
    this.#frames.push(chunk);
  }

  /**
   * The next input, or null when more bytes are needed. Decodes, and decompresses, no more than that one. Throws
   * BadRequest, and then nothing else any more: `bad_frame` for what is no input, `invalid` for what no batch may be.
   */
  next(): AppendInput | null {
    return this.#lasting(() => {
      const frame = this.#frames.next();
      return frame === null ? null : decodeAppendInput(this.#payload(frame), 'bad_frame');
    });
  }

  /** Throws BadRequest `bad_frame` when the body ends in the middle of a frame. */
  end(): void {
    this.#lasting(() => this.#frames.end());
  }

  /** The last input is not looked at any more. */
  release(): void {
    this.#frames.release();
  }

  #payload(frame: Frame): Uint8Array {
    if (frame.kind === 'terminal') throw new BadRequest('bad_frame', 'a terminal frame is no input');
    if (frame.encoding === 'none') return frame.payload;
    const payload = this.#compression?.[frame.encoding].decompress(frame.payload, PAYLOAD_BYTES_MAX) ?? null;
    if (payload === null) throw new BadRequest('bad_frame', `the frame can not be decompressed by ${frame.encoding}`);
    return payload;
  }

  /** The first error is the last word. */
  #lasting<T>(work: () => T): T {
    if (this.#error !== null) throw this.#error;
    try {
      return work();
    } catch (error) {
      if (error instanceof FrameError) this.#error = new BadRequest('bad_frame', error.message);
      else if (error instanceof BadRequest) this.#error = error;
      throw this.#error ?? error;
    }
  }
}

/** Frames of live batches, by how they are compressed. */
const LIVE_FRAMES: Record<FrameEncoding, LiveEncoding<readonly Uint8Array[]>> = {
  none: new LiveEncoding(),
  zstd: new LiveEncoding(),
  gzip: new LiveEncoding(),
};

/** The answers of a session, each as the bytes of one write. */
export class FrameWriter {
  readonly #encoding: FrameEncoding;
  readonly #compression: Compression | null;

  /** `headers` of the request say what the client can decompress. */
  constructor(headers: HttpRequest['headers'], compression: Compression | null) {
    this.#encoding = compression === null ? 'none' : acceptedEncoding(headers.get('accept-encoding'));
    this.#compression = compression;
  }

  ack(ack: AppendAck): Uint8Array {
    return messageFrame(encodeAppendAck(ack));
  }

  /**
   * One frame, or several when the records do not fit into one, which takes a thousand headers a record. `tail` goes with
   * the last.
   */
  batch(records: readonly SequencedRecord[], tail: StreamPosition | null): readonly Uint8Array[] {
    return LIVE_FRAMES[this.#encoding].of(records, tail, () => this.#frames(records, tail));
  }

  #frames(records: readonly SequencedRecord[], tail: StreamPosition | null): Uint8Array[] {
    const room = encodeReadBatch(records, tail, HEAD_BYTES);
    const payload = room.subarray(HEAD_BYTES);
    if (payload.length <= PAYLOAD_BYTES_MAX) return [this.#smaller(payload) ?? sealedFrame(room)];
    assert(records.length > 1, 'every record that was taken fits into a frame');
    const half = records.length >> 1;
    return [...this.#frames(records.slice(0, half), null), ...this.#frames(records.slice(half), tail)];
  }

  /** A batch without records: the reader has everything up to `tail`. */
  heartbeat(tail: StreamPosition): Uint8Array {
    return sealedFrame(encodeReadBatch([], tail, HEAD_BYTES));
  }

  /** The last frame: what would have been the response, had the session not begun. */
  error({ status, body }: JsonResponse): Uint8Array {
    return terminalFrame(status, body);
  }

  /** The payload as a compressed frame, or null when that is not wanted or of no use. */
  #smaller(payload: Uint8Array): Uint8Array | null {
    if (this.#compression === null || this.#encoding === 'none' || payload.length < COMPRESSED_BYTES_MIN) return null;
    const smaller = this.#compression[this.#encoding].compress(payload);
    return smaller.length < payload.length ? messageFrame(smaller, this.#encoding) : null;
  }
}

/** zstd wherever it is named, else gzip wherever it is named; weights do not count, not even `q=0` (§6.1). */
function acceptedEncoding(acceptEncoding = ''): FrameEncoding {
  const names = acceptEncoding.split(',').map((part) => part.split(';')[0]?.trim().toLowerCase());
  if (names.includes('zstd')) return 'zstd';
  return names.includes('gzip') ? 'gzip' : 'none';
}
