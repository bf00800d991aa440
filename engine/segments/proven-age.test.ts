/** The clock rule of decision 0007, case by case. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { ProvenAge } from './proven-age.ts';

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
const NOW = 1_700_000_000_000;
const AGE = HOUR;
/** What must pass at least: the age and the stated skew. */
const DUE = AGE + 60_000;

/** An owner's two clocks; `wall` is what the wall clock is off by. */
function owner(lastArrivalMs: number, wallOffMs = 0) {
  let trueMs = 0;
  let offMs = wallOffMs;
  const age = new ProvenAge({ wallMs: () => NOW + trueMs + offMs, monoMs: () => trueMs }, lastArrivalMs);
  return {
    age,
    pass: (ms: number) => void (trueMs += ms),
    stepWall: (ms: number) => void (offMs += ms),
    expired: (arrivalMs: number, ageMs = AGE) => age.untilLookMs(arrivalMs, ageMs) === 0,
  };
}

describe('with clocks that are right', () => {
  test('a record of the same owner expires when its age and the skew have passed', () => {
    const { expired, pass } = owner(0);
    expect(expired(NOW)).toBe(false);
    pass(DUE - 1);
    expect(expired(NOW)).toBe(false);
    pass(1);
    expect(expired(NOW)).toBe(true);
  });

  test('a record of a former owner expires by what the log and the monotonic clock say together', () => {
    const { expired, pass } = owner(NOW);
    expect(expired(NOW - DUE)).toBe(true);
    expect(expired(NOW - DUE + 1)).toBe(false);
    pass(1);
    expect(expired(NOW - DUE + 1)).toBe(true);
  });

  test('time without an owner and without appends counts for the wall clock only, so it proves nothing', () => {
    const { expired, pass } = owner(NOW - YEAR);
    expect(expired(NOW - YEAR)).toBe(false);
    pass(DUE);
    expect(expired(NOW - YEAR)).toBe(true);
  });

  test('short ages have a tenth of themselves for skew', () => {
    const { expired, pass } = owner(0);
    pass(109);
    expect(expired(NOW, 100)).toBe(false);
    pass(1);
    expect(expired(NOW, 100)).toBe(true);
  });
});

describe('with a wall clock that is wrong', () => {
  test.each([HOUR, YEAR])('an owner that begins %i ms ahead destroys nothing of former owners early', (aheadMs) => {
    const { age, expired, pass } = owner(NOW, aheadMs);
    expect(expired(NOW)).toBe(false);
    expect(age.onlyByWall(NOW, AGE - 60_000)).toBe(aheadMs >= AGE);
    pass(DUE - 1);
    expect(expired(NOW)).toBe(false);
    pass(1);
    expect(expired(NOW)).toBe(true);
  });

  test.each([HOUR, YEAR])(
    'a clock that jumps %i ms ahead destroys nothing early, its own records included',
    (aheadMs) => {
      const { expired, pass, stepWall } = owner(NOW - 1000);
      pass(1000);
      const own = NOW + 1000;
      stepWall(aheadMs);
      expect(expired(own)).toBe(false);
      expect(expired(NOW - 1000)).toBe(false);
      pass(DUE - 1000);
      expect(expired(NOW - 1000)).toBe(true);
      expect(expired(own)).toBe(false);
      pass(1000);
      expect(expired(own)).toBe(true);
    },
  );

  test('records a former owner stamped a year ahead live a year longer, and older ones are not destroyed for it', () => {
    const { expired, pass } = owner(NOW + YEAR);
    expect(expired(NOW - AGE / 2)).toBe(false);
    pass(DUE);
    expect(expired(NOW - AGE / 2)).toBe(true);
    expect(expired(NOW + YEAR)).toBe(false);
  });

  test('a clock that is behind keeps records, is asked every hour, and is believed once it is right', () => {
    const { age, expired, pass, stepWall } = owner(NOW, -YEAR);
    pass(DUE);
    expect(expired(NOW)).toBe(false);
    expect(age.untilLookMs(NOW, AGE)).toBe(HOUR);
    stepWall(YEAR);
    expect(expired(NOW)).toBe(true);
  });
});

test('no clock makes a newer record expire before an older one', () => {
  const ms = fc.integer({ min: -2 * YEAR, max: 2 * YEAR });
  fc.assert(
    fc.property(ms, ms, ms, ms, fc.nat({ max: YEAR }), fc.nat({ max: YEAR }), (last, off, a, b, passed, ageMs) => {
      const { age, expired, pass } = owner(NOW + last, off);
      pass(passed);
      const [older, newer] = [NOW + Math.min(a, b), NOW + Math.max(a, b)];
      if (expired(newer, ageMs)) expect(expired(older, ageMs)).toBe(true);
      expect(age.untilLookMs(older, ageMs)).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 2000 },
  );
});
