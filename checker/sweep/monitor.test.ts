/** Online: what the sweep convicts without a search is convicted at the very event that proves it, in little memory. */

import { describe, expect, test, vi } from 'vitest';
import { ChainHash } from '../chain-hash.ts';
import type { HistoryEvent } from '../history.ts';
import { type CollectorOptions, collectHistory, type PlantedBug } from '../testing/collected-histories.ts';
import { seededRandom } from '../testing/random.ts';
import { smallHistory } from '../testing/small-histories.ts';
import { StreamMonitor } from './monitor.ts';
import { checkStream } from './sweep.ts';
import type { Violation } from './violation.ts';

/** The first violation, and how many events it took. */
function watch(
  history: readonly HistoryEvent[],
  rule: { strictS2?: boolean } = {},
): { found: Violation; at: number } | { found: null; sizeMax: number } {
  const monitor = new StreamMonitor(rule);
  let sizeMax = 0;
  for (const [at, event] of history.entries()) {
    const found = monitor.next(event);
    if (found !== null) return { found, at };
    sizeMax = Math.max(sizeMax, monitor.size);
  }
  return { found: null, sizeMax };
}

/** How many records are hashed meanwhile. */
function countedFolds(work: () => void): number {
  const append = vi.spyOn(ChainHash.prototype, 'append');
  work();
  const { length } = append.mock.calls;
  append.mockRestore();
  return length;
}

/** That have no answer, or one that says nothing. */
function appendsInDoubt(history: readonly HistoryEvent[]): number {
  const open = new Set<number>();
  for (const event of history)
    if (event.type === 'call' && event.call.kind === 'append') open.add(event.opId);
    else if (event.type === 'return' && event.return.kind !== 'append-indefinite-failure') open.delete(event.opId);
  return open.size;
}

describe('the monitor', () => {
  test('convicts no history that is legal, all that are not where no append is in doubt, and most of the others', () => {
    const tally = { certain: 0, doubtful: 0, convicted: 0 };
    for (let seed = 1; seed <= 3_000; seed++) {
      const rule = { strictS2: seed % 3 === 0 };
      const history = smallHistory(seededRandom(seed), 14);
      const { verdict } = checkStream(history, rule);
      const { found } = watch(history, rule);
      if (verdict === 'ok' && found !== null) expect.fail(`seed ${seed}: ${found.message}`);
      if (verdict !== 'illegal') continue;
      const isDoubtful = appendsInDoubt(history) > 0;
      if (!isDoubtful && found === null) expect.fail(`seed ${seed} has no append in doubt and is not convicted`);
      tally[isDoubtful ? 'doubtful' : 'certain']++;
      if (isDoubtful && found !== null) tally.convicted++;
    }
    expect(Math.min(tally.certain, tally.doubtful)).toBeGreaterThan(150);
    // The rest needs a search, which is for the end of a run.
    expect(tally.convicted).toBeGreaterThan(tally.doubtful * 0.6);
  });

  test('the history up to the event it names is illegal, and up to the one before it is not convicted', () => {
    for (let seed = 1; seed <= 2_000; seed++) {
      const rule = { strictS2: seed % 3 === 0 };
      const history = smallHistory(seededRandom(seed), 10);
      const watched = watch(history, rule);
      if (watched.found === null) continue;
      expect(checkStream(history.slice(0, watched.at + 1), rule).verdict, `seed ${seed}`).toBe('illegal');
    }
  });

  test('records that nobody can have written are seen when they are reported, or when the last who could have has', () => {
    const append = (opId: number, records: number): HistoryEvent => {
      const recordHashes = Array.from({ length: records }, () => BigInt(opId));
      const call = {
        kind: 'append',
        recordHashes,
        setFencingToken: null,
        fencingToken: null,
        matchSeqNum: null,
      } as const;
      return { type: 'call', clientId: opId, opId, call };
    };
    const acknowledged = (opId: number, tail: number): HistoryEvent => ({
      type: 'return',
      clientId: opId,
      opId,
      return: { kind: 'append-success', tail },
    });
    expect(watch([append(1, 1), acknowledged(1, 1), append(2, 1), acknowledged(2, 5)])).toMatchObject({
      at: 3,
      found: { code: 'unexplained-records', opIds: [2] },
    });
    const open = [append(3, 4), append(1, 1), acknowledged(1, 1), append(2, 1), acknowledged(2, 6)];
    expect(watch([...open, acknowledged(3, 5)]).found).toBe(null);
    expect(watch([...open, acknowledged(3, 10)])).toMatchObject({ at: 5, found: { code: 'unexplained-records' } });
    const lost: HistoryEvent = { type: 'return', clientId: 3, opId: 3, return: { kind: 'append-indefinite-failure' } };
    expect(watch([...open, lost]).found).toBe(null);
  });

  test.each<[PlantedBug, NonNullable<CollectorOptions['workflow']>]>([
    ['stale-read', 'regular'],
    ['stale-tail', 'regular'],
    ['lost-append', 'regular'],
    ['phantom', 'regular'],
    ['duplicate', 'regular'],
    ['torn-read', 'regular'],
    ['torn-batch', 'regular'],
    ['corrupt', 'regular'],
    ['low-bit-hash', 'regular'],
    ['reorder', 'regular'],
    ['flap', 'regular'],
    ['match-seq-num', 'match-seq-num'],
    ['fence', 'fencing'],
  ])('names a planted %s soon after it happened (%s workflow)', (bug, workflow) => {
    const history = collectHistory({ seed: 2, clients: 5, opsPerClient: 200, unknownPermille: 0, workflow, bug });
    const watched = watch(history);
    expect(watched.found).not.toBeNull();
    // The bug is planted in the middle.
    expect('at' in watched && watched.at).toBeLessThan(history.length * 0.7);
  });

  test('an event costs what it changes, however much a call that stays open keeps in memory', () => {
    const folds = countedFolds(() => {
      const monitor = new StreamMonitor();
      monitor.next({ type: 'call', clientId: 0, opId: 0, call: { kind: 'check-tail' } });
      for (let n = 1; n <= 2_000; n++) {
        const call = {
          kind: 'append',
          recordHashes: [1n],
          setFencingToken: null,
          fencingToken: null,
          matchSeqNum: null,
        } as const;
        monitor.next({ type: 'call', clientId: 1, opId: n, call });
        const found = monitor.next({
          type: 'return',
          clientId: 1,
          opId: n,
          return: { kind: 'append-success', tail: n },
        });
        expect(found).toBe(null);
      }
    });
    expect(folds).toBeLessThan(3 * 2_000);
  });

  test('a run of any length takes memory for what is outstanding only', () => {
    const sizes = [200, 2_000].map((opsPerClient) => {
      const watched = watch(collectHistory({ seed: 4, clients: 5, opsPerClient, unknownPermille: 0 }));
      return 'sizeMax' in watched ? watched.sizeMax : Number.NaN;
    });
    expect(sizes[1]).toBeLessThan(sizes[0]! * 2);
    expect(sizes[1]).toBeLessThan(100);
  });
});
