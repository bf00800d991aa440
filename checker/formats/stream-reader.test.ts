/** The fast reader and the exact parser are one reader: the same operations, the same refusals. */

import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readOperations } from '../sweep/operations.ts';
import { collectHistory } from '../testing/collected-histories.ts';
import { seededRandom } from '../testing/random.ts';
import { smallHistory } from '../testing/small-histories.ts';
import { formatHistory, parseHistory } from './jsonl.ts';
import { readStream, readStreamFrom } from './stream-reader.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What the exact parser makes of a text, in the fast reader's words. */
function exactly(text: string): unknown {
  const parsed = parseHistory(text);
  return parsed.kind === 'malformed' ? parsed : { kind: 'operations', operations: readOperations(parsed.history) };
}

describe('the fast reader', () => {
  test('reads what the exact parser reads, in every file of known verdict', () => {
    const folder = new URL('../testdata/', import.meta.url);
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.jsonl'))) {
      const text = readFileSync(new URL(name, folder), 'utf8');
      expect(readStream(bytesOf(text)), name).toEqual(exactly(text));
    }
  });

  test('reads collected histories exactly, hashes above 2^53 included', () => {
    for (const workflow of ['regular', 'match-seq-num', 'fencing'] as const) {
      const history = collectHistory({ seed: 1, clients: 5, opsPerClient: 150, unknownPermille: 50, workflow });
      const text = formatHistory(history);
      expect(readStream(bytesOf(text))).toEqual({ kind: 'operations', operations: readOperations(history) });
    }
  });

  test('any one byte changed gives the operations or the refusal that the exact parser gives', () => {
    const dice = seededRandom(5);
    for (let seed = 1; seed <= 1_500; seed++) {
      const bytes = bytesOf(formatHistory(smallHistory(seededRandom(seed), 5)));
      bytes[dice.below(bytes.length)] = dice.pick([
        0x22, 0x2c, 0x30, 0x39, 0x5b, 0x5d, 0x7d, 0x20, 0x0a, 0x2e, 0x65, 0xc3,
      ]);
      const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
      expect(readStream(bytes), text).toEqual(exactly(text));
    }
  });

  test.each(['0', '1', '9007199254740993', '18446744073709551615', '18446744073709551616', '00', '1e3', '99999999999'])(
    'takes the hash %s as the exact parser does',
    (hash) => {
      const text =
        `{"event":{"Start":"Read"},"client_id":1,"op_id":1}\n` +
        `{"event":{"Finish":{"ReadSuccess":{"tail":0,"stream_hash":${hash}}}},"client_id":1,"op_id":1}\n`;
      expect(readStream(bytesOf(text))).toEqual(exactly(text));
    },
  );

  test('takes numbers and hashes of any length as the exact parser does', () => {
    const digits = fc.string({ unit: fc.nat(9).map(String), minLength: 1, maxLength: 21 });
    const read = (tail: string, hash: string): string =>
      `{"event":{"Start":"Read"},"client_id":1,"op_id":1}\n` +
      `{"event":{"Finish":{"ReadSuccess":{"tail":${tail},"stream_hash":${hash}}}},"client_id":1,"op_id":1}\n`;
    fc.assert(
      fc.property(digits, digits, (tail, hash) => {
        const text = read(tail, hash);
        expect(readStream(bytesOf(text))).toEqual(exactly(text));
      }),
      { seed: 1, numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.bigInt(0n, 2n ** 64n - 1n), (tail, hash) => {
        const text = read(`${tail}`, `${hash}`);
        expect(readStream(bytesOf(text))).toEqual(exactly(text));
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  test('pieces cut anywhere make the same operations', () => {
    const bytes = bytesOf(
      formatHistory(collectHistory({ seed: 3, clients: 3, opsPerClient: 40, unknownPermille: 50 })),
    );
    for (const size of [1, 7, 100, 5_000]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.slice(i * size, (i + 1) * size),
      );
      expect(readStreamFrom(pieces, () => new Uint8Array(0))).toEqual(readStream(bytes));
    }
  });

  test('times and notes beside an event are read over', () => {
    const text = '{"event":{"Start":"Read"},"client_id":1,"op_id":1,"at_ms":12,"note":"read"}\n';
    expect(readStream(bytesOf(text))).toEqual(exactly(text));
  });
});
