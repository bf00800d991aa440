/** Frames: S2's golden bytes, the official client's own framing, every cut, every limit. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { anyCuts, concat, cut, fromHex } from '../testing/codec-values.ts';
import * as official from '../testing/official-codecs.ts';
import { FrameBuffers } from './frame-buffers.ts';
import { type Frame, FrameDecoder, FrameError, messageFrame, PAYLOAD_BYTES_MAX, terminalFrame } from './s2s-frames.ts';

const LENGTH_MAX = 2 * 1024 * 1024;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const utf8 = (text: string) => new TextEncoder().encode(text);

/** All frames of `chunks`, and how it ended: cleanly, in the middle of a frame, or with what error. */
function decodeAll(chunks: readonly Uint8Array[]): { frames: Frame[]; end: string } {
  const decoder = new FrameDecoder();
  const frames: Frame[] = [];
  try {
    for (const chunk of chunks) {
      decoder.push(chunk);
      for (let frame = decoder.next(); frame !== null; frame = decoder.next()) frames.push(frame);
    }
    decoder.end();
    return { frames, end: 'clean' };
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    expect(() => decoder.next()).toThrow(error);
    expect(() => decoder.end()).toThrow(error);
    return { frames, end: error.message };
  }
}

const anyFrame: fc.Arbitrary<{ bytes: Uint8Array; frame: Frame }> = fc.oneof(
  fc
    .record({
      encoding: fc.constantFrom('none' as const, 'zstd' as const, 'gzip' as const),
      reconnectAdvised: fc.boolean(),
      payload: fc.uint8Array({ maxLength: 600 }),
    })
    .map(({ payload, encoding, reconnectAdvised }) => ({
      bytes: messageFrame(payload, encoding, reconnectAdvised),
      frame: { kind: 'message' as const, encoding, reconnectAdvised, payload },
    })),
  fc.record({ status: fc.integer({ min: 100, max: 999 }), body: fc.uint8Array({ maxLength: 40 }) }).map((it) => ({
    bytes: terminalFrame(it.status, it.body),
    frame: { kind: 'terminal' as const, ...it },
  })),
);

describe('lent memory', () => {
  const bytesMax = 40_000;
  const payloadOf = (frame: Frame | null) => (frame?.kind === 'message' ? frame.payload.slice() : null);

  test('gives the same payloads for every cut, one after the other, and is given back', () => {
    const payloads = [39_000, 10, 36_000, 33_000].map((length, i) => new Uint8Array(length).fill(i + 1));
    const bytes = concat(...payloads.map((payload) => messageFrame(payload)));
    for (const size of [1_000, 16_384, 33_000, bytes.length]) {
      const buffers = new FrameBuffers(bytesMax, 1);
      const decoder = new FrameDecoder(buffers);
      const got: (Uint8Array | null)[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        decoder.push(bytes.subarray(at, at + size));
        for (let frame = decoder.next(); frame !== null; frame = decoder.next()) got.push(payloadOf(frame));
      }
      decoder.end();
      decoder.release();
      expect(got, String(size)).toEqual(payloads);
      expect(buffers.take(), 'it is there again').not.toBeNull();
    }
  });

  test('that is all out is done without', () => {
    const buffers = new FrameBuffers(bytesMax, 1);
    const half = messageFrame(new Uint8Array(38_000).fill(7));
    const decoders = [new FrameDecoder(buffers), new FrameDecoder(buffers)];
    for (const decoder of decoders) {
      decoder.push(half.subarray(0, 35_000));
      expect(decoder.next()).toBeNull();
    }
    expect(buffers.take()).toBeNull();
    for (const decoder of decoders) {
      decoder.push(half.subarray(35_000));
      expect(payloadOf(decoder.next())).toEqual(new Uint8Array(38_000).fill(7));
      decoder.release();
    }
    expect(buffers.take()).not.toBeNull();
    expect(buffers.take(), 'given back once').toBeNull();
  });
});

describe('golden bytes', () => {
  test.each([
    ['an input', messageFrame(fromHex('0a031a0178')), '000006 00 0a031a0178'],
    ['a heartbeat', messageFrame(fromHex('1200')), '000003 00 1200'],
    [
      'a failed condition',
      terminalFrame(412, utf8('{"seq_num_mismatch":1}')),
      '000019 80 019c 7b227365715f6e756d5f6d69736d61746368223a317d',
    ],
  ])('of %s', (_, frame, bytes) => {
    expect(hex(frame)).toBe(bytes.replaceAll(' ', ''));
  });

  test('of flags: compression, and the advice to connect anew', () => {
    expect(messageFrame(new Uint8Array(), 'zstd')[3]).toBe(0x20);
    expect(messageFrame(new Uint8Array(), 'gzip')[3]).toBe(0x40);
    expect(messageFrame(new Uint8Array(), 'none', true)[3]).toBe(0x10);
  });
});

