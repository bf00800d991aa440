/**
 * Small random histories with all that the extended format can say. Made by letting clients, pipelined sessions and
 * followers loose on a pretended stream, then perhaps falsified. What goes together in one history is drawn first, so
 * that each subject gets histories small enough for the permutation search.
 */

import type { ExtendedCall, ExtendedEvent, ExtendedReturn } from '../extended/history.ts';
import type { Dice } from './random.ts';

interface Draft {
  /** Draws the call when its turn comes; what a follower waits for is known only then. */
  clientId: number;
  call: ExtendedCall;
  calledAt: number;
  effectAt: number;
  returnedAt: number;
  answer: ExtendedReturn | null;
  tailTimestamp?: number;
}

interface Subjects {
  trims: boolean;
  stamps: boolean;
  lives: boolean;
  contents: boolean;
}

interface Pretended {
  phase: 'present' | 'doomed' | 'absent';
  creation: string | null;
  records: { hash: bigint; content: bigint; stamp: number }[];
  token: string;
  trimAsked: number;
  trimPoint: number;
  /** Of each session, the number of its next append; -1 when one had no effect. */
  turns: Map<string, number>;
  followers: Map<string, number>;
}

const LATE = 1_000;
const STAMPS = [1, 2, 3];

export interface SmallExtended {
  events: ExtendedEvent[];
  initially: 'present' | 'absent';
}

export function extendedHistory(dice: Dice, operationsMax: number): SmallExtended {
  const subject = dice.pick(['plain', 'trims', 'stamps', 'lives', 'pipelined', 'followed', 'followed trims'] as const);
  const subjects: Subjects = {
    trims: subject.endsWith('trims'),
    stamps: subject === 'stamps',
    lives: subject === 'lives',
    contents: dice.chance(1, 3),
  };
  const initially = subjects.lives && dice.chance(1, 2) ? 'absent' : 'present';
  // Each stamp of a record is a branch for the permutation search.
  const most = subjects.stamps ? Math.min(operationsMax, 5) : operationsMax;
  let drafts: Draft[] = [];
  if (subject === 'pipelined') drafts = session(dice, subjects);
  if (subject.startsWith('followed')) drafts = follower(dice);
  drafts.push(...clients(dice, subjects, Math.max(1, most - drafts.length)));
  const stream: Pretended = {
    phase: initially,
    creation: null,
    records: [],
    token: '',
    trimAsked: 0,
    trimPoint: 0,
    turns: new Map(),
    followers: new Map(),
  };
  for (const draft of drafts.toSorted((a, b) => a.effectAt - b.effectAt)) answer(dice, stream, subjects, draft);
  for (let lies = dice.pick([0, 0, 1]); lies > 0; lies--) falsify(dice, dice.pick(drafts));
  return { events: eventsOf(dice, drafts), initially };
}

/** Clients that do one thing at a time. */
function clients(dice: Dice, subjects: Subjects, count: number): Draft[] {
  const freeAt = Array.from({ length: dice.between(1, 4) }, () => dice.below(4));
  return Array.from({ length: count }, (_, i): Draft => {
    const worker = dice.below(freeAt.length);
    const calledAt = freeAt[worker]! + dice.below(3);
    const call = drawCall(dice, subjects);
    // Some appends take as long as a stream lives.
    const isSlow = subjects.lives && call.kind === 'append' && dice.chance(1, 3);
    const effectAt = calledAt + dice.below(isSlow ? 30 : 6);
    const returnedAt = effectAt + dice.below(6);
    freeAt[worker] = isSlow ? calledAt + 1 : returnedAt + 1;
    return { clientId: worker + 10 * i, call, calledAt, effectAt, returnedAt, answer: null };
  });
}

/** Appends sent one behind the other, which take effect and are answered in that order. */
function session(dice: Dice, subjects: Subjects): Draft[] {
  const drafts: Draft[] = [];
  let [calledAt, effectAt, returnedAt] = [dice.below(4), 0, 0];
  for (let index = dice.between(2, 4) - 1, n = 0; index >= 0; index--, n++) {
    calledAt += dice.below(3);
    effectAt = Math.max(effectAt + 0.1, calledAt) + dice.below(3);
    returnedAt = Math.max(returnedAt + 0.1, effectAt) + dice.below(4);
    const call = { ...drawAppend(dice, subjects), turn: { session: 's', index: n } };
    drafts.push({ clientId: 500, call, calledAt, effectAt, returnedAt, answer: null });
  }
  return drafts;
}

/** The events of one or two sessions, the second of which goes on where the first ended. */
function follower(dice: Dice): Draft[] {
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
    return dice.chance(1, 2) ? { kind: 'delete' } : { kind: 'create', token: dice.pick(['r', 'q', null]) };
  if (subjects.stamps && dice.chance(1, 3)) return { kind: 'read-part', from: { timestamp: dice.between(2, 3) } };
  if (dice.chance(1, 3)) return { kind: 'read-part', from: { seqNum: dice.pick([0, 0, 1, 2, 3]) } };
  if (dice.chance(1, 8)) return { kind: 'check-tail' };
  return drawAppend(dice, subjects);
}

