/** Values for tests of codecs, as fast-check draws them: batches that S2 accepts, records as they are read, and cuts of bytes. */

import fc from 'fast-check';

import type { AppendInput } from '../core/admission.ts';
import type { AppendRecord, Header, SequencedRecord } from '../core/record.ts';

/** Small numbers, numbers around the ends of their encodings, and the largest that is exact. */
export const anyNumber: fc.Arbitrary<number> = fc.oneof(
  fc.nat(300),
  fc.constantFrom(127, 128, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1),
  fc.maxSafeNat(),
);

const anyBytes = fc.uint8Array({ maxLength: 40 });
const anyHeader: fc.Arbitrary<Header> = fc.record({
  name: fc.uint8Array({ minLength: 1, maxLength: 10 }),
  value: anyBytes,
});
const ascii = (text: string) => new TextEncoder().encode(text);

const anyCommand: fc.Arbitrary<AppendRecord> = fc.oneof(
  fc.stringMatching(/^[a-zA-Z0-9]{0,36}$/).map((token) => command('fence', ascii(token))),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((point) => command('trim', point)),
);

const anyRecord: fc.Arbitrary<AppendRecord> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      timestamp: fc.option(anyNumber),
      headers: fc.array(anyHeader, { maxLength: 3 }),
      body: anyBytes,
    }),
  },
  { weight: 1, arbitrary: anyCommand },
);

/** Batches that no codec may refuse. Conditions of 0 and of the empty token are among them. */
export const anyAppendInput: fc.Arbitrary<AppendInput> = fc.record({
  records: fc.array(anyRecord, { minLength: 1, maxLength: 5 }),
  matchSeqNum: fc.option(anyNumber),
  fencingToken: fc.option(fc.string({ unit: 'grapheme', maxLength: 9 }).filter((token) => ascii(token).length <= 36)),
});

export const anySequencedRecords: fc.Arbitrary<SequencedRecord[]> = fc.array(
  fc.record({
    seqNum: anyNumber,
    timestamp: anyNumber,
    headers: fc.array(anyHeader, { maxLength: 3 }),
    body: anyBytes,
  }),
  { maxLength: 5 },
);

export const anyPosition = fc.record({ seqNum: anyNumber, timestamp: anyNumber });

/** Where to cut, as shares of the whole in [0, 2^16). */
export const anyCuts = fc.array(fc.nat(0xffff), { maxLength: 8 });

/** `bytes` in pieces; some may be empty. */
export function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = cuts.map((share) => Math.floor((share * (bytes.length + 1)) / 0x10000)).sort((a, b) => a - b);
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length));
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Spaces in `hex` are for the reader. */
export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

function command(op: string, body: Uint8Array): AppendRecord {
  return { timestamp: null, headers: [{ name: new Uint8Array(), value: ascii(op) }], body };
}
