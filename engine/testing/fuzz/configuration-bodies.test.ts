/** The bodies that fuzzing begins with say every field in each of the three ways, and are what the API takes. */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { basinPatch, streamPatch } from '../../api/config-json.ts';
import { TARGETS } from './targets.ts';
import { anyConfigurationBody } from './configuration-bodies.ts';

const STREAM_FIELDS = ['storage_class', 'retention_policy', 'timestamping', 'delete_on_empty'];
const BASIN_FIELDS = ['default_stream_config', 'stream_cipher', 'create_stream_on_append', 'create_stream_on_read'];

const bodies = fc
  .sample(anyConfigurationBody, { numRuns: 200, seed: 1 })
  .map((text) => JSON.parse(text) as Record<string, unknown> | string)
  .filter((body) => typeof body === 'object');

test.each([...STREAM_FIELDS, ...BASIN_FIELDS])('%s is absent, null and a value in bodies of its kind', (field) => {
  const siblings = STREAM_FIELDS.includes(field) ? STREAM_FIELDS : BASIN_FIELDS;
  const kin = bodies.filter((body) => siblings.some((name) => name in body));
  const ways = new Set(kin.map((body) => (!(field in body) ? 'absent' : body[field] === null ? 'null' : 'a value')));
  expect([...ways].sort()).toEqual(['a value', 'absent', 'null']);
});

test('most bodies are patches that are taken', () => {
  const taken = bodies.filter((body) => isTaken(() => streamPatch(body)) && isTaken(() => basinPatch(body)));
  expect(taken.length).toBeGreaterThan(bodies.length / 4);
});

test('bodies of creations and of patches are among what the requests begin with', () => {
  const seeds = TARGETS.find(({ name }) => name === 'requests')?.seeds.map((bytes) => new TextDecoder().decode(bytes));
  for (const start of ['{"records":', '{"stream":"s","config":', '{"basin":"basin-01"', '{"storage_class":', '"local"'])
    expect(
      seeds?.some((seed) => seed.startsWith(start)),
      start,
    ).toBe(true);
});

function isTaken(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