function drawAppend(dice: Dice, subjects: Subjects): ExtendedCall & { kind: 'append' } {
  const recordHashes = Array.from({ length: dice.between(1, 2) }, () => BigInt(dice.below(4)));
  return {
    kind: 'append',
    recordHashes,
    setFencingToken: dice.chance(1, 4) ? dice.pick(['a', 'b']) : null,
    fencingToken: dice.chance(1, 3) ? dice.pick(['a', 'b', '']) : null,
    matchSeqNum: dice.chance(1, 3) ? dice.below(4) : null,
    ...(subjects.trims && dice.chance(1, 2) && { trim: dice.below(4) }),
    ...(subjects.contents &&
      dice.chance(3, 4) && { contentHashes: recordHashes.map((hash) => hash * 2n + BigInt(dice.below(2))) }),
  };
}

function answer(dice: Dice, stream: Pretended, subjects: Subjects, draft: Draft): void {
  const { call } = draft;
  if (stream.phase === 'doomed' && dice.chance(1, 2)) stream.phase = 'absent';
  draft.answer = answered(dice, stream, subjects, call);
  const told = draft.answer;
  const tellsTail = 'tail' in told && told.tail === stream.records.length && told.tail > 0;
  if (subjects.stamps && tellsTail && dice.chance(1, 2)) draft.tailTimestamp = stream.records.at(-1)!.stamp;
}

function answered(dice: Dice, stream: Pretended, subjects: Subjects, call: ExtendedCall): ExtendedReturn {
  const tail = stream.records.length;
  if (call.kind === 'create') {
    if (stream.phase === 'doomed') return { kind: 'stream-pending' };
    if (stream.phase === 'present')
      return { kind: call.token !== null && call.token === stream.creation ? 'create-noop' : 'stream-exists' };
    Object.assign(stream, {
      phase: 'present',
      creation: call.token,
      // A bug: something of the life before is there.
      records: dice.chance(1, 8) ? stream.records.slice(0, 1) : [],
      token: '',
      trimAsked: 0,
      trimPoint: 0,
    });
    return { kind: 'created' };
  }
  if (stream.phase === 'absent') return { kind: 'stream-absent' };
  if (call.kind === 'delete') {
    stream.phase = 'doomed';
    return { kind: 'deleted' };
  }
  if (stream.phase === 'doomed') return { kind: 'stream-pending' };
  switch (call.kind) {
    case 'read':
    case 'check-tail':
      return { kind: 'check-tail-success', tail };
    case 'read-part':
      return shownPart(dice, stream, subjects, call.from);
    case 'follow':
      return shownNext(dice, stream, call);
    case 'append':
      return appended(dice, stream, subjects, call);
  }
}

function shownPart(
  dice: Dice,
  stream: Pretended,
  subjects: Subjects,
  from: { seqNum: number } | { timestamp: number },
): ExtendedReturn {
  const { records } = stream;
  const tail = records.length;
  const first = 'seqNum' in from ? from.seqNum : records.findIndex(({ stamp }) => stamp >= from.timestamp);
  if (first === -1 || first >= tail) return { kind: 'read-unwritten', tail };
  if (dice.chance(1, 2)) stream.trimPoint = stream.trimAsked;
  const start = Math.max(first, stream.trimPoint);
  const isWhole = dice.chance(1, 2);
  const shown = records.slice(start, isWhole ? tail : start + dice.below(tail - start + 1));
  return {
    kind: 'read-part-success',
    start,
    recordHashes: shown.map(({ hash }) => hash),
    ...(subjects.contents && dice.chance(3, 4) && { contentHashes: shown.map(({ content }) => content) }),
    ...(subjects.stamps && dice.chance(1, 2) && { timestamps: shown.map(({ stamp }) => stamp) }),
    tail: isWhole ? tail : null,
  };
}

function shownNext(dice: Dice, stream: Pretended, call: ExtendedCall & { kind: 'follow' }): ExtendedReturn {
  const { records, followers } = stream;
  const tail = records.length;
  const { from } = call;
  const asked = from !== null && 'seqNum' in from ? from.seqNum : 0;
  const place = followers.get(from !== null && 'after' in from ? from.after : call.session) ?? asked;
  if (place > tail) return { kind: 'read-unwritten', tail };
  if (dice.chance(1, 3)) stream.trimPoint = stream.trimAsked;
  const start = Math.max(place, stream.trimPoint);
  const shown = records.slice(start, start + 1 + dice.below(3));
  const isAll = start + shown.length === tail;
  followers.set(call.session, start + shown.length);
  const told = isAll && (shown.length === 0 || dice.chance(1, 2)) ? tail : null;
  return { kind: 'read-part-success', start, recordHashes: shown.map(({ hash }) => hash), tail: told };
}

