/** What calls itself unchanged has changed in nothing: every kind of change is seen, also one that comes after the answer. */

import { expect, test } from 'vitest';

import { S2_BASIN_CONFIG } from '../core/config.ts';
import { BASIN, batch, engineBench, fenceRecord, STREAM, trimRecord } from './engine-bench.ts';
import { unchanged } from './unchanged.ts';

const bench = await engineBench({ tunables: { tombstoneMs: 5_000 } });
const { engine } = bench;

test('questions change nothing', async () => {
  expect(await unchanged(bench, () => engine.checkTail(BASIN, STREAM))).toMatchObject({ kind: 'tail' });
});

test.each<[string, () => Promise<unknown>]>([
  ['an append', () => engine.append(BASIN, STREAM, batch('x'))],
  ['a token', () => engine.append(BASIN, STREAM, batch([fenceRecord('mine')]))],
  ['a trim', () => engine.append(BASIN, STREAM, batch([trimRecord(1)]))],
  ['an append that is answered before it happens', async () => void engine.append(BASIN, STREAM, batch('y'))],
  ['a new stream', () => engine.createStream(BASIN, 'another', null)],
  ['a configuration', () => engine.reconfigureStream(BASIN, STREAM, { storageClass: 'standard' })],
  ['a configuration of a basin', () => engine.ensureBasin(BASIN, { ...S2_BASIN_CONFIG, createStreamOnRead: true })],
  ['a new basin', () => engine.createBasin('basin-02', null)],
  ['a deletion that has begun', () => engine.deleteStream(BASIN, STREAM)],
])('%s is a change', async (_, ask) => {
  await expect(unchanged(bench, ask)).rejects.toThrow('to deeply equal');
});
