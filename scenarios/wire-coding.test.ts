/** Clients with codings: what they send reads back, what they are answered is checked, and runs have both. */

import { expect, test } from 'vitest';

import { pinnedCompression } from '../sim/index.ts';
import { codedBody, decodedBody } from './wire-coding.ts';
import { runSeed } from './run-seed.ts';

const noted: string[] = [];
const asked = { coding: 'gzip', noted: (probe: string) => void noted.push(probe) } as const;
const bytes = new TextEncoder().encode('{"records":[]}');

test('a body is sent in the coding, an empty one is not, and both accept it', () => {
  const [full, empty] = [new Map<string, string>(), new Map<string, string>()];
  const sent = codedBody(asked, bytes, full);
  expect(pinnedCompression.gzip.decompress(sent, 100)).toEqual(bytes);
  expect(Object.fromEntries(full)).toEqual({ 'accept-encoding': 'gzip', 'content-encoding': 'gzip' });
  expect(codedBody(asked, new Uint8Array(), empty)).toHaveLength(0);
  expect(Object.fromEntries(empty)).toEqual({ 'accept-encoding': 'gzip' });
});

test('an answer is taken plain or in the coding that was asked for, whole, and in no other', () => {
  const coded = pinnedCompression.gzip.compress(bytes);
  const headers = new Map([['content-encoding', 'gzip']]);
  expect(decodedBody(asked, coded, headers)).toEqual(bytes);
  expect(decodedBody(asked, bytes, new Map())).toEqual(bytes);
  expect(() => decodedBody(null, coded, headers)).toThrow('which was not asked for');
  expect(() => decodedBody(asked, coded, new Map([['content-encoding', 'zstd']]))).toThrow('which was not asked for');
  expect(() => decodedBody(asked, coded.subarray(0, -1), headers)).toThrow('is no gzip');
});

test('in runs bodies go both ways compressed, and such a run is the same whenever it is repeated', async () => {
  for (let seed = 0; ; seed++) {
    expect(seed, 'no run had both').toBeLessThan(20);
    const name = { seed: String(seed), profile: 'lossy', size: { clients: 3, operationsPerClient: 10 } };
    const { failure, probes, traceHash } = await runSeed(name);
    expect(failure).toBeNull();
    if ((probes['wire.request-coded'] ?? 0) === 0 || (probes['wire.response-coded'] ?? 0) === 0) continue;
    expect((await runSeed(name)).traceHash).toBe(traceHash);
    return;
  }
});
