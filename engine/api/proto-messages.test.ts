/** Protobuf messages: S2's field table, its golden bytes, the official client's own codec, and bytes that mean nothing. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { AppendInput } from '../core/admission.ts';
import { anyAppendInput, anyPosition, anySequencedRecords, concat, fromHex } from '../testing/codec-values.ts';
import * as official from '../testing/official-codecs.ts';
import { BadRequest } from './errors.ts';
import { file_s2 } from './proto/s2_pb.ts';
import { decodeAppendInput, encodeAppendAck } from './proto-messages.ts';
import { encodeReadBatch } from './proto-read-batch.ts';

const decode = (bytes: Uint8Array) => decodeAppendInput(bytes, 'bad_proto');
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function refusal(bytes: Uint8Array): [code: string, message: string] {
  try {
    decode(bytes);
  } catch (error) {
    if (error instanceof BadRequest) return [error.code, error.message];
    throw error;
  }
  throw new Error('it was not refused');
}

/** As the official client sends it. */
function officialInput({ records, matchSeqNum, fencingToken }: AppendInput): Uint8Array {
  return official.AppendInput.toBinary(
    official.AppendInput.create({
      records: records.map(({ timestamp, headers, body }) => ({
        ...(timestamp !== null && { timestamp: BigInt(timestamp) }),
        headers: headers.map(({ name, value }) => ({ name, value })),
        body,
      })),
      ...(matchSeqNum !== null && { matchSeqNum: BigInt(matchSeqNum) }),
      ...(fencingToken !== null && { fencingToken }),
    }),
  );
}

const officialPosition = ({ seqNum, timestamp }: { seqNum: number; timestamp: number }) => ({
  seqNum: BigInt(seqNum),
  timestamp: BigInt(timestamp),
});

test('the generated messages are those of the contract, field by field', () => {
  const fields = file_s2.messages.flatMap((message) =>
    message.fields.map((field) => {
      const type =
        field.message?.name ??
        (field.scalar === undefined
          ? '?'
          : ({ 4: 'uint64', 9: 'string', 12: 'bytes' } as Record<number, string>)[field.scalar]);
      const label = field.fieldKind === 'list' ? 'repeated ' : field.proto.proto3Optional ? 'optional ' : '';
      return `${message.typeName} ${field.number} ${field.name} ${label}${type}`;
    }),
  );
  expect(fields).toEqual([
    's2.v1.StreamPosition 1 seq_num uint64',
    's2.v1.StreamPosition 2 timestamp uint64',
    's2.v1.Header 1 name bytes',
    's2.v1.Header 2 value bytes',
    's2.v1.AppendRecord 1 timestamp optional uint64',
    's2.v1.AppendRecord 2 headers repeated Header',
    's2.v1.AppendRecord 3 body bytes',
    's2.v1.AppendInput 1 records repeated AppendRecord',
    's2.v1.AppendInput 2 match_seq_num optional uint64',
    's2.v1.AppendInput 3 fencing_token optional string',
    's2.v1.AppendAck 1 start StreamPosition',
    's2.v1.AppendAck 2 end StreamPosition',
    's2.v1.AppendAck 3 tail StreamPosition',
    's2.v1.SequencedRecord 1 seq_num uint64',
    's2.v1.SequencedRecord 2 timestamp uint64',
    's2.v1.SequencedRecord 3 headers repeated Header',
    's2.v1.SequencedRecord 4 body bytes',
    's2.v1.ReadBatch 1 records repeated SequencedRecord',
    's2.v1.ReadBatch 2 tail optional StreamPosition',
  ]);
});

