/**
 * Small random histories with all that the extended format can say. Made by letting clients, pipelined sessions and
 * followers loose on a pretended stream, then perhaps falsified. What goes together in one history is drawn first, so
 * that each subject gets histories small enough for the permutation search.
 */

import { chainAll } from '../chain-hash.ts';
import type { CreatesOn, ExtendedCall, ExtendedEvent, ExtendedReturn, StreamConfig } from '../extended/history.ts';
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
  /** Nobody ever tells of it. */
  isLost?: true;
}

interface Subjects {
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

interface Pretended {
  phase: 'present' | 'doomed' | 'absent';
  creation: string | null;
  life: number;
  config: StreamConfig;
  createsOn: readonly CreatesOn[];
  bornAt: number;
  records: { hash: bigint; content: bigint; stamp: number; at: number }[];
  token: string;
  trimAsked: number;
  trimPoint: number;
  /** Since when it was where. */
  trims: { at: number; point: number }[];
  /** Of each session, the number of its next append; -1 when one had no effect. */
  turns: Map<string, number>;
  followers: Map<string, { next: number; life: number }>;
}

const KEEPS_ALL: StreamConfig = { retentionAgeMs: null, emptyAgeMs: null };
const LATE = 1_000;
const STAMPS = [1, 2, 3];
/** Each further one is a branch for the permutation search. */
const STAMPS_FROM_0 = [0, 1, 2];

export interface SmallExtended {
  events: ExtendedEvent[];
  initially: 'present' | 'absent';
  config: StreamConfig;
  createsOn: readonly CreatesOn[];
}

const SUBJECTS = [
  'plain',
  'trims',
  'stamps',
  'lives',
  'pipelined',
  'followed',
  'followed trims',
  'followed lives',
  'stamps and trims',
  'stamps and lives',
  'stamps and ages',
  'stamps, ages and lives',
  'trims and lives',
  'ages',
  'ages and lives',
  'followed ages',
  'creating lives',
  'ages and creating lives',
  'alike',
  'alike trims',
  'alike lives',
  'unanswered',
  'pipelined lives',
  'pipelined creating lives',
] as const;

export function extendedHistory(dice: Dice, operationsMax: number): SmallExtended {
  const subject = dice.pick(SUBJECTS);
  const subjects: Subjects = {
    trims: subject.includes('trims'),
    stamps: subject.includes('stamps') ? dice.pick([STAMPS, STAMPS, STAMPS_FROM_0]) : [],
    lives: subject.includes('lives'),
    contents: dice.chance(1, 3),
    alike: subject.includes('alike'),
    ages: subject.includes('ages'),
  };
  const config = subjects.ages ? drawConfig(dice) : KEEPS_ALL;
  const createsOn = subject.includes('creating') ? dice.pick(CREATING) : [];
  const initially = subjects.lives && dice.chance(1, 2) ? 'absent' : 'present';
  // Each stamp of a record is a branch for the permutation search, and each request that may create its stream two operations.
  const hasMoments = subjects.trims || subjects.ages;
  const most = Math.min(
    operationsMax,
    createsOn.length > 0
      ? subjects.ages
        ? 3
        : 4
      : subjects.stamps.length > 0
        ? hasMoments
          ? 4
          : 5
        : hasMoments
          ? 6
          : operationsMax,
  );
  let drafts: Draft[] = [];
  if (subject.startsWith('pipelined')) drafts = session(dice, subjects);
  if (subject === 'unanswered') drafts = unanswered(dice);
  if (subject.startsWith('followed')) drafts = follower(dice);
  drafts.push(...clients(dice, subjects, Math.max(1, most - drafts.length)));
  const stream: Pretended = {
    phase: initially,
    creation: subjects.lives ? dice.pick([null, 'r']) : null,
    life: 0,
    config,
    createsOn,
    bornAt: 0,
    records: [],
    token: '',
    trimAsked: 0,
    trimPoint: 0,
    trims: [],
    turns: new Map(),
    followers: new Map(),
  };
  for (const draft of drafts.toSorted((a, b) => a.effectAt - b.effectAt)) answer(dice, stream, subjects, draft);
  const told = drafts.filter(({ isLost }) => isLost !== true);
  for (let lies = dice.pick([0, 0, 0, 1, 1]); lies > 0; lies--) falsify(dice, dice.pick(told));
  return { events: eventsOf(dice, drafts, subjects), initially, config, createsOn };
}

const CREATING: readonly (readonly CreatesOn[])[] = [['append'], ['read'], ['append', 'read']];

function drawConfig(dice: Dice): StreamConfig {
  return { retentionAgeMs: dice.pick([null, 3, 6]), emptyAgeMs: dice.pick([null, 2, 5]) };
}

/** Clients that do one thing at a time. */
function clients(dice: Dice, subjects: Subjects, count: number): Draft[] {
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
function session(dice: Dice, subjects: Subjects): Draft[] {
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
function unanswered(dice: Dice): Draft[] {
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

function answer(dice: Dice, stream: Pretended, subjects: Subjects, draft: Draft): void {
  if (stream.phase === 'doomed' && dice.chance(1, 2)) stream.phase = 'absent';
  doByItself(dice, stream, draft.effectAt);
  draft.answer = answered(dice, stream, subjects, draft);
  const told = draft.answer;
  const tellsTail = 'tail' in told && told.tail === stream.records.length;
  if (subjects.stamps.length > 0 && tellsTail && dice.chance(1, 2))
    draft.tailTimestamp = stream.records.at(-1)?.stamp ?? 0;
}

/** Records and streams go when they may, and now and then when they may not. */
function doByItself(dice: Dice, stream: Pretended, at: number): void {
  const { config, records } = stream;
  const slack = dice.chance(1, 10) ? 2 : 0;
  if (config.retentionAgeMs !== null && dice.chance(1, 2)) {
    const young = records.findIndex((record) => record.at + config.retentionAgeMs! > at + slack);
    stream.trimPoint = Math.max(stream.trimPoint, young === -1 ? records.length : young);
  }
  const writtenAt = records.at(-1)?.at ?? stream.bornAt;
  const isEmpty = Math.max(stream.trimPoint, stream.trimAsked) >= records.length;
  if (stream.phase !== 'present' || config.emptyAgeMs === null || !isEmpty) return;
  if (writtenAt + config.emptyAgeMs <= at + slack && dice.chance(1, 2)) stream.phase = dice.pick(['doomed', 'absent']);
}

function born(dice: Dice, stream: Pretended, creation: string | null, config: StreamConfig, bornAt: number): void {
  Object.assign(stream, {
    phase: 'present',
    creation,
    life: stream.life + 1,
    config,
    bornAt,
    // A bug: something of the life before is there.
    records: dice.chance(1, 8) ? stream.records.slice(0, 1) : [],
    token: '',
    trimAsked: 0,
    trimPoint: 0,
    trims: [],
    // A bug: sessions of appends go on.
    turns: dice.chance(1, 2) ? stream.turns : new Map(),
  });
}

function answered(dice: Dice, stream: Pretended, subjects: Subjects, draft: Draft): ExtendedReturn {
  const { call, effectAt } = draft;
  // What a session sent behind an append without effect is dropped, whatever became of the stream.
  if (call.kind === 'append' && !isDue(stream, call)) return { kind: 'append-definite-failure' };
  const isRead = ['read', 'read-part', 'check-tail', 'follow'].includes(call.kind);
  const creates = call.kind === 'append' ? 'append' : isRead ? 'read' : null;
  // A session creates when it opens; or, a bug, later.
  const isLater = call.kind === 'append' && call.turn !== undefined && call.turn.index > 0 && !dice.chance(1, 4);
  if (stream.phase === 'absent' && creates !== null && stream.createsOn.includes(creates) && !isLater)
    born(dice, stream, null, stream.config, effectAt);
  const tail = stream.records.length;
  if (call.kind === 'create') {
    if (stream.phase === 'doomed') return { kind: 'stream-pending' };
    if (stream.phase === 'present')
      return { kind: call.token !== null && call.token === stream.creation ? 'create-noop' : 'stream-exists' };
    born(dice, stream, call.token, call.config ?? stream.config, effectAt);
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
      return shownWhole(dice, stream, draft);
    case 'check-tail':
      return { kind: 'check-tail-success', tail };
    case 'read-part':
      return shownPart(dice, stream, subjects, call.from, draft);
    case 'configure':
      stream.config = { ...stream.config, emptyAgeMs: call.emptyAgeMs };
      return { kind: 'configured' };
    case 'follow':
      return shownNext(dice, stream, subjects, call);
    case 'append':
      return appended(dice, stream, subjects, call, effectAt);
  }
}

/** Refused when something was gone as it was called or by now; or, a bug, not even then. */
function shownWhole(dice: Dice, stream: Pretended, { calledAt }: Draft): ExtendedReturn {
  const before = stream.trims.findLast(({ at }) => at <= calledAt)?.point ?? 0;
  const gone = dice.pick([before, stream.trimPoint]);
  if (gone > 0 && !dice.chance(1, 4)) return { kind: 'read-failure' };
  return wholeOf(
    stream.records.map(({ hash }) => hash),
    dice.chance(1, 2),
  );
}

function wholeOf(hashes: readonly bigint[], isTold: boolean): ExtendedReturn {
  const streamHash = chainAll(hashes);
  return { kind: 'read-success', tail: hashes.length, streamHash, ...(isTold && { recordHashes: hashes }) };
}

function shownPart(
  dice: Dice,
  stream: Pretended,
  subjects: Subjects,
  from: { seqNum: number } | { timestamp: number },
  { calledAt, effectAt }: Draft,
): ExtendedReturn {
  const { records } = stream;
  const tail = records.length;
  const first = 'seqNum' in from ? from.seqNum : records.findIndex(({ stamp }) => stamp >= from.timestamp);
  if (first === -1 || first >= tail) return { kind: 'read-unwritten', tail };
  if (dice.chance(1, 2)) stream.trimPoint = Math.max(stream.trimPoint, stream.trimAsked);
  stream.trims.push({ at: effectAt, point: stream.trimPoint });
  // What was gone when it was called decides where it begins; or, a bug, nothing does.
  const before = stream.trims.findLast(({ at }) => at <= calledAt)?.point ?? 0;
  const start = Math.max(first, dice.pick([stream.trimPoint, stream.trimPoint, stream.trimPoint, before, before, 0]));
  if (start === tail && dice.chance(1, 2)) return { kind: 'read-nothing' };
  const isWhole = dice.chance(1, 2);
  const shown = records.slice(start, isWhole ? tail : start + dice.below(tail - start + 1));
  return {
    kind: 'read-part-success',
    start,
    recordHashes: shown.map(({ hash }) => hash),
    ...(subjects.contents && dice.chance(3, 4) && { contentHashes: shown.map(({ content }) => content) }),
    ...(subjects.stamps.length > 0 && dice.chance(1, 2) && { timestamps: shown.map(({ stamp }) => stamp) }),
    tail: isWhole ? tail : null,
  };
}

function shownNext(
  dice: Dice,
  stream: Pretended,
  subjects: Subjects,
  call: ExtendedCall & { kind: 'follow' },
): ExtendedReturn {
  const { records, followers } = stream;
  const tail = records.length;
  const { from } = call;
  if (dice.chance(1, 12)) return { kind: 'read-failure' };
  const asked = from !== null && 'seqNum' in from ? from.seqNum : 0;
  const known = followers.get(from !== null && 'after' in from ? from.after : call.session);
  if (from === null && known !== undefined && known.life !== stream.life && !dice.chance(1, 4))
    return { kind: 'stream-absent' };
  const place = known?.next ?? asked;
  if (place > tail) return { kind: 'read-unwritten', tail };
  if (dice.chance(1, 3)) stream.trimPoint = Math.max(stream.trimPoint, stream.trimAsked);
  const start = from === null && dice.chance(1, 2) ? place : Math.max(place, stream.trimPoint);
  const shown = records.slice(start, start + 1 + dice.below(3));
  const isAll = start + shown.length === tail;
  followers.set(call.session, { next: start + shown.length, life: stream.life });
  const told = isAll && (shown.length === 0 || dice.chance(1, 2)) ? tail : null;
  return {
    kind: 'read-part-success',
    start,
    recordHashes: shown.map(({ hash }) => hash),
    ...(subjects.contents && dice.chance(1, 2) && { contentHashes: shown.map(({ content }) => content) }),
    tail: told,
  };
}

function isDue({ turns }: Pretended, { turn }: ExtendedCall & { kind: 'append' }): boolean {
  return turn === undefined || (turns.get(turn.session) ?? 0) === turn.index;
}

function appended(
  dice: Dice,
  stream: Pretended,
  subjects: Subjects,
  call: ExtendedCall & { kind: 'append' },
  at: number,
): ExtendedReturn {
  const { records, turns } = stream;
  const start = records.length;
  if (call.fencingToken !== null && call.fencingToken !== stream.token)
    return { kind: 'append-rejected', actual: { fencingToken: stream.token } };
  if (call.matchSeqNum !== null && call.matchSeqNum !== start)
    return { kind: 'append-rejected', actual: { tail: start } };
  if (call.turn !== undefined && dice.chance(1, 8)) return { kind: 'append-definite-failure' };
  for (const [i, hash] of call.recordHashes.entries()) {
    const least = records.at(-1)?.stamp ?? 0;
    const stamp = subjects.stamps.length === 0 ? 0 : dice.pick(subjects.stamps.filter((other) => other >= least));
    records.push({ hash, content: call.contentHashes?.[i] ?? hash * 2n, stamp, at });
  }
  if (call.turn !== undefined) turns.set(call.turn.session, call.turn.index + 1);
  const end = records.length;
  stream.token = call.setFencingToken ?? stream.token;
  stream.trimAsked = Math.max(stream.trimAsked, Math.min(call.trim ?? 0, end));
  if (dice.chance(1, 2)) return { kind: 'append-success', tail: end };
  const timestamps = [records[start]!.stamp, records[end - 1]!.stamp] as const;
  const isStamped = subjects.stamps.length > 0 && dice.chance(1, 2);
  return { kind: 'append-acked', start, end, tail: end, ...(isStamped && { timestamps }) };
}

function falsify(dice: Dice, draft: Draft): void {
  const { answer: told } = draft;
  if (told === null) return;
  const moved = (value: number): number => Math.max(0, value + dice.pick([-1, 1]));
  if (draft.tailTimestamp !== undefined && dice.chance(1, 2)) draft.tailTimestamp = dice.pick(STAMPS);
  else if (told.kind === 'read-success') {
    const hashes = told.recordHashes ?? [0n];
    draft.answer = wholeOf(
      dice.chance(1, 2) ? hashes.slice(1) : [...hashes.slice(1), 9n],
      told.recordHashes !== undefined,
    );
  } else if (told.kind === 'append-rejected')
    draft.answer = {
      kind: 'append-rejected',
      actual: 'tail' in told.actual ? { tail: dice.below(5) } : { fencingToken: dice.pick(['a', 'b', '']) },
    };
  else if (told.kind === 'append-acked') {
    const isLater = dice.chance(1, 2);
    draft.answer = isLater ? { ...told, tail: told.tail + 1 } : { ...told, start: moved(told.start) };
    if (told.timestamps !== undefined) draft.answer = { ...told, timestamps: [dice.pick(STAMPS), told.timestamps[1]] };
  } else if (draft.call.kind === 'follow' && dice.chance(1, 2)) draft.answer = { kind: 'stream-absent' };
  else if (told.kind === 'read-part-success') {
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
  else if (told.kind === 'read-nothing') draft.answer = { kind: 'stream-absent' };
  else if (told.kind === 'stream-absent' || told.kind === 'stream-pending')
    draft.answer = { kind: dice.pick(['stream-absent', 'stream-pending'] as const) };
}

/** Some answers are lost. Those of a session come in order, so with one all behind it are. */
function eventsOf(dice: Dice, drafts: readonly Draft[], { ages, alike }: Subjects): ExtendedEvent[] {
  const brokenFrom = dice.chance(1, 2) ? dice.below(4) : Number.POSITIVE_INFINITY;
  const stamped = drafts.flatMap((draft, opId) => {
    const { clientId, call, calledAt, returnedAt, answer: told, tailTimestamp, isLost: isUntold = false } = draft;
    const begun: ExtendedEvent = { type: 'call', clientId, opId, call };
    const isLost =
      isUntold ||
      (call.kind === 'append'
        ? call.turn === undefined
          ? dice.chance(alike ? 2 : 1, 4)
          : call.turn.index >= brokenFrom
        : (call.kind === 'create' || call.kind === 'delete' || call.kind === 'configure') && dice.chance(1, 8));
    const isEarly = call.kind === 'append' && call.turn === undefined && dice.chance(1, isUntold ? 3 : 5);
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
      { at: isLost && !isEarly ? LATE : returnedAt + 0.5, event: ended },
    ];
  });
  const inOrder = stamped.toSorted((a, b) => a.at - b.at);
  return inOrder.map(({ at, event }) => (ages ? { ...event, atMs: Math.floor(at) } : event));
}
