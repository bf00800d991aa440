/**
 * Small random histories for differential tests: some legal, some with a lie in them, all well formed.
 *
 * A pretended log answers a handful of clients with overlapping operations: conditional appends, fencing, equal
 * bodies, unknown outcomes that take effect in time, late or never and whose finish comes at once, at the end or not
 * at all. Then perhaps one thing is falsified. On request some reads tell their content; what was falsified is then
 * told in a form that still is a history. Nobody knows the verdict beforehand; that is what oracles are for.
 */

import { chainAll } from '../chain-hash.ts';
import type { Call, History, HistoryEvent, Return } from '../history.ts';
import type { Dice } from './random.ts';

interface Draft {
  clientId: number;
  call: Call;
  calledAt: number;
  effectAt: number;
  returnedAt: number;
  outcome: 'answered' | 'unknown' | 'refused';
  answer: Return | null;
  /** How often the effect happens: 0, 1, or 2 for a planted duplicate. */
  effects: number;
  /** Only so many of its records are stored, to plant a torn batch. */
  recordsStored: number;
  /** Reads: the content goes into the history. In the draft it is there always. */
  tells: boolean;
}

interface Log {
  records: bigint[];
  token: string;
}

const NEVER = Number.POSITIVE_INFINITY;
const LATE = 1_000;

/** `tellPercent`: how many of the successful reads tell the hash of each record. */
export function smallHistory(dice: Dice, operationsMax: number, tellPercent = 0): History {
  const drafts = draftOperations(dice, operationsMax);
  if (dice.chance(1, 2)) plantLie(dice, drafts);
  runLog(dice, drafts);
  const count = dice.pick([0, 0, 1, 1, 1, 2]);
  for (let i = 0; i < count; i++) falsify(dice, drafts);
  if (tellPercent > 0) for (const draft of drafts) draft.tells = dice.chance(tellPercent, 100);
  return toEvents(dice, drafts);
}

function draftOperations(dice: Dice, operationsMax: number): Draft[] {
  const workflow = dice.pick(['regular', 'match-seq-num', 'fencing', 'mixed'] as const);
  const bodies = dice.pick([1, 2, 1_000]);
  const appendsOnly = dice.chance(1, 4);
  const unknownPercent = dice.pick([10, 30, 50, 90]);
  const freeAt = Array.from({ length: dice.between(1, 4) }, () => dice.below(4));
  const idOf = freeAt.map((_, worker) => worker);
  const drafts: Draft[] = [];
  const count = dice.between(2, operationsMax);
  for (let i = 0; i < count; i++) {
    const worker = dice.below(freeAt.length);
    const calledAt = freeAt[worker]! + dice.below(3);
    const effectAt = calledAt + dice.below(6);
    const returnedAt = effectAt + dice.below(6);
    const call = draftCall(dice, { workflow, bodies, appendsOnly, last: i === count - 1 });
    const draft: Draft = {
      clientId: idOf[worker]!,
      call,
      calledAt,
      effectAt,
      returnedAt,
      outcome: dice.chance(1, 12) ? 'refused' : 'answered',
      answer: null,
      effects: 1,
      recordsStored: call.kind === 'append' ? call.recordHashes.length : 0,
      tells: false,
    };
    freeAt[worker] = returnedAt + 1;
    if (call.kind === 'append' && dice.chance(unknownPercent, 100)) {
      draft.outcome = 'unknown';
      draft.effectAt = dice.pick([effectAt, effectAt, effectAt + dice.below(20), NEVER]);
      draft.returnedAt = dice.pick([returnedAt, returnedAt + dice.below(10), LATE, LATE, NEVER]);
      idOf[worker] = 100 + i;
    }
    drafts.push(draft);
  }
  return drafts;
}

function draftCall(
  dice: Dice,
  plan: {
    workflow: 'regular' | 'match-seq-num' | 'fencing' | 'mixed';
    bodies: number;
    appendsOnly: boolean;
    last: boolean;
  },
): Call {
  const kind = plan.last
    ? 'read'
    : plan.appendsOnly
      ? 'append'
      : dice.pick(['append', 'append', 'read', 'check-tail'] as const);
  if (kind !== 'append') return { kind };
  const isGuarded = plan.workflow === 'match-seq-num' || (plan.workflow === 'mixed' && dice.chance(1, 3));
  const isFenced = plan.workflow === 'fencing' || (plan.workflow === 'mixed' && dice.chance(1, 3));
  return {
    kind,
    recordHashes: Array.from({ length: dice.pick([1, 1, 2, 3]) }, () => chainAll([BigInt(dice.below(plan.bodies))])),
    setFencingToken: isFenced && dice.chance(1, 3) ? dice.pick(['a', 'b', '']) : null,
    fencingToken: isFenced && dice.chance(2, 3) ? dice.pick(['a', 'b', '', '']) : null,
    matchSeqNum: isGuarded && dice.chance(3, 4) ? dice.below(6) : null,
  };
}

/** A wrong log: something takes effect twice, in part, or although it was refused. */
function plantLie(dice: Dice, drafts: Draft[]): void {
  const draft = dice.pick(drafts);
  if (draft.call.kind !== 'append') return;
  switch (dice.below(4)) {
    case 0:
      draft.effects = 2;
      return;
    case 1:
      draft.recordsStored = dice.below(draft.recordsStored);
      return;
    case 2:
      draft.call = { ...draft.call, matchSeqNum: null, fencingToken: null };
      return;
    default:
      draft.effects = 0;
  }
}

