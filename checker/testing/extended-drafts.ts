/** Who asks what and when in a small extended history: clients, sessions of appends, followers. What comes back is not known yet. */

import type { ExtendedCall, ExtendedReturn, StreamConfig } from '../extended/history.ts';
import type { Dice } from './random.ts';

export interface Draft {
  /** Draws the call when its turn comes; what a follower waits for is known only then. */
  clientId: number;
  call: ExtendedCall;
  calledAt: number;
  effectAt: number;
  returnedAt: number;
  answer: ExtendedReturn | null;
  tailTimestamp?: number;
  /** Nobody ever tells of it. */
  isLost?: true;
}

export interface Subjects {
  trims: boolean;
  /** What timestamps there are; none when nobody tells of any. */
  stamps: readonly number[];
  lives: boolean;
  contents: boolean;
  /** Most appends hold the same, and many are lost. */
  alike: boolean;
  /** Streams have ages, and events times. */
  ages: boolean;
}

/** Of records. */
export const STAMPS = [1, 2, 3];

export function drawConfig(dice: Dice): StreamConfig {
  return { retentionAgeMs: dice.pick([null, 3, 6]), emptyAgeMs: dice.pick([null, 2, 5]) };
}

/** Clients that do one thing at a time. */
export function clients(dice: Dice, subjects: Subjects, count: number): Draft[] {
  const freeAt = Array.from({ length: dice.between(1, 4) }, () => dice.below(4));
  return Array.from({ length: count }, (_, i): Draft => {
    const worker = dice.below(freeAt.length);
    const calledAt = freeAt[worker]! + dice.below(3);
    const call = drawCall(dice, subjects);
    // Some appends take as long as a stream lives, some reads longer than what they show.
    const mayBeSlow = call.kind === 'append' ? subjects.lives : call.kind === 'read-part' && subjects.trims;
    const isSlow = mayBeSlow && dice.chance(1, 3);
    const effectAt = calledAt + dice.below(isSlow ? 30 : 6);
    const returnedAt = effectAt + dice.below(6);
    freeAt[worker] = isSlow ? calledAt + 1 : returnedAt + 1;
    return { clientId: worker + 10 * i, call, calledAt, effectAt, returnedAt, answer: null };
  });
}

/** Appends sent one behind the other, which take effect and are answered in that order. */
export function session(dice: Dice, subjects: Subjects): Draft[] {
  const drafts: Draft[] = [];
  let [calledAt, effectAt, returnedAt] = [dice.below(4), 0, 0];
  for (let index = dice.between(2, 4) - 1, n = 0; index >= 0; index--, n++) {
    // Where there are lives, some outlast one.
    calledAt += dice.below(subjects.lives ? 9 : 3);
    effectAt = Math.max(effectAt + 0.1, calledAt) + dice.below(3);
    returnedAt = Math.max(returnedAt + 0.1, effectAt) + dice.below(4);
    const call = { ...drawAppend(dice, subjects), turn: { session: 's', index: n } };
    drafts.push({ clientId: 500, call, calledAt, effectAt, returnedAt, answer: null });
  }
  return drafts;
}

/** Appends of which nobody hears until all is read. Most hold the same, and which is which real time alone can tell. */
export function unanswered(dice: Dice): Draft[] {
  let calledAt = dice.below(3);
  const appends = Array.from({ length: dice.between(3, 5) }, (_, i): Draft => {
    calledAt += dice.below(4);
    const effectAt = calledAt + dice.below(5);
    const hash = dice.pick([0n, 0n, BigInt(1 + i)]);
    const call: ExtendedCall = { ...PLAIN_APPEND, recordHashes: [hash] };
    return {
      clientId: 700 + i,
      call,
      calledAt,
      effectAt,
      returnedAt: effectAt + dice.below(2),
      answer: null,
      isLost: true,
    };
  });
  const call: ExtendedCall = { kind: 'read-part', from: { seqNum: 0 } };
  return [...appends, { clientId: 710, call, calledAt: 40, effectAt: 41, returnedAt: 42, answer: null }];
}

const PLAIN_APPEND = { kind: 'append', setFencingToken: null, fencingToken: null, matchSeqNum: null } as const;

/** The events of one or two sessions, the second of which goes on where the first ended. */
export function follower(dice: Dice): Draft[] {
  const drafts: Draft[] = [];
  let at = dice.below(6);
  let shownAt = at;
  const isResumed = dice.chance(1, 2);
  for (const name of isResumed ? ['f', 'g'] : ['f']) {
    const from = name === 'g' ? { after: 'f' } : { seqNum: dice.below(2) };
    at = Math.max(at, shownAt) + 1;
    for (let n = 0, events = isResumed ? 1 : dice.between(1, 3); n < events; n++) {
      const effectAt = at + dice.below(6);
      const call: ExtendedCall = { kind: 'follow', session: name, from: n === 0 ? from : null };
      // Events travel: the next one may be made before this one is seen.
      const returnedAt = Math.max(shownAt + 0.1, effectAt + dice.below(8));
      const calledAt = n === 0 ? at : shownAt + 0.55;
      drafts.push({ clientId: 600, call, calledAt, effectAt, returnedAt, answer: null });
      [at, shownAt] = [effectAt + 0.01, returnedAt];
    }
  }
  return drafts;
}

function drawCall(dice: Dice, subjects: Subjects): ExtendedCall {
  if (subjects.lives && dice.chance(1, 2))
    return dice.chance(1, 2)
      ? { kind: 'delete' }
      : {
          kind: 'create',
          token: dice.pick(['r', 'q', null]),
          ...(subjects.ages && dice.chance(1, 2) && { config: drawConfig(dice) }),
        };
  if (subjects.ages && dice.chance(1, 8)) return { kind: 'configure', emptyAgeMs: drawConfig(dice).emptyAgeMs };
  if (subjects.stamps.length > 0 && dice.chance(1, 3))
    return { kind: 'read-part', from: { timestamp: dice.pick([...subjects.stamps, ...subjects.stamps.slice(1)]) } };
  if (dice.chance(1, 3)) return { kind: 'read-part', from: { seqNum: dice.pick([0, 0, 1, 2, 3]) } };
  if (dice.chance(1, 8)) return { kind: 'check-tail' };
  if (dice.chance(1, 8)) return { kind: 'read' };
  return drawAppend(dice, subjects);
}

function drawAppend(dice: Dice, subjects: Subjects): ExtendedCall & { kind: 'append' } {
  const isShort = subjects.alike && dice.chance(3, 4);
  const recordHashes = Array.from({ length: isShort ? 1 : dice.between(1, 2) }, () =>
    BigInt(subjects.alike && dice.chance(3, 4) ? 0 : dice.below(4)),
  );
  return {
    kind: 'append',
    recordHashes,
    setFencingToken: dice.chance(1, 4) ? dice.pick(['a', 'b']) : null,
    fencingToken: dice.chance(1, 3) ? dice.pick(['a', 'b', '']) : null,
    matchSeqNum: dice.chance(1, subjects.alike ? 8 : 3) ? dice.below(4) : null,
    ...(subjects.trims && dice.chance(1, 2) && { trim: dice.below(4) }),
    ...(subjects.contents &&
      dice.chance(3, 4) && { contentHashes: recordHashes.map((hash) => hash * 2n + BigInt(dice.below(2))) }),
  };
}
