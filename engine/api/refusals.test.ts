/**
 * Every refusal that parsing decides (API contract §1.4-§1.7, §2, §4.1): what was sent, what came back to the letter, and that
 * nothing changed. What is refused for what there is has a table of its own (`state-refusals.test.ts`).
 */

import { describe, expect, test } from 'vitest';

import { systemCompression } from '../adapters/system-compression.ts';
import { type Ask, apiOf } from '../testing/api-bench.ts';
import { BASIN, engineBench } from '../testing/engine-bench.ts';
import { APPEND, type Refusal } from '../testing/refusal.ts';
import { COMPRESSED_BODIES, JSON_BODIES, PROTOBUF_BODIES, VALUES } from '../testing/refused-bodies.ts';
import { HEADERS, PATHS, QUERIES } from '../testing/refused-requests.ts';
import { unchanged } from '../testing/unchanged.ts';

const compression = await systemCompression();

/** Sends it to a server with one record in its stream, and compares the server before and after. */
async function refuse({ line = APPEND, headers = {}, body, answer: [status, code, message] }: Refusal): Promise<void> {
  const bench = await engineBench();
  const ask = apiOf(bench.engine, { compression });
  const basin = { 's2-basin': BASIN };
  await ask(APPEND, { headers: basin, body: { records: [{ body: 'before' }] } });

  const all = Object.entries({ ...basin, ...headers }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const sent: Ask = { headers: Object.fromEntries(all) };
  if (line === APPEND) sent.body = body ?? { records: [{ body: 'after' }] };
  else if (body !== undefined) sent.body = body;
  expect(await unchanged(bench, () => ask(line, sent))).toEqual({
    status,
    headers: { 'content-type': 'application/json' },
    body: { code, message: typeof message === 'string' ? message : expect.stringMatching(message) },
  });
}

describe.each([
  ['a header', HEADERS],
  ['a path', PATHS],
  ['a query', QUERIES],
  ['JSON', JSON_BODIES],
  ['a value', VALUES],
  ['protobuf', PROTOBUF_BODIES],
  ['a compressed body', COMPRESSED_BODIES],
])('%s that is refused', (_, table) => {
  test.each(Object.entries(table))('%s', (_what, refusal) => refuse(refusal));
});
