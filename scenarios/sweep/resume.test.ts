/** A sweep that goes on: what an earlier sitting could not do is done, and no longer held against it. */

import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { sweep, type SweepOptions } from './sweep.ts';

const PROGRAM = fileURLToPath(new URL('testing/scripted-worker.mjs', import.meta.url));

const options: SweepOptions = {
  range: { from: 0, end: 2, profiles: ['quiet'], shard: 0, shards: 1 },
  timeMs: null,
  jobs: 1,
  program: PROGRAM,
  size: {},
  silenceMsMax: 60_000,
  resultsPath: null,
  signals: new EventEmitter(),
};

test('runs that the watchdog ended are done in the next sitting, and their errors are gone', async () => {
  const resultsPath = join(mkdtempSync(join(tmpdir(), 'tailrace-resume-')), 'results.jsonl');
  const sitting = async (silenceMsMax: number) => {
    const { record } = await sweep({ ...options, silenceMsMax, resultsPath });
    return [record.results.length, record.harnessErrors.length];
  };
  expect(await sitting(1)).toEqual([0, 2]);
  expect(await sitting(60_000)).toEqual([2, 0]);
  expect(await sitting(60_000)).toEqual([2, 0]);
});

test('a sweep that was told to stop says so, and by what; one that was done before does not', async () => {
  const signals = new EventEmitter();
  const told = (by: string) => async () => void signals.emit(by, by);
  const stopped = await sweep({ ...options, signals, onStart: told('SIGTERM') });
  expect([stopped.record.interruptedBy, stopped.record.results]).toEqual(['SIGTERM', []]);
  const nothingToDo = { ...options.range, from: 1, end: 2, shard: 1, shards: 2 };
  const done = await sweep({ ...options, signals, range: nothingToDo, onStart: told('SIGINT') });
  expect(done.record.interruptedBy).toBeUndefined();
  expect(signals.eventNames()).toEqual([]);
});

test('a results file that can no longer be written costs no sweep, and that is told', async () => {
  const resultsPath = join(mkdtempSync(join(tmpdir(), 'tailrace-resume-')), 'results.jsonl');
  const swapped = async () => {
    rmSync(resultsPath);
    mkdirSync(resultsPath);
  };
  const { record, resultsError } = await sweep({ ...options, resultsPath, onStart: swapped });
  expect(record.results).toHaveLength(2);
  expect(resultsError).toMatchObject({ code: 'EISDIR' });
});
