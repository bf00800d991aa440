/** Sessions in frames: inputs however they are cut, compressed or damaged; answers as the official client reads them. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { systemCompression } from '../adapters/system-compression.ts';
import type { AppendInput } from '../core/admission.ts';
import type { SequencedRecord } from '../core/record.ts';
import type { Compression } from '../ports.ts';
import { anyAppendInput, anyCuts, anySequencedRecords, concat, cut, fromHex } from '../testing/codec-values.ts';
import * as official from '../testing/official-codecs.ts';
import { BadRequest, conditionFailed } from './errors.ts';
import { messageFrame, PAYLOAD_BYTES_MAX, terminalFrame } from './s2s-frames.ts';
import { AppendInputDecoder, FrameWriter } from './s2s-messages.ts';

const compression = await systemCompression();
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const X = fromHex('0a031a0178');

/** All inputs of `chunks`, and how it ended: cleanly, or with what code. */
function decodeAll(chunks: readonly Uint8Array[], codecs: Compression | null = compression) {
  const decoder = new AppendInputDecoder(codecs);
  const inputs: AppendInput[] = [];
  try {
    for (const chunk of chunks) {
      decoder.push(chunk);
      for (let input = decoder.next(); input !== null; input = decoder.next()) inputs.push(input);
    }
    decoder.end();
    return { inputs, end: 'clean' };
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    expect(() => decoder.next()).toThrow(error);
    expect(() => decoder.end()).toThrow(error);
    return { inputs, end: `${error.code}: ${error.message}` };
  }
}

function officialMessage({ records, matchSeqNum, fencingToken }: AppendInput): Uint8Array {
  return official.AppendInput.toBinary(
    official.AppendInput.create({
      records: records.map(({ timestamp, headers, body }) => ({
        ...(timestamp !== null && { timestamp: BigInt(timestamp) }),
        headers: [...headers],
        body,
      })),
      ...(matchSeqNum !== null && { matchSeqNum: BigInt(matchSeqNum) }),
      ...(fencingToken !== null && { fencingToken }),
    }),
  );
}

