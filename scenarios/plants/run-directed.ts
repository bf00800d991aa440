/** Plays the one story a directed plant is caught by: a named test, which must fail on sources with the plant in them. */

import { relative, sep } from 'node:path';
import { startVitest } from 'vitest/node';
import { edited, TOP } from './build.ts';
import type { DirectedPlant } from './storage-plants.ts';

interface Told {
  /** Tests of that name that were run. */
  run: number;
  /** What each of them that failed says, in its first line. */
  failures: string[];
}

/** Rejects when an edit does not fit. With `isPlanted` false the story is played on the sources as they are. */
async function playDirected(plant: DirectedPlant, isPlanted = true): Promise<Told> {
  const edits = isPlanted ? plant.edits : [];
  // Vitest sets it when a test fails, which is what is wanted here.
  const codeBefore = process.exitCode;
  const plugin = {
    name: 'plant',
    enforce: 'pre' as const,
    transform(source: string, id: string) {
      const file = relative(TOP, id.split('?')[0] ?? '')
        .split(sep)
        .join('/');
      const here = edits.filter((candidate) => candidate.file === file);
      return here.length === 0 ? null : edited(source, here);
    },
  };
  const vitest = await startVitest(
    'test',
    [plant.test.file],
    {
      root: TOP,
      config: false,
      watch: false,
      reporters: [{}],
      testTimeout: 60_000,
      testNamePattern: plant.test.claim.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    },
    { plugins: [plugin] },
  );
  const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
  const told: Told = { run: 0, failures: [] };
  for (const test of tests) {
    const { state, errors } = test.result();
    if (state === 'skipped') continue;
    told.run++;
    if (state === 'failed') told.failures.push(errors?.[0]?.message.split('\n')[0] ?? 'it failed');
  }
  await vitest.close();
  process.exitCode = codeBefore;
  return told;
}

/** What the story says of the bug; null when it does not tell the wrong engine from the right one. */
export async function caughtBy(plant: DirectedPlant): Promise<string | null> {
  const wrong = await playDirected(plant);
  const right = await playDirected(plant, false);
  return right.run > 0 && right.failures.length === 0 ? (wrong.failures[0] ?? null) : null;
}