describe('decoding', () => {
  test('any frames, cut anywhere, come back whole and in order', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 4 }), anyCuts, (frames, cuts) => {
        const bytes = concat(...frames.map((frame) => frame.bytes));
        expect(decodeAll(cut(bytes, cuts))).toEqual({ frames: frames.map(({ frame }) => frame), end: 'clean' });
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test('two frames cut at every byte, and byte by byte, are the same two', () => {
    const bytes = concat(messageFrame(utf8('one')), terminalFrame(503, utf8('{}')));
    const whole = decodeAll([bytes]);
    expect(whole.frames).toHaveLength(2);
    for (let at = 0; at <= bytes.length; at++) {
      expect(decodeAll([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    }
    expect(decodeAll([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
  });

  test('any bytes, cut anywhere, give what they give in one piece', () => {
    const lowLengths = fc.array(fc.oneof(fc.constantFrom(0, 0, 0, 1, 2, 0x20, 0x60, 0x80, 0xff), fc.nat(255)), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(lowLengths, anyCuts, (numbers, cuts) => {
        const bytes = Uint8Array.from(numbers);
        expect(decodeAll(cut(bytes, cuts))).toEqual(decodeAll([bytes]));
      }),
      { numRuns: 1000, seed: 1 },
    );
  });

  test('a body that ends in the middle of a frame is an error, after the frames before it', () => {
    const bytes = concat(messageFrame(utf8('one')), messageFrame(utf8('two')));
    for (let length = 8; length < bytes.length; length++) {
      const { frames, end } = decodeAll([bytes.subarray(0, length)]);
      expect([frames.length, end]).toEqual([1, 'the body ends in the middle of a frame']);
    }
  });

  test.each([
    ['a length of zero', '000000', 'a frame has at least its flags'],
    ['a length above 2 MiB', '200001', `a frame of ${LENGTH_MAX + 1} bytes is more than ${LENGTH_MAX}`],
    ['the largest length there is', 'ffffff', `a frame of 16777215 bytes is more than ${LENGTH_MAX}`],
    ['a third compression', '00000160', 'unknown compression of a frame'],
    ['a third compression of a terminal frame', '000003e0', 'unknown compression of a frame'],
    ['a compressed terminal frame', '000003a0', 'a terminal frame is never compressed'],
    ['a terminal frame without a status', '00000180', 'a terminal frame has a status'],
    ['a terminal frame with half a status', '00000280', 'a terminal frame has a status'],
    ['a terminal frame whose status is none', '0000038000 63', '99 is no HTTP status'],
    ['a terminal frame whose status is too large', '0000038003 e8', '1000 is no HTTP status'],
  ])('%s is refused as soon as it is there', (_, bytes, message) => {
    expect(decodeAll([messageFrame(utf8('before')), fromHex(bytes)])).toEqual({
      frames: [expect.objectContaining({ payload: utf8('before') })],
      end: message,
    });
  });

  test('reserved flags are not looked at', () => {
    expect(decodeAll([fromHex('0000010f')])).toMatchObject({
      frames: [{ kind: 'message', encoding: 'none' }],
      end: 'clean',
    });
  });

  test('a frame of exactly 2 MiB is taken, in one piece and in many', () => {
    const payload = new Uint8Array(PAYLOAD_BYTES_MAX).fill(7);
    const bytes = messageFrame(payload);
    expect(hex(bytes.subarray(0, 4))).toBe('20000000');
    for (const size of [bytes.length, 100_000, 4096]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      const { frames } = decodeAll(chunks);
      expect(frames).toHaveLength(1);
      expect(Buffer.compare((frames[0] as { payload: Uint8Array }).payload, payload)).toBe(0);
    }
    expect(() => messageFrame(new Uint8Array(PAYLOAD_BYTES_MAX + 1))).toThrow(RangeError);
  });

  test('memory is only spent on bytes that came: a thousand announced frames of 2 MiB cost little', () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 1000 }, () => new FrameDecoder());
    for (const decoder of decoders) {
      decoder.push(fromHex('20000000 01'));
      expect(decoder.next()).toBeNull();
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
  });
});

describe('together with the official client', () => {
  test('it reads every frame as it was meant, and ours are the bytes of its own', () => {
    fc.assert(
      fc.property(anyFrame, anyCuts, ({ bytes, frame }, cuts) => {
        const parser = new official.S2SFrameParser();
        for (const chunk of cut(bytes, cuts)) parser.push(chunk);
        const read = parser.parseFrame();
        if (frame.kind === 'terminal') {
          expect(read).toMatchObject({ terminal: true, statusCode: frame.status, body: frame.body });
          expect(hex(official.frameMessage({ terminal: true, statusCode: frame.status, body: frame.body }))).toBe(
            hex(bytes),
          );
        } else {
          const { encoding: compression, reconnectAdvised, payload: body } = frame;
          expect(read).toEqual({ terminal: false, compression, reconnectAdvised, body, statusCode: undefined });
          if (!reconnectAdvised) {
            expect(hex(official.frameMessage({ terminal: false, compression, body }))).toBe(hex(bytes));
          }
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
