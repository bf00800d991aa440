/**
 * Request bodies that arrive compressed (API contract §1.3): which codings are taken off. What is said of the others stands in
 * `state-refusals.test.ts`.
 */

import { describe, expect, test } from 'vitest';

import { systemCompression } from '../adapters/system-compression.ts';
import { apiOf } from '../testing/api-bench.ts';
import { BASIN, engineBench, STREAM } from '../testing/engine-bench.ts';

const APPEND = `POST /v1/streams/${STREAM}/records`;
const compression = await systemCompression();
const utf8 = (text: string) => new TextEncoder().encode(text);

describe('a content coding', () => {
  const basin = { 's2-basin': BASIN };

  test.each(['gzip', 'zstd', 'GZIP', ' zstd '])('%j is taken off', async (coding) => {
    const bench = await engineBench();
    const ask = apiOf(bench.engine, { compression });
    const codec = compression[coding.trim().toLowerCase() as 'gzip' | 'zstd'];
    const body = codec.compress(utf8('{"records":[{"body":"small"}]}'));
    expect((await ask(APPEND, { headers: { ...basin, 'content-encoding': coding }, body })).status).toBe(200);
    expect(await bench.bodies()).toEqual(['small']);
  });

  test('is 415 on a server without compression, and `identity` is none', async () => {
    const { engine } = await engineBench();
    const ask = apiOf(engine);
    const coded = (coding: string) => ({ headers: { ...basin, 'content-encoding': coding }, body: { records: [{}] } });
    expect(await ask(APPEND, coded('gzip'))).toMatchObject({ status: 415, headers: { 'accept-encoding': 'identity' } });
    expect((await ask(APPEND, coded('identity'))).status).toBe(200);
  });
});
