/** A sweep that goes on: what an earlier sitting could not do is done, and no longer held against it. */

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { sweep } from './sweep.ts';

const PROGRAM = fileURLToPath(new URL('testing/scripted-worker.mjs', import.meta.url));

test('runs that the watchdog ended are done in the next sitting, and their errors are gone', async () => {
  const resultsPath = join(mkdtempSync(join(tmpdir(), 'tailrace-resume-')), 'results.jsonl');
  const sitting = async (silenceMsMax: number) => {
    const { record } = await sweep({
      range: { from: 0, end: 2, profiles: ['quiet'], shard: 0, shards: 1 },
      timeMs: null,
      jobs: 1,
      size: {},
      silenceMsMax,
      resultsPath,
      program: PROGRAM,
    });
    return [record.results.length, record.harnessErrors.length];
  };
  expect(await sitting(1)).toEqual([0, 2]);
  expect(await sitting(60_000)).toEqual([2, 0]);
  expect(await sitting(60_000)).toEqual([2, 0]);
});
