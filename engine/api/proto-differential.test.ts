/**
 * Our own reading of appends against three others: the official client's codec, the protobuf library, and a plain judge of what
 * is well-formed. Every kind of field is put into every message: known numbers and unknown ones, each wire type, tags, numbers
 * and lengths in every length a varint can have, groups that end and groups that do not.
 */

import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';

import type { AppendInput } from '../core/admission.ts';
import { inputOfMessage } from '../testing/append-messages.ts';
import { concat } from '../testing/codec-values.ts';
import { APPEND_INPUT, isMessage } from '../testing/fuzz/judges.ts';
import * as official from '../testing/official-codecs.ts';
import { AppendInputSchema } from './proto/s2_pb.ts';
import { readAppendInput } from './proto-append-input.ts';

/** A varint of so many bytes, or of as few as it takes: those that are not needed say 0. */
function varint(value: bigint, bytes = 1): Uint8Array {
  const out: number[] = [];
  for (let rest = value; rest > 0n || out.length < Math.max(bytes, 1); rest >>= 7n) out.push(Number(rest & 0x7fn));
  return Uint8Array.from(out, (byte, i) => (i < out.length - 1 ? byte | 0x80 : byte));
}

const LENGTHS = [1, 2, 5, 9, 10, 11] as const;
const NUMBERS = [0n, 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 69n];
const TEXT = new Uint8Array([0x61]);

/** What may stand behind a tag of that wire type. */
function contents(wireType: number, field: number): Uint8Array[] {
  const end = varint(BigInt((field << 3) | 4));
  switch (wireType) {
    case 0:
      return [...NUMBERS.map((value) => varint(value)), ...LENGTHS.map((bytes) => varint(5n, bytes))];
    case 1:
      return [new Uint8Array(8).fill(0xff), new Uint8Array(7)];
    case 2: {
      const lengths = LENGTHS.map((bytes) => concat(varint(1n, bytes), TEXT));
      const wrong = [2n, 2n ** 31n, 2n ** 32n, 2n ** 32n + 1n, 2n ** 63n].map((length) => concat(varint(length), TEXT));
      return [varint(0n), ...lengths, ...wrong];
    }
    case 3: {
      const inner = [varint(0x28n), varint(1n, 3), varint(0x2an), varint(1n), TEXT];
      const other = varint(BigInt(((field + 1) << 3) | 4));
      return [end, concat(...inner, end), concat(varint(0x33n), varint(0x34n), end), other, new Uint8Array(0)];
    }
    case 5:
      return [new Uint8Array(4).fill(0xff), new Uint8Array(3)];
    default:
      return [new Uint8Array(0), TEXT];
  }
}

const FIELDS = [0, 1, 2, 3, 4, 15, 16, 2_047, 2_048, 2 ** 28];

/** Every field there can be, as bytes. */
function* everyField(): Generator<Uint8Array> {
  for (const field of FIELDS) {
    for (let wireType = 0; wireType < 8; wireType++) {
      const tag = BigInt(field) * 8n + BigInt(wireType);
      for (const content of contents(wireType, field)) yield concat(varint(tag), content);
      const [content = TEXT] = contents(wireType, field);
      for (const bytes of LENGTHS) yield concat(varint(tag, bytes), content);
      // The lower half is a field that makes sense.
      yield concat(varint(tag + 2n ** 32n), content);
    }
  }
}

const nested = (tag: number, content: Uint8Array) =>
  concat(varint(BigInt(tag)), varint(BigInt(content.length)), content);
const HEADER = Uint8Array.of(0x0a, 1, 0x6e, 0x12, 1, 0x76);
const RECORD = concat(Uint8Array.of(0x08, 7), nested(0x12, HEADER), Uint8Array.of(0x1a, 1, 0x62));
const INPUT = concat(nested(0x0a, RECORD), Uint8Array.of(0x10, 3, 0x1a, 1, 0x74));

const LEVELS: readonly [string, message: Uint8Array, within: (message: Uint8Array) => Uint8Array][] = [
  ['an input', INPUT, (input) => input],
  ['a record', RECORD, (record) => nested(0x0a, record)],
  ['a header', HEADER, (header) => nested(0x0a, nested(0x12, header))],
];

function ours(bytes: Uint8Array): AppendInput | 'malformed' {
  try {
    return readAppendInput(bytes);
  } catch {
    return 'malformed';
  }
}

describe.each(LEVELS)('in %s', (_, message, within) => {
  const cases = [...everyField()].flatMap((field) => [within(concat(field, message)), within(concat(message, field))]);

  test('each field is taken exactly if it is well-formed', () => {
    const counts = { taken: 0, malformed: 0 };
    for (const bytes of cases) {
      const isTaken = ours(bytes) !== 'malformed';
      counts[isTaken ? 'taken' : 'malformed']++;
      if (isTaken !== isMessage(bytes, APPEND_INPUT)) {
        expect.fail(
          `${Buffer.from(bytes).toString('hex')} is ${isTaken ? 'taken' : 'refused'}, the judge says otherwise`,
        );
      }
    }
    expect(counts.taken).toBeGreaterThan(500);
    expect(counts.malformed).toBeGreaterThan(500);
  });

  test('what is taken means what it means to the official client, and to the library', () => {
    let longTags = 0;
    for (const bytes of cases) {
      const input = ours(bytes);
      if (input === 'malformed') continue;
      const what = Buffer.from(bytes).toString('hex');
      expect(inputOfMessage(official.AppendInput.fromBinary(bytes)), what).toEqual(input);
      const read = library(bytes);
      if (read === 'tag too long') longTags++;
      else expect(read, what).toEqual(input);
    }
    // Ten fields, two places, five wire types at most that mean something, tags of nine and of ten bytes.
    expect(longTags).toBeLessThanOrEqual(10 * 2 * 5 * 2);
  });
});

/** It refuses tags of more bytes than a number of 32 bits takes; S2 and its clients take them, since the number is in range. */
function library(bytes: Uint8Array): AppendInput | 'tag too long' {
  try {
    return inputOfMessage(fromBinary(AppendInputSchema, bytes));
  } catch (error) {
    if (String(error).includes('illegal tag: varint overflows uint32')) return 'tag too long';
    throw error;
  }
}
