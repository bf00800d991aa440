/**
 * "Nothing changed", as every test of a refusal means it: all that anybody can see of a server before it was asked, and
 * again a second after it has answered, when whatever was queued meanwhile would have come to be.
 */

import { expect } from 'vitest';

import type { Engine } from '../engine.ts';
import { type EngineBench, FROM_START } from './engine-bench.ts';

/** Above what a commit takes on the bench, below what deletions and the log of usage take. */
const LATER_MS = 1_000;
const ALL = { prefix: '', startAfter: '', limit: 1_000 };

/** What the question was answered with; fails when it changed anything. */
export async function unchanged<Told>(
  { engine, clock }: Pick<EngineBench, 'engine' | 'clock'>,
  ask: () => Promise<Told>,
): Promise<Told> {
  const before = await allThereIs(engine);
  const told = await ask();
  await clock.advance(LATER_MS);
  expect(await allThereIs(engine)).toEqual(before);
  return told;
}

/**
 * Rows of basins and streams are whole: configurations, tails, tokens in force, digests of all records, when they are deleted.
 * The state's hash has everything else that is durable in it.
 */
async function allThereIs(engine: Engine) {
  const basins = await engine.listBasins(ALL);
  const names = basins.kind === 'page' ? basins.page.rows.map(({ name }) => name) : [];
  const streams = await Promise.all(names.map((basin) => streamsOf(engine, basin)));
  // Last, so that what was asked for above is in it, too.
  return { basins, streams, undurableBytes: engine.undurableBytes, state: engine.state };
}

async function streamsOf(engine: Engine, basin: string) {
  const streams = await engine.listStreams(basin, ALL);
  const names = streams.kind === 'page' ? streams.page.rows.map(({ name }) => name) : [];
  return { streams, records: await Promise.all(names.map((name) => engine.read(basin, name, FROM_START))) };
}