function appended(
  dice: Dice,
  stream: Pretended,
  subjects: Subjects,
  call: ExtendedCall & { kind: 'append' },
): ExtendedReturn {
  const { records, turns } = stream;
  const start = records.length;
  const isDue = call.turn === undefined || (turns.get(call.turn.session) ?? 0) === call.turn.index;
  if (!isDue) return { kind: 'append-definite-failure' };
  if (call.fencingToken !== null && call.fencingToken !== stream.token)
    return { kind: 'append-rejected', actual: { fencingToken: stream.token } };
  if (call.matchSeqNum !== null && call.matchSeqNum !== start)
    return { kind: 'append-rejected', actual: { tail: start } };
  if (call.turn !== undefined && dice.chance(1, 8)) return { kind: 'append-definite-failure' };
  for (const [i, hash] of call.recordHashes.entries()) {
    const least = records.at(-1)?.stamp ?? 1;
    const stamp = dice.pick(STAMPS.filter((other) => other >= least));
    records.push({ hash, content: call.contentHashes?.[i] ?? hash * 2n, stamp });
  }
  if (call.turn !== undefined) turns.set(call.turn.session, call.turn.index + 1);
  const end = records.length;
  stream.token = call.setFencingToken ?? stream.token;
  stream.trimAsked = Math.max(stream.trimAsked, Math.min(call.trim ?? 0, end));
  if (dice.chance(1, 2)) return { kind: 'append-success', tail: end };
  const timestamps = [records[start]!.stamp, records[end - 1]!.stamp] as const;
  const isStamped = subjects.stamps && dice.chance(1, 2);
  return { kind: 'append-acked', start, end, tail: end, ...(isStamped && { timestamps }) };
}

function falsify(dice: Dice, draft: Draft): void {
  const { answer: told } = draft;
  if (told === null) return;
  const moved = (value: number): number => Math.max(0, value + dice.pick([-1, 1]));
  if (draft.tailTimestamp !== undefined && dice.chance(1, 2)) draft.tailTimestamp = dice.pick(STAMPS);
  else if (told.kind === 'append-rejected')
    draft.answer = {
      kind: 'append-rejected',
      actual: 'tail' in told.actual ? { tail: dice.below(5) } : { fencingToken: dice.pick(['a', 'b', '']) },
    };
  else if (told.kind === 'append-acked') {
    const isLater = dice.chance(1, 2);
    draft.answer = isLater ? { ...told, tail: told.tail + 1 } : { ...told, start: moved(told.start) };
    if (told.timestamps !== undefined) draft.answer = { ...told, timestamps: [dice.pick(STAMPS), told.timestamps[1]] };
  } else if (told.kind === 'read-part-success') {
    const { start, timestamps, contentHashes } = told;
    const bent = <T>(values: readonly T[], bend: (value: T) => T): T[] =>
      values.map((value) => (dice.chance(1, 2) ? bend(value) : value));
    if (contentHashes !== undefined)
      draft.answer = { ...told, contentHashes: bent(contentHashes, (hash) => hash ^ 1n) };
    else if (timestamps !== undefined)
      draft.answer = { ...told, timestamps: bent(timestamps, () => dice.pick(STAMPS)) };
    else if (told.tail !== null && dice.chance(1, 2)) draft.answer = { ...told, tail: moved(told.tail) };
    else if (dice.chance(1, 2)) draft.answer = { ...told, start: moved(start) };
    else draft.answer = { ...told, recordHashes: bent(told.recordHashes, (hash) => hash ^ 1n) };
  } else if ('tail' in told && told.tail !== null) draft.answer = { ...told, tail: moved(told.tail) };
  else if (draft.call.kind === 'create' || draft.call.kind === 'delete')
    draft.answer = {
      kind:
        draft.call.kind === 'create'
          ? dice.pick(['created', 'stream-exists', 'create-noop', 'stream-pending'] as const)
          : dice.pick(['deleted', 'stream-absent'] as const),
    };
  else if (told.kind === 'stream-absent' || told.kind === 'stream-pending')
    draft.answer = { kind: dice.pick(['stream-absent', 'stream-pending'] as const) };
}

/** Some answers are lost. Those of a session come in order, so with one all behind it are. */
function eventsOf(dice: Dice, drafts: readonly Draft[]): ExtendedEvent[] {
  const brokenFrom = dice.chance(1, 2) ? dice.below(4) : Number.POSITIVE_INFINITY;
  const stamped = drafts.flatMap(({ clientId, call, calledAt, returnedAt, answer: told, tailTimestamp }, opId) => {
    const begun: ExtendedEvent = { type: 'call', clientId, opId, call };
    const isLost =
      call.kind === 'append'
        ? call.turn === undefined
          ? dice.chance(1, 4)
          : call.turn.index >= brokenFrom
        : (call.kind === 'create' || call.kind === 'delete') && dice.chance(1, 8);
    const lost: ExtendedReturn = { kind: call.kind === 'append' ? 'append-indefinite-failure' : 'change-unknown' };
    const ended: ExtendedEvent = {
      type: 'return',
      clientId,
      opId,
      return: isLost ? lost : told!,
      ...(!isLost && tailTimestamp !== undefined && { tailTimestamp }),
    };
    return [
      { at: calledAt, event: begun },
      { at: isLost ? LATE : returnedAt + 0.5, event: ended },
    ];
  });
  return stamped.toSorted((a, b) => a.at - b.at).map(({ event }) => event);
}
