/** Online: what the sweep convicts without a search is convicted at the very event that proves it, in little memory. */

import { describe, expect, test } from 'vitest';
import type { HistoryEvent } from '../history.ts';
import { collectHistory, type PlantedBug } from '../testing/collected-histories.ts';
import { seededRandom } from '../testing/random.ts';
import { smallHistory } from '../testing/small-histories.ts';
import { StreamMonitor } from './monitor.ts';
import { checkStream } from './sweep.ts';
import type { Violation } from './violation.ts';

/** The first violation, and how many events it took. */
function watch(history: readonly HistoryEvent[]): { found: Violation; at: number } | { found: null; sizeMax: number } {
  const monitor = new StreamMonitor();
  let sizeMax = 0;
  for (const [at, event] of history.entries()) {
    const found = monitor.next(event);
    if (found !== null) return { found, at };
    sizeMax = Math.max(sizeMax, monitor.size);
  }
  return { found: null, sizeMax };
}

describe('the monitor', () => {
  test('convicts no history that is legal, and of those that are not close to half', () => {
    let [convicted, illegal] = [0, 0];
    for (let seed = 1; seed <= 2_000; seed++) {
      const history = smallHistory(seededRandom(seed), 10);
      const { verdict } = checkStream(history);
      const { found } = watch(history);
      if (verdict === 'ok' && found !== null) expect.fail(`seed ${seed}: ${found.message}`);
      if (verdict === 'illegal') illegal++;
      if (verdict === 'illegal' && found !== null) convicted++;
    }
    // The rest needs a search, which is for the end of a run.
    expect(convicted).toBeGreaterThan(illegal * 0.45);
  });

  test('the history up to the event it names is illegal, and up to the one before it is not convicted', () => {
    for (let seed = 1; seed <= 2_000; seed++) {
      const history = smallHistory(seededRandom(seed), 10);
      const watched = watch(history);
      if (watched.found === null) continue;
      expect(checkStream(history.slice(0, watched.at + 1)).verdict, `seed ${seed}`).toBe('illegal');
    }
  });

  test.each<PlantedBug>(['stale-read', 'stale-tail', 'lost-append', 'torn-read', 'low-bit-hash', 'reorder', 'corrupt'])(
    'names a planted %s soon after it happened',
    (bug) => {
      const history = collectHistory({ seed: 2, clients: 5, opsPerClient: 200, unknownPermille: 0, bug });
      const watched = watch(history);
      expect(watched.found).not.toBeNull();
      // The bug is planted in the middle.
      expect('at' in watched && watched.at).toBeLessThan(history.length * 0.7);
    },
  );

  test('a run of any length takes memory for what is outstanding only', () => {
    const sizes = [200, 2_000].map((opsPerClient) => {
      const watched = watch(collectHistory({ seed: 4, clients: 5, opsPerClient, unknownPermille: 0 }));
      return 'sizeMax' in watched ? watched.sizeMax : Number.NaN;
    });
    expect(sizes[1]).toBeLessThan(sizes[0]! * 2);
    expect(sizes[1]).toBeLessThan(100);
  });
});
