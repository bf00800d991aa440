/**
 * The whole state under the log: INSTALL as storage reference §4.3 says it, seen from an owner that wrote the
 * checkpoint, from one that replays the whole log and from one that starts at the checkpoint.
 */

import { describe, expect, test } from 'vitest';

import { FORMAT_VERSION } from '../core/format-version.ts';
import { chunk, createBasin, createStream, install, ownSegment, segment } from '../testing/state-samples.ts';
import type { Entry, InstallEntry } from './entries.ts';
import { LogState, StateMismatch } from './log-state.ts';
import type { SegmentRef } from './segment-ref.ts';

const FROZEN_AT = 2;
const TAKEN_OVER = [segment(1), ownSegment(2, 1, 0, 2)];
const OLD = segment(9);
const REWRITTEN = segment(5);

/** One entry a slot from slot 0; the CRC of every entry is its slot, so that digests tell orders apart. */
function play(state: LogState, entries: readonly Entry[], fromSlot = 0): boolean[] {
  return entries.map((entry, at) => {
    const counted = state.apply(entry, fromSlot + at);
    state.endOfSlot(fromSlot + at);
    return counted;
  });
}

function played(...entries: readonly Entry[]): LogState {
  const state = new LogState();
  play(state, entries);
  return state;
}

const UP_TO_FREEZE: readonly Entry[] = [createBasin(), createStream(1, 's'), chunk(1, 0, { count: 2 })];
const EDIT: Entry = { type: 'edit', removed: [OLD], added: [REWRITTEN] };

/** A store whose list has OLD already, frozen at slot 2; then an append, an EDIT and the INSTALL of the checkpoint. */
function life(change: Partial<InstallEntry> = {}) {
  const before: readonly Entry[] = [...UP_TO_FREEZE.slice(0, 2), { type: 'edit', removed: [], added: [OLD] }];
  const frozen = played(...before);
  const after: readonly Entry[] = [
    chunk(1, 0, { count: 2 }),
    EDIT,
    { ...install(FROZEN_AT, frozen.hash, TAKEN_OVER), ...change },
    chunk(1, 2),
  ];
  return { before, frozen, after };
}

/** As the loader of checkpoints does it. */
function restored(from: LogState, segments: readonly SegmentRef[]): LogState {
  const state = new LogState();
  for (const basin of from.tables.basins()) state.tables.restoreBasin(basin);
  for (const row of from.tables.streamsInRange(0, from.tables.nextStreamId)) state.tables.restoreStream(row);
  state.tables.restoreCounters(from.tables);
  state.arrived(from.lastArrivalMs);
  state.segments.restore({ slot: FROZEN_AT, epoch: 1, number: FROZEN_AT }, segments);
  state.usage.restore(from.usage.frozen());
  return state;
}

const listed = (state: LogState) => [...state.segments.all()].map(({ number }) => number).toSorted((a, b) => a - b);

