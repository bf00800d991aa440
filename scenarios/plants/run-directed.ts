/** Plays the one story a directed plant is caught by: the named test, on sources with the plant in them, must fail. */

import { relative, sep } from 'node:path';
import { startVitest } from 'vitest/node';
import { edited, TOP } from './build.ts';
import type { DirectedPlant } from './storage-plants.ts';

export interface Story {
  /** Tests of that name that were run, and those of them that failed. */
  run: number;
  failed: number;
}

/** Rejects when an edit does not fit. With `isPlanted` false the story is played on the sources as they are. */
export async function playDirected(plant: DirectedPlant, isPlanted = true): Promise<Story> {
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
      testNamePattern: plant.test.claim.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    },
    { plugins: [plugin] },
  );
  const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
  const story = { run: 0, failed: 0 };
  for (const test of tests) {
    const { state } = test.result();
    if (state === 'skipped') continue;
    story.run++;
    if (state === 'failed') story.failed++;
  }
  await vitest.close();
  process.exitCode = codeBefore;
  return story;
}
