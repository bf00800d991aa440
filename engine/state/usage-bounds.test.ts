/** What the history of usage may cost: room for notes, whoever makes them, and a copy that is made at once. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { BASIN_FIGURES, INTERVALS, KEPT_OF_ALL, type UsageInterval } from '../core/usage.ts';
import { createBasin } from '../testing/state-samples.ts';
import { fold } from './fold.ts';
import { PayloadReader } from './payload.ts';
import { hashText, StateHasher } from './state-hash.ts';
import { DurableTables } from './tables.ts';
import { Usage, type UsageHistory } from './usage.ts';
import { readUsage, writeUsage } from './usage-codec.ts';

const MINUTE = 60_000;
const READS = BASIN_FIGURES.indexOf('reads-unary');

/** A usage with so many basins and room for so many notes of each resolution. */
function bench(basins: number, notesMax?: number) {
  const hasher = new StateHasher();
  const usage = new Usage(hasher, notesMax);
  const tables = new DurableTables();
  const create = (name: string): void => {
    const entry = createBasin(name);
    const change = fold(tables, entry);
    tables.put(change);
    usage.changed({ entry, change, before: undefined, lastArrivalMs: 0 });
  };
  for (let i = 0; i < basins; i++) create(`basin-${i}`);
  /** One read in each of them, in that minute. */
  const read = (minute: number, ...which: number[]): void => {
    const counted = which.map((i) => ({ name: `basin-${i}`, counts: [[READS, 1] as const] }));
    usage.reported({ type: 'usage', atMs: minute * MINUTE, account: [], basins: counted });
  };
  const remove = (i: number): void => {
    const row = tables.basin(`basin-${i}`);
    if (row === undefined) return;
    tables.put({ table: 'deleted-basin', row });
    const entry = { type: 'delete-basin', name: row.name } as const;
    usage.changed({ entry, change: { table: 'deleted-basin', row }, before: undefined, lastArrivalMs: 0 });
  };
  const hash = () => {
    usage.settle();
    return hashText(hasher.value());
  };
  return { usage, read, remove, hash };
}

/** Of each basin, the times it has notes of. */
function noted(usage: Usage, interval: UsageInterval = 'minute'): number[][] {
  return Array.from(usage.basins(), ([, { notes }]) => notes[interval].map(({ at }) => at));
}

function restored(history: UsageHistory, notesMax?: number) {
  const loaded = bench(0, notesMax);
  loaded.usage.restore(readUsage(new PayloadReader(Buffer.concat([...writeUsage(history)]))));
  return loaded;
}

describe('when there is no room for another note', () => {
  test('those of the oldest minute go, of every basin, and no other', () => {
    const { usage, read } = bench(3, 6);
    read(1, 0, 1);
    read(2, 1, 2);
    read(3, 0, 1);
    expect([noted(usage), usage.gone.minute]).toEqual([[[1, 3], [1, 2, 3], [2]], null]);
    read(4, 2);
    expect([noted(usage), usage.gone.minute?.at]).toEqual([[[3], [2, 3], [2, 4]], 1]);
    expect([noted(usage, 'hour'), usage.gone.hour]).toEqual([[[0], [0], [0]], null]);
  });

  test('the order of the log says what is oldest, not clocks', () => {
    const { usage, read } = bench(2, 2);
    read(9, 0);
    read(3, 1);
    read(5, 0);
    expect([noted(usage), usage.gone.minute?.at]).toEqual([[[5], [3]], 9]);
  });

  test('nor for those of one minute, what came in it is known no more, and the next begins anew', () => {
    const { usage, read } = bench(4, 2);
    read(1, 0, 1, 2, 3);
    expect(noted(usage)).toEqual([[], [], [], []]);
    read(2, 3);
    expect([noted(usage), usage.gone.minute?.at]).toEqual([[[], [], [], [2]], 1]);
  });

  test('a basin that goes makes some', () => {
    const { usage, read, remove } = bench(2, 2);
    read(1, 0);
    read(2, 1);
    remove(0);
    read(3, 1);
    expect([noted(usage), usage.gone.minute]).toEqual([[[2, 3]], null]);
  });
});

const step = fc.record({
  what: fc.constantFrom('read', 'read', 'read', 'remove'),
  basin: fc.nat(3),
  minutes: fc.integer({ min: -70, max: 130 }),
});

test('a replica that began with a checkpoint drops what the others drop, and no more is ever kept than there is room for', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(60), fc.integer({ min: 1, max: 9 }), (steps, cut, room) => {
      const whole = bench(4, room);
      let other = bench(4, room);
      let minute = 100_000;
      for (const [i, { what, basin, minutes }] of steps.entries()) {
        if (i === cut) other = restored(other.usage.frozen(), room);
        minute += minutes;
        for (const { read, remove } of [whole, other]) {
          if (what === 'read') read(minute, basin, (basin + 1) % 4);
          else if (i < cut) remove(basin);
        }
        for (const interval of INTERVALS) {
          expect(noted(whole.usage, interval).flat().length).toBeLessThanOrEqual(room);
        }
      }
      expect([...writeUsage(other.usage.frozen())]).toEqual([...writeUsage(whole.usage.frozen())]);
      expect(other.hash()).toBe(whole.hash());
    }),
  );
});

test('a checkpoint of an older build that keeps more is read as it is, and the next note makes room', () => {
  const before = bench(3);
  for (let minute = 1; minute <= 5; minute++) before.read(minute, 0, 1, 2);
  const loaded = restored(before.usage.frozen(), 4);
  expect(loaded.hash()).toBe(before.hash());
  loaded.read(6, 0);
  expect(noted(loaded.usage)).toEqual([[5, 6], [5], [5]]);
});

describe('a frozen copy', () => {
  test('stays as it is, whatever comes', () => {
    const { usage, read } = bench(3, 5);
    read(1, 0, 1);
    const frozen = usage.frozen();
    const then = structuredClone(frozen);
    read(1, 0);
    for (let minute = 2; minute < 9; minute++) read(minute, 0, 1, 2);
    expect(frozen).toEqual(then);
  });

  test('shares with the one before what did not change between them', () => {
    const { usage, read } = bench(3);
    read(1, 0, 1, 2);
    const first = usage.frozen();
    read(1, 1);
    const second = usage.frozen();
    const shared = second.basins.map(({ ledger }, i) => ledger === first.basins[i]?.ledger);
    expect(shared).toEqual([true, false, true]);
    expect(second.basins[1]?.ledger.notes.hour).toBe(first.basins[1]?.ledger.notes.hour);
  });
});

test('many basins are remembered for equally long, in no more notes than there is room for', () => {
  const { usage, read } = bench(1_500);
  const all = Array.from({ length: 1_500 }, (_, i) => i);
  const hours = Array.from({ length: 30 }, (_, i) => 7 * i);
  for (const hour of hours) read(60 * hour, ...all);
  const room = Math.floor(KEPT_OF_ALL / all.length);
  for (const interval of ['minute', 'hour'] as const) {
    expect(new Set(noted(usage, interval).map(({ length }) => length))).toEqual(new Set([room]));
  }
  expect(noted(usage, 'hour')[0]).toEqual(hours.slice(-room));
  expect(noted(usage, 'day')[0]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});