describe('inputs', () => {
  test('of the official client, compressed each in its own way and cut anywhere, are read as they were meant', () => {
    const encoding = fc.constantFrom('none' as const, 'gzip' as const, 'zstd' as const);
    fc.assert(
      fc.property(fc.array(fc.tuple(anyAppendInput, encoding), { maxLength: 4 }), anyCuts, (inputs, cuts) => {
        const frames = inputs.map(([input, how]) => {
          const message = officialMessage(input);
          const body = how === 'none' ? message : compression[how].compress(message);
          return official.frameMessage({ terminal: false, compression: how, body });
        });
        expect(decodeAll(cut(concat(...frames), cuts))).toEqual({
          inputs: inputs.map(([input]) => input),
          end: 'clean',
        });
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  test('none at all are a clean end', () => {
    expect(decodeAll([])).toEqual({ inputs: [], end: 'clean' });
    expect(decodeAll([new Uint8Array()])).toEqual({ inputs: [], end: 'clean' });
  });

  test.each([
    ['a frame of length zero', fromHex('000000'), 'bad_frame: a frame has at least its flags'],
    ['a frame above the limit', fromHex('200001'), 'bad_frame: a frame of 2097153 bytes is more than 2097152'],
    ['an unknown compression', fromHex('00000160'), 'bad_frame: unknown compression of a frame'],
    ['a terminal frame', terminalFrame(200, new Uint8Array()), 'bad_frame: a terminal frame is no input'],
    ['half a frame', fromHex('0000'), 'bad_frame: the body ends in the middle of a frame'],
    ['bytes that are no gzip', messageFrame(X, 'gzip'), 'bad_frame: the frame can not be decompressed by gzip'],
    ['bytes that are no zstd', messageFrame(X, 'zstd'), 'bad_frame: the frame can not be decompressed by zstd'],
    [
      'gzip of more than a payload',
      messageFrame(compression.gzip.compress(new Uint8Array(PAYLOAD_BYTES_MAX + 1)), 'gzip'),
      'bad_frame: the frame can not be decompressed by gzip',
    ],
    [
      'zstd of more than a payload',
      messageFrame(compression.zstd.compress(new Uint8Array(PAYLOAD_BYTES_MAX + 1)), 'zstd'),
      'bad_frame: the frame can not be decompressed by zstd',
    ],
    [
      'a message that is none',
      messageFrame(fromHex('0a')),
      'bad_frame: the message can not be decoded: a number runs past its message',
    ],
    ['a batch without records', messageFrame(new Uint8Array()), 'invalid: record batch must not be empty'],
    ['an unknown command', messageFrame(fromHex('0a05 1203 1201 78')), 'invalid: unknown command'],
    [
      'a token of 37 bytes',
      messageFrame(fromHex(`0a00 1a25 ${'61'.repeat(37)}`)),
      'invalid: fencing token must not exceed 36 bytes in length',
    ],
  ])('%s ends the session, after the inputs before it and whatever follows', (_, bytes, end) => {
    const before = messageFrame(X);
    const { inputs, end: ended } = decodeAll([before, bytes]);
    expect([inputs.length, ended]).toEqual([1, end]);
    if (!end.includes('middle')) expect(decodeAll([concat(before, bytes, before)])).toMatchObject({ end });
  });

  test('compressed ones are refused by a server without compression', () => {
    const frame = messageFrame(compression.gzip.compress(X), 'gzip');
    expect(decodeAll([frame], null).end).toBe('bad_frame: the frame can not be decompressed by gzip');
  });

  test('are decoded one at a time: the second is not looked at before it is asked for', () => {
    const decoder = new AppendInputDecoder(compression);
    decoder.push(concat(messageFrame(X), messageFrame(fromHex('0a'))));
    expect(decoder.next()?.records).toHaveLength(1);
    expect(() => decoder.next()).toThrow(BadRequest);
  });
});

describe('answers', () => {
  const writer = (acceptEncoding?: string, codecs: Compression | null = compression) =>
    new FrameWriter(new Map(acceptEncoding === undefined ? [] : [['accept-encoding', acceptEncoding]]), codecs);
  const record = (seqNum: number, bodyLength: number): SequencedRecord => ({
    seqNum,
    timestamp: 1000,
    headers: [],
    body: new Uint8Array(bodyLength).fill(97),
  });

  /** As the official client reads it. */
  function read(bytes: Uint8Array) {
    const parser = new official.S2SFrameParser();
    parser.push(bytes);
    const frame = parser.parseFrame();
    expect(parser.hasData()).toBe(false);
    return frame as NonNullable<typeof frame>;
  }

  test('an acknowledgement, a heartbeat and an error are the golden bytes', () => {
    const [start, end] = [
      { seqNum: 0, timestamp: 1000 },
      { seqNum: 1, timestamp: 1000 },
    ];
    expect(hex(writer().ack({ start, end, tail: end }))).toBe('000014000a0310e8071205080110e8071a05080110e807');
    expect(hex(writer().heartbeat({ seqNum: 0, timestamp: 0 }))).toBe('000003001200');
    expect(hex(writer().error(conditionFailed({ kind: 'seq-num-mismatch', actual: 1 })))).toBe(
      '00001980019c7b227365715f6e756d5f6d69736d61746368223a317d',
    );
  });

  test.each([
    [undefined, 'none'],
    ['', 'none'],
    ['gzip', 'gzip'],
    ['gzip, zstd', 'zstd'],
    ['zstd;q=0, gzip', 'zstd'],
    ['deflate, GZIP;q=0.1', 'gzip'],
    ['br', 'none'],
    ['x-gzip', 'none'],
  ])('to a client that accepts %j are compressed by %s', (accept, expected) => {
    const [bytes] = writer(accept).batch([record(0, 5000)], null);
    const { compression: used, body } = read(bytes as Uint8Array);
    expect(used).toBe(expected);
    const message = used === 'none' ? body : compression[used].decompress(body, PAYLOAD_BYTES_MAX);
    expect(official.ReadBatch.fromBinary(message as Uint8Array).records[0]?.body).toHaveLength(5000);
  });

  test('below 1024 bytes, or when that saves nothing, are not compressed', () => {
    const noise = { ...record(0, 0), body: Uint8Array.from({ length: 4000 }, (_, i) => (i * i * 7919) >> 3) };
    const bytesOf = (one: SequencedRecord) => writer('gzip').batch([one], null)[0] as Uint8Array;
    expect(read(bytesOf(record(0, 1000))).compression).toBe('none');
    expect(read(bytesOf(record(0, 1100))).compression).toBe('gzip');
    expect(read(bytesOf(noise)).body.length).toBeLessThanOrEqual(4020);
  });

  test('from a server without compression are never compressed', () => {
    const [bytes] = writer('gzip, zstd', null).batch([record(0, 5000)], null);
    expect(read(bytes as Uint8Array).compression).toBe('none');
  });

  test('any batch is one frame with its tail', () => {
    fc.assert(
      fc.property(anySequencedRecords, (records) => {
        const frames = writer().batch(records, { seqNum: 9, timestamp: 8 });
        expect(frames).toHaveLength(1);
        const batch = official.ReadBatch.fromBinary(read(frames[0] as Uint8Array).body);
        expect([batch.records.length, batch.tail?.seqNum]).toEqual([records.length, 9n]);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  test('records that do not fit into one frame are several, in order, with the tail on the last', () => {
    const header = { name: Uint8Array.of(97), value: Uint8Array.of(98) };
    const wide = (seqNum: number) => ({ ...record(seqNum, 0), headers: Array(90_000).fill(header) });
    const frames = writer().batch([0, 1, 2].map(wide), { seqNum: 3, timestamp: 1000 });
    const batches = frames.map((bytes) => official.ReadBatch.fromBinary(read(bytes).body));
    expect(batches.flatMap((batch) => batch.records.map(({ seqNum }) => seqNum))).toEqual([0n, 1n, 2n]);
    expect(batches.map(({ tail }) => tail?.seqNum)).toEqual([undefined, 3n]);
  });
});