function runLog(dice: Dice, drafts: readonly Draft[]): void {
  const log: Log = { records: [], token: '' };
  const moments = drafts.filter((draft) => draft.effectAt < NEVER).sort((a, b) => a.effectAt - b.effectAt);
  const refusedVisible = dice.chance(1, 40);
  for (const draft of moments) {
    if (draft.outcome === 'refused' && !refusedVisible) continue;
    draft.answer = answer(log, draft);
  }
}

function answer(log: Log, draft: Draft): Return {
  const { call } = draft;
  const tail = log.records.length;
  if (call.kind === 'check-tail') return { kind: 'check-tail-success', tail };
  if (call.kind === 'read')
    return { kind: 'read-success', tail, streamHash: chainAll(log.records), recordHashes: [...log.records] };
  if (call.fencingToken !== null && call.fencingToken !== log.token) return { kind: 'append-definite-failure' };
  if (call.matchSeqNum !== null && call.matchSeqNum !== tail) return { kind: 'append-definite-failure' };
  for (let i = 0; i < draft.effects; i++) log.records.push(...call.recordHashes.slice(0, draft.recordsStored));
  log.token = call.setFencingToken ?? log.token;
  return { kind: 'append-success', tail: tail + call.recordHashes.length };
}

/** Changes one answer or one moment, as a bug in the system or in the network of its clients would. */
function falsify(dice: Dice, drafts: Draft[]): void {
  const draft = dice.pick(drafts);
  const other = dice.pick(drafts);
  switch (dice.below(7)) {
    case 0:
      if (draft.answer !== null && 'tail' in draft.answer)
        draft.answer = { ...draft.answer, tail: Math.max(0, draft.answer.tail + dice.pick([-2, -1, 1, 2])) };
      return;
    case 1:
      if (draft.answer?.kind === 'read-success')
        draft.answer = { ...draft.answer, streamHash: draft.answer.streamHash ^ dice.pick([1n, 2n ** 63n]) };
      return;
    case 2:
      if (draft.answer?.kind === other.answer?.kind) [draft.answer, other.answer] = [other.answer, draft.answer];
      return;
    case 3:
      if (draft.call.kind === 'append') draft.outcome = draft.outcome === 'unknown' ? 'answered' : 'refused';
      return;
    case 4:
      if (draft.call.kind === 'append') draft.call = { ...draft.call, matchSeqNum: dice.below(6) };
      return;
    case 5:
      if (draft.outcome !== 'unknown' || draft.effectAt >= LATE) return;
      draft.calledAt = draft.effectAt + dice.below(8);
      draft.returnedAt = Math.max(draft.returnedAt, draft.calledAt);
      return;
    default:
      if (draft.returnedAt > draft.calledAt && draft.returnedAt < LATE)
        draft.returnedAt = draft.calledAt + dice.below(draft.returnedAt - draft.calledAt);
  }
}

function toEvents(dice: Dice, drafts: readonly Draft[]): History {
  const stamped: { at: number; tie: number; event: HistoryEvent }[] = [];
  drafts.forEach((draft, index) => {
    const { clientId, call } = draft;
    const opId = index * 3 + 1;
    stamped.push({ at: draft.calledAt, tie: dice.below(1_000), event: { type: 'call', clientId, opId, call } });
    const ending = returnOf(draft);
    const isPending = draft.returnedAt === NEVER || (draft.outcome === 'answered' && draft.answer === null);
    if (isPending) return;
    // Half a tick later than a call at the same moment, so that no client overlaps itself.
    const at = draft.returnedAt + 0.5;
    stamped.push({ at, tie: dice.below(1_000), event: { type: 'return', clientId, opId, return: ending } });
  });
  return stamped.sort((a, b) => a.at - b.at || a.tie - b.tie).map(({ event }) => event);
}

function returnOf({ call, outcome, answer: answered, tells }: Draft): Return {
  if (call.kind === 'read')
    return outcome === 'answered' && answered?.kind === 'read-success'
      ? readReturn(answered, tells)
      : { kind: 'read-failure' };
  if (call.kind === 'check-tail')
    return outcome === 'answered' && answered !== null ? answered : { kind: 'check-tail-failure' };
  if (outcome === 'unknown') return { kind: 'append-indefinite-failure' };
  return outcome === 'answered' && answered !== null ? answered : { kind: 'append-definite-failure' };
}

/** As it was falsified when only the hash is told; otherwise with a content that has the falsified length, or bit. */
function readReturn(
  { tail, streamHash, recordHashes = [] }: Return & { kind: 'read-success' },
  tells: boolean,
): Return {
  if (!tells) return { kind: 'read-success', tail, streamHash };
  const flipped = streamHash ^ chainAll(recordHashes);
  const content = Array.from({ length: tail }, (_, i) => recordHashes[i] ?? chainAll([BigInt(i % 2)]));
  const middle = tail >> 1;
  if (flipped !== 0n && tail > 0) content[middle]! ^= flipped;
  return { kind: 'read-success', tail, streamHash: chainAll(content), recordHashes: content };
}