describe('golden bytes', () => {
  test('of an append of two bytes', () => {
    expect(decode(fromHex('0a041a0201ff'))).toEqual({
      records: [{ timestamp: null, headers: [], body: Uint8Array.of(1, 255) }],
      matchSeqNum: null,
      fencingToken: null,
    });
  });

  test('of a trim to 5', () => {
    const { records } = decode(fromHex('0a12 1206 1204 7472696d 1a08 0000000000000005'));
    expect(records).toEqual([
      {
        timestamp: null,
        headers: [{ name: new Uint8Array(), value: new TextEncoder().encode('trim') }],
        body: fromHex('0000000000000005'),
      },
    ]);
  });

  test('of an acknowledgement', () => {
    const [start, end] = [
      { seqNum: 0, timestamp: 1000 },
      { seqNum: 1, timestamp: 1000 },
    ];
    expect(hex(encodeAppendAck({ start, end, tail: end }))).toBe('0a0310e8071205080110e8071a05080110e807');
  });

  test('of a heartbeat whose numbers are all zero: the tail is there', () => {
    expect(hex(encodeReadBatch([], { seqNum: 0, timestamp: 0 }))).toBe('1200');
    expect(hex(encodeReadBatch([], null))).toBe('');
  });

  test('of an acknowledgement whose numbers are all zero: the positions are there', () => {
    const zero = { seqNum: 0, timestamp: 0 };
    expect(hex(encodeAppendAck({ start: zero, end: zero, tail: zero }))).toBe('0a0012001a00');
  });
});

describe('presence', () => {
  test.each([
    ['1000', { matchSeqNum: 0 }],
    ['1a00', { fencingToken: '' }],
    ['1a03efbbbf', { fencingToken: '\ufeff' }],
    ['', { matchSeqNum: null, fencingToken: null }],
  ])('%s is %j', (fields, expected) => {
    expect(decode(concat(fromHex('0a00'), fromHex(fields)))).toMatchObject(expected);
  });

  test('a timestamp of 0 is a timestamp', () => {
    expect(decode(fromHex('0a020800')).records[0]?.timestamp).toBe(0);
    expect(decode(fromHex('0a00')).records[0]?.timestamp).toBeNull();
  });
});

