/**
 * Bytes made wrong: a good input with a few edits of the kinds that break decoders. Everything is drawn from the dice, so a
 * seed and a number name an input for ever.
 */

import type { Random } from '../../ports.ts';

/** Bytes and texts that formats treat specially: ends of ranges, tags, quotes, markers. */
const DICTIONARY = [
  ...['00', 'ff', '7f', '80', 'ffffffffffffffffff01', '80808080808080808000', '0a', '12', '1a', '1200', '2b', '2c'],
  ...['000000', '200001', 'ffffff', '00000160', '000003800190', '28b52ffd', '1f8b08', 'eda080', 'efbbbf', 'c0af'],
].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')));

const WORDS = [
  ...[
    'null',
    'true',
    '[]',
    '{}',
    '""',
    '-1',
    '1e999',
    '18446744073709551615',
    '18446744073709551616',
    '\\ud800',
    '\\u0000',
  ],
  ...[
    '"records":',
    '"headers":[["","fence"]]',
    '"body":"YQ=="',
    '%',
    '%ff',
    '%2F',
    '&',
    '=',
    ',',
    '..',
    'seq_num=1',
    '\n',
    '__proto__',
  ],
].map((word) => new TextEncoder().encode(word));

/** `bytes` with up to four edits; sometimes none. `other` is another good input, to splice with. */
export function mutate(bytes: Uint8Array, other: Uint8Array, dice: Random): Uint8Array {
  let mutated = bytes;
  for (let edits = dice.below(5); edits > 0; edits--) mutated = edit(mutated, other, dice);
  return mutated;
}

function edit(bytes: Uint8Array, other: Uint8Array, dice: Random): Uint8Array {
  const at = dice.below(bytes.length + 1);
  const to = Math.min(bytes.length, at + dice.below(9));
  switch (dice.below(9)) {
    case 0:
      return replaced(bytes, at, at + 1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << dice.below(8))));
    case 1:
      return replaced(bytes, at, at + 1, Uint8Array.of(dice.below(256)));
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return replaced(bytes, at, to, new Uint8Array());
    case 4:
      return replaced(bytes, at, at, bytes.subarray(at, to));
    case 5:
      return replaced(bytes, at, to, pick(DICTIONARY, dice));
    case 6:
      return replaced(bytes, at, to, pick(WORDS, dice));
    case 7:
      return replaced(bytes, at, bytes.length, other.subarray(dice.below(other.length + 1)));
    default:
      return replaced(
        bytes,
        at,
        at,
        Uint8Array.from({ length: dice.below(40) }, () => dice.below(256)),
      );
  }
}

export function pick<T>(values: readonly T[], dice: Random): T {
  return values[dice.below(values.length)] as T;
}

function replaced(bytes: Uint8Array, from: number, to: number, by: Uint8Array): Uint8Array {
  const out = new Uint8Array(from + by.length + Math.max(0, bytes.length - to));
  out.set(bytes.subarray(0, from));
  out.set(by, from);
  out.set(bytes.subarray(Math.min(to, bytes.length)), from + by.length);
  return out;
}
