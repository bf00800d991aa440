/**
 * A pretended stream that answers what it is asked as the service does, at the moments at which calls take effect; now and then
 * with a bug.
 */

import { chainAll } from '../chain-hash.ts';
import type { CreatesOn, ExtendedCall, ExtendedReturn, StreamConfig } from '../extended/history.ts';
import type { Draft, Subjects } from './extended-drafts.ts';
import type { Dice } from './random.ts';

export interface Pretended {
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

export function pretendedStream({
  initially,
  config,
  createsOn,
  creation,
}: {
  initially: 'present' | 'absent';
  config: StreamConfig;
  createsOn: readonly CreatesOn[];
  creation: string | null;
}): Pretended {
  return {
    phase: initially,
    creation,
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
}

/** Gives a draft its answer. Drafts are answered in the order in which they take effect. */
export function answer(dice: Dice, stream: Pretended, subjects: Subjects, draft: Draft): void {
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

export function wholeOf(hashes: readonly bigint[], isTold: boolean): ExtendedReturn {
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