describe('together with the official client', () => {
  test('every append it encodes is read as it was meant', () => {
    fc.assert(
      fc.property(anyAppendInput, (input) => {
        expect(decode(officialInput(input))).toEqual(input);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test('it reads every batch as it was meant, with the bytes it would have written itself', () => {
    fc.assert(
      fc.property(anySequencedRecords, fc.option(anyPosition), (records, tail) => {
        const bytes = encodeReadBatch(records, tail);
        const meant = official.ReadBatch.create({
          records: records.map(({ headers, body, ...at }) => ({
            ...officialPosition(at),
            headers: [...headers],
            body,
          })),
          ...(tail !== null && { tail: officialPosition(tail) }),
        });
        expect(official.ReadBatch.fromBinary(bytes)).toEqual(meant);
        expect(hex(bytes)).toBe(hex(official.ReadBatch.toBinary(meant)));
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test('it reads numbers of every length as they were meant, behind bytes that are left free', () => {
    const numbers = Array.from({ length: 53 }, (_, bits) => [2 ** bits - 1, 2 ** bits]).flat();
    for (const seqNum of [...numbers, Number.MAX_SAFE_INTEGER].slice(0, -2)) {
      const at = { seqNum, timestamp: Number.MAX_SAFE_INTEGER - seqNum };
      const bytes = encodeReadBatch([{ ...at, headers: [], body: new Uint8Array(1) }], at, 4);
      expect([...bytes.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
      const read = official.ReadBatch.fromBinary(bytes.subarray(4));
      expect(read, String(seqNum)).toMatchObject({ records: [officialPosition(at)], tail: officialPosition(at) });
    }
  });

  test('it reads every acknowledgement as it was meant', () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, anyPosition, (start, end, tail) => {
        const ack = official.AppendAck.fromBinary(encodeAppendAck({ start, end, tail }));
        expect(ack).toMatchObject({
          start: officialPosition(start),
          end: officialPosition(end),
          tail: officialPosition(tail),
        });
      }),
      { numRuns: 100, seed: 1 },
    );
  });
});

describe('numbers of 64 bits', () => {
  test('above 2^53 - 1 stay above it, and are never negative', () => {
    const input = decode(fromHex('0a0b 08ffffffffffffffffff01 10ffffffffffffffffff01'));
    expect(input.matchSeqNum).toBe(2 ** 64);
    expect(input.records[0]?.timestamp).toBe(2 ** 64);
    expect(decode(fromHex('0a00 1080808080808080808001')).matchSeqNum).toBe(2 ** 63);
  });

  test('with more bits are no numbers', () => {
    expect(refusal(fromHex('0a00 10ffffffffffffffffff02'))[0]).toBe('bad_proto');
    expect(refusal(fromHex('0a00 10ffffffffffffffffffff01'))[0]).toBe('bad_proto');
  });
});

describe('well-formedness', () => {
  test.each([
    ['cut in the middle of a tag', '80'],
    ['cut in the middle of a length', '0a80'],
    ['cut in the middle of a record', '0a05 1a'],
    ['a record that runs past its own length', '0a02 1a04 61626364'],
    ['a header that runs past its record', '0a04 1204 0a04 61626364'],
    ['a length of 2^32, which is not 0', '0a00 1a8080808010'],
    ['a length of 2^32 of an unknown field', '0a00 2a8080808010'],
    ['an unknown number of eleven bytes', '0a00 28ffffffffffffffffffff01'],
    ['records that are a number', '0801'],
    ['a condition that is text', '0a00 1201 61'],
    ['a token that is a number', '0a00 1801'],
    ['a condition of eight fixed bytes', '0a00 11 0000000000000000'],
    ['field number 0', '0200'],
    ['a wire type that does not exist', '0f'],
    ['a group that ends another one', '2b 34'],
    ['a group without an end', '2b'],
    ['an end without a group', '2c'],
    ['a token that is no UTF-8', '0a00 1a01 ff'],
    ['a token with half a surrogate pair', '0a00 1a03 eda080'],
    ['groups 200 deep', '2b'.repeat(200) + '2c'.repeat(200)],
    ['groups two million deep', '2b'.repeat(1 << 20)],
    ['text that is no message', Buffer.from('{"records":[]}').toString('hex')],
  ])('%s is undecodable', (_, bytes) => {
    expect(refusal(fromHex(bytes))).toEqual(['bad_proto', expect.stringMatching(/^the message can not be decoded: /)]);
  });

  test('unknown fields of every kind are passed over, at every level', () => {
    const unknown = '2801 2d00000000 2900 00000000000000 2a0161 2b 0801 2c'.replaceAll(' ', '');
    const record = `1a0178${unknown}`;
    const bytes = `0a${(record.length / 2).toString(16)}${record}${unknown}`;
    expect(decode(fromHex(bytes)).records).toEqual([{ timestamp: null, headers: [], body: Uint8Array.of(0x78) }]);
  });

  test('of a field that comes twice the last one counts', () => {
    expect(decode(fromHex('0a00 1001 1002')).matchSeqNum).toBe(2);
  });
});

describe('values', () => {
  test.each([
    ['no bytes at all', '', 'record batch must not be empty'],
    ['a token of 37 bytes', `0a00 1a25 ${'61'.repeat(37)}`, 'fencing token must not exceed 36 bytes in length'],
    ['1001 records', '0a00'.repeat(1001), 'record batch must not exceed 1000 records'],
    ['an unknown command', '0a05 1203 1201 78', 'unknown command'],
    ['an empty name among several', '0a0a 1203 0a0161 1203 120178', 'invalid header: empty name'],
    [
      'a trim of one byte',
      '0a0b 1206 1204 7472696d 1a01 05',
      'invalid `trim` command: earliest sequence number to trim to was 1 bytes, must be 8',
    ],
  ])('%s are invalid, not malformed', (_, bytes, message) => {
    expect(refusal(fromHex(bytes))).toEqual(['invalid', message]);
  });

  test('a million records are refused like a thousand and one', () => {
    expect(refusal(new Uint8Array(Buffer.from('0a00'.repeat(1 << 20), 'hex')))).toEqual([
      'invalid',
      'record batch must not exceed 1000 records',
    ]);
  });
});

describe('a record of very many headers', () => {
  /** Each header is metered as 4 bytes and takes 8. */
  const input = (count: number) => {
    const headers = Buffer.from('12060a0161120162'.repeat(count), 'hex');
    const length = [headers.length & 0x7f, (headers.length >> 7) & 0x7f, headers.length >> 14].map((bits, i) =>
      i < 2 ? bits | 0x80 : bits,
    );
    return concat(Uint8Array.of(0x0a, ...length), headers);
  };

  test('is refused when metering would allow it but no read session could give it back', () => {
    const most = (1024 * 1024 - 8) / 4;
    expect(refusal(input(most))).toEqual([
      'invalid',
      'record has more headers than a frame of a read session can hold',
    ]);
    expect(decode(input(most - 10)).records[0]?.headers).toHaveLength(most - 10);
  });
});