describe('an INSTALL', () => {
  test('adds the segments it names and says that it counted', () => {
    const { before, after } = life();
    const state = played(...before);
    expect(play(state, after, FROZEN_AT + 1)).toEqual([false, false, true, false]);
    expect(state.segments.installed).toEqual({ slot: FROZEN_AT, epoch: 1, number: FROZEN_AT });
    expect(state.segments.ownOf(1)).toEqual([TAKEN_OVER[1]]);
  });

  test('leaves alone what was committed between its checkpoint and itself, an EDIT too', () => {
    const { before, after } = life();
    const state = played(...before, ...after);
    expect(listed(state)).toEqual([1, 2, 5]);
    expect(state.tables.stream(1)?.tail.seqNum).toBe(3);
  });

  test('does nothing to a state that was loaded from its checkpoint, and both end the same', () => {
    const { before, frozen, after } = life();
    const live = played(...before, ...after);
    const started = restored(frozen, [OLD, ...TAKEN_OVER]);
    expect(play(started, after, FROZEN_AT + 1)).toEqual([false, false, false, false]);
    expect(started.hash).toEqual(live.hash);
    expect(listed(started)).toEqual(listed(live));
    expect(started.tables.stream(1)).toEqual(live.tables.stream(1));
    expect(started.segments.installed).toEqual(live.segments.installed);
  });

  test.each([
    ['the same slot', FROZEN_AT],
    ['a slot below', FROZEN_AT - 1],
  ])('of %s is not above the installed one and does nothing', (_, slot) => {
    const { before, after } = life();
    const state = played(...before, ...after);
    const { hash } = state;
    expect(state.apply(install(slot, { a: 1, b: 1 }, [segment(7)]), 0)).toBe(false);
    expect(state.hash).toEqual(hash);
    expect(state.segments.installed?.slot).toBe(FROZEN_AT);
  });

  test.each([
    ['one lane', (hash: { a: number; b: number }) => ({ a: hash.a ^ 1, b: hash.b })],
    ['the other lane', (hash: { a: number; b: number }) => ({ a: hash.a, b: hash.b ^ 1 })],
  ])('written by an owner in another state is found at once, by %s', (_, damage) => {
    const { before, frozen, after } = life();
    const wrong = after.map((entry): Entry =>
      entry.type === 'install' ? { ...entry, stateHash: damage(frozen.hash) } : entry,
    );
    const state = played(...before);
    expect(() => play(state, wrong, FROZEN_AT + 1)).toThrow(StateMismatch);
    expect(() => played(...before, ...wrong)).toThrow(`the state at slot ${FROZEN_AT}`);
  });

  test('is compared with the state at its checkpoint, not with that of its own slot', () => {
    const { before, after } = life();
    const atInstall = played(...before, ...after.slice(0, 2)).hash;
    const { after: wrong } = life({ stateHash: atInstall });
    expect(() => played(...before, ...wrong)).toThrow(StateMismatch);
  });

  test('long after its checkpoint is still compared, and one too long after is believed', () => {
    const wrong = install(0, { a: 1, b: 1 });
    const state = played(createBasin());
    for (let slot = 1; slot <= 8_191; slot++) state.endOfSlot(slot);
    expect(() => state.apply(wrong, 0)).toThrow(StateMismatch);
    const later = played(createBasin());
    for (let slot = 1; slot <= 8_192; slot++) later.endOfSlot(slot);
    expect(later.apply(wrong, 0)).toBe(true);
  });

  test('of a state that an older build folded, by other rules, is believed', () => {
    const wrong = install(5, { a: 1, b: 1 });
    for (const version of [FORMAT_VERSION, FORMAT_VERSION - 1]) {
      const state = played(createBasin());
      state.endOfSlot(5, version);
      if (version === FORMAT_VERSION) expect(() => state.apply(wrong, 0)).toThrow(StateMismatch);
      else expect(state.apply(wrong, 0)).toBe(true);
    }
  });

  test('across the slots a fence skipped forgets and remembers the right ones', () => {
    const state = played(createBasin());
    const { hash } = state;
    state.endOfSlot(65);
    state.apply(createStream(1, 's'), 0);
    state.endOfSlot(66);
    expect(state.apply(install(65, hash), 0)).toBe(true);
    expect(() => state.apply(install(66, hash), 0)).toThrow(StateMismatch);
  });
});

describe('the state', () => {
  test('is the same after the same log, whoever replays it', () => {
    const { before, after } = life();
    expect(played(...before, ...after).hash).toEqual(played(...before, ...after).hash);
  });

  test('has the hash of what is in it, not of what went', () => {
    const { before, after } = life();
    const live = played(...before, ...after);
    expect(restored(live, [...live.segments.all()]).hash).toEqual(live.hash);
  });

  test('differs as soon as a chunk had other bytes', () => {
    const one = played(...UP_TO_FREEZE.slice(0, 2));
    const other = played(...UP_TO_FREEZE.slice(0, 2));
    one.apply(chunk(1, 0), 1);
    other.apply(chunk(1, 0), 2);
    expect(one.hash).not.toEqual(other.hash);
  });

  test('knows the newest arrival, and no chunk arrives before it', () => {
    const state = played(...UP_TO_FREEZE);
    expect(state.lastArrivalMs).toBe(10);
    expect(() => state.apply(chunk(1, 2, { arrivalMs: 9 }), 0)).toThrow('arrivals never decrease along the log');
    state.arrived(50);
    state.arrived(40);
    expect(state.lastArrivalMs).toBe(50);
  });

  test('counts what no checkpoint has, INSTALLs apart', () => {
    const { before, after } = life();
    expect(played(...before, ...after).unfrozenEntries).toBe(before.length + after.length - 1);
  });
});
