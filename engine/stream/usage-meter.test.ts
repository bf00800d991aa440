/** The meter: what is told to the log, how often, in how large pieces, and what becomes of counts the log does not take. */

import { expect, test } from 'vitest';

import type { Settlement } from '../log/queued.ts';
import type { Entry, UsageEntry } from '../state/entries.ts';
import { ManualClock } from '../testing/manual-ports.ts';
import type { Journal } from './journal.ts';
import { UsageMeter } from './usage-meter.ts';

const FLUSH_MS = 1_000;

function bench(settlement: Settlement = 'committed') {
  const clock = new ManualClock();
  const [logged, events]: [UsageEntry[], string[]] = [[], []];
  const journal = {
    writable: true,
    ahead: { basin: (name: string) => (name.startsWith('there') ? {} : undefined) },
    submit: (entry: Entry) => {
      logged.push(entry as UsageEntry);
      return Promise.resolve(settlement);
    },
  };
  const gone = new AbortController();
  const meter = new UsageMeter({
    ports: { clock, telemetry: { event: (name) => void events.push(name) } },
    journal: journal as unknown as Journal,
    flushMs: FLUSH_MS,
    signal: gone.signal,
    failed: (error) => expect.fail(String(error)),
  });
  return { clock, logged, events, journal, gone, meter };
}

test('what was counted in one span is one entry, and a span in which nothing was counted is none', async () => {
  const { clock, logged, events, meter } = bench();
  meter.count('list-basins');
  meter.count('list-basins');
  meter.countIn('there', 'read-bytes', 13);
  meter.countIn('there', 'read-bytes', 8);
  meter.countIn('gone', 'check-tail');
  await clock.advance(FLUSH_MS);
  const basins = [{ name: 'there', counts: [[9, 21]] }];
  expect(logged).toEqual([{ type: 'usage', atMs: clock.wallMs(), account: [[0, 2]], basins }]);
  await clock.advance(10 * FLUSH_MS);
  expect([logged.length, events, clock.sleepers]).toEqual([1, ['usage.logged'], 0]);
  meter.count('create-basin');
  await clock.advance(FLUSH_MS);
  expect(logged.at(-1)).toMatchObject({ account: [[1, 1]], basins: [] });
});

test('counts of many basins are told in pieces, each of them once', async () => {
  const { clock, logged, meter } = bench();
  meter.count('list-basins');
  for (let i = 0; i < 2_500; i++) meter.countIn(`there-${i}`, 'check-tail');
  await clock.advance(FLUSH_MS);
  expect(logged.map(({ account, basins }) => [account.length, basins.length])).toEqual([
    [1, 1_000],
    [0, 1_000],
    [0, 500],
  ]);
  expect(new Set(logged.flatMap(({ basins }) => basins.map(({ name }) => name))).size).toBe(2_500);
});

test('what the log did not commit is lost, and said to be', async () => {
  const { clock, events, logged, meter } = bench('void');
  meter.count('list-basins');
  await clock.advance(FLUSH_MS);
  await clock.advance(10 * FLUSH_MS);
  expect([events, logged.length]).toEqual([['usage.lost'], 1]);
});

test('what was counted in a basin that is gone is not told of the next one of its name', async () => {
  const { clock, logged, meter } = bench();
  meter.countIn('there', 'check-tail', 5);
  meter.countIn('there-too', 'check-tail');
  meter.ends('there');
  meter.countIn('there', 'check-tail');
  await clock.advance(FLUSH_MS);
  expect(logged.map(({ basins }) => basins.map(({ name, counts }) => [name, counts[0]?.[1]]))).toEqual([
    [
      ['there-too', 1],
      ['there', 1],
    ],
  ]);
});

test('when the engine ends nothing is told any more', async () => {
  const { clock, gone, logged, meter } = bench();
  meter.count('list-basins');
  gone.abort('ended');
  await clock.advance(10 * FLUSH_MS);
  expect([logged.length, clock.sleepers]).toEqual([0, 0]);
});

test('when appends tell no time an entry does, once in a span, before them, and with what was counted', async () => {
  const { clock, logged, events, meter } = bench();
  meter.timelessAppend();
  meter.timelessAppend();
  expect(logged).toEqual([{ type: 'usage', atMs: clock.wallMs(), account: [], basins: [] }]);
  meter.count('list-basins');
  await clock.advance(FLUSH_MS);
  meter.timelessAppend();
  expect(logged.map(({ account }) => account)).toEqual([[], [[0, 1]]]);
  await clock.advance(FLUSH_MS);
  meter.timelessAppend();
  expect([logged.length, events.filter((name) => name === 'usage.time-told').length]).toEqual([3, 2]);
});
