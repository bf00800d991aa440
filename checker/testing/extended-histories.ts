/**
 * Small random histories with all that the extended format can say: rejections with what is so, parts, unwritten
 * positions. Made from plain small ones by replaying a pretended log, then perhaps falsified.
 */

import type { ExtendedCall, ExtendedEvent, ExtendedReturn } from '../extended/history.ts';
import type { Dice } from './random.ts';

interface Draft {
  clientId: number;
  call: ExtendedCall;
  calledAt: number;
  effectAt: number;
  returnedAt: number;
  answer: ExtendedReturn | null;
}

const LATE = 1_000;

export function extendedHistory(dice: Dice, operationsMax: number): ExtendedEvent[] {
  const freeAt = Array.from({ length: dice.between(1, 4) }, () => dice.below(4));
  const drafts = Array.from({ length: dice.between(2, operationsMax) }, (_, i): Draft => {
    const worker = dice.below(freeAt.length);
    const calledAt = freeAt[worker]! + dice.below(3);
    const effectAt = calledAt + dice.below(6);
    const returnedAt = effectAt + dice.below(6);
    freeAt[worker] = returnedAt + 1;
    return { clientId: worker + 10 * i, call: drawCall(dice), calledAt, effectAt, returnedAt, answer: null };
  });
  const log = { records: [] as bigint[], token: '', trimPoint: 0 };
  for (const draft of drafts.toSorted((a, b) => a.effectAt - b.effectAt)) draft.answer = answer(dice, log, draft.call);
  for (let lies = dice.pick([0, 0, 1]); lies > 0; lies--) falsify(dice, dice.pick(drafts));
  const stamped = drafts.flatMap(({ clientId, call, calledAt, returnedAt, answer: answered }, index) => {
    const begun: ExtendedEvent = { type: 'call', clientId, opId: index, call };
    if (answered === null) return [{ at: calledAt, event: begun }];
    const isLost = call.kind === 'append' && dice.chance(1, 4);
    const outcome: ExtendedReturn = isLost ? { kind: 'append-indefinite-failure' } : answered;
    const ended: ExtendedEvent = { type: 'return', clientId, opId: index, return: outcome };
    return [
      { at: calledAt, event: begun },
      { at: isLost ? LATE : returnedAt + 0.5, event: ended },
    ];
  });
  return stamped.toSorted((a, b) => a.at - b.at).map(({ event }) => event);
}

function drawCall(dice: Dice): ExtendedCall {
  if (dice.chance(1, 3)) return { kind: 'read-part', from: { seqNum: dice.below(4) } };
  if (dice.chance(1, 8)) return { kind: 'check-tail' };
  return {
    kind: 'append',
    recordHashes: Array.from({ length: dice.between(1, 2) }, () => BigInt(dice.below(4))),
    setFencingToken: dice.chance(1, 4) ? dice.pick(['a', 'b']) : null,
    fencingToken: dice.chance(1, 3) ? dice.pick(['a', 'b', '']) : null,
    matchSeqNum: dice.chance(1, 3) ? dice.below(4) : null,
    ...(dice.chance(1, 4) && { trim: dice.below(4) }),
  };
}

function answer(
  dice: Dice,
  log: { records: bigint[]; token: string; trimPoint: number },
  call: ExtendedCall,
): ExtendedReturn {
  const tail = log.records.length;
  switch (call.kind) {
    case 'read':
    case 'check-tail':
      return { kind: 'check-tail-success', tail };
    case 'read-part': {
      const asked = 'seqNum' in call.from ? call.from.seqNum : 0;
      if (asked >= tail) return { kind: 'read-unwritten', tail };
      const start = Math.max(asked, dice.chance(1, 2) ? log.trimPoint : 0);
      const whole = log.records.slice(start);
      if (dice.chance(1, 2)) return { kind: 'read-part-success', start, recordHashes: whole, tail };
      const recordHashes = whole.slice(0, dice.below(whole.length + 1));
      return { kind: 'read-part-success', start, recordHashes, tail: null };
    }
    case 'append':
      if (call.fencingToken !== null && call.fencingToken !== log.token)
        return { kind: 'append-rejected', actual: { fencingToken: log.token } };
      if (call.matchSeqNum !== null && call.matchSeqNum !== tail) return { kind: 'append-rejected', actual: { tail } };
      log.records.push(...call.recordHashes);
      log.token = call.setFencingToken ?? log.token;
      log.trimPoint = Math.max(log.trimPoint, Math.min(call.trim ?? 0, log.records.length));
      return { kind: 'append-success', tail: log.records.length };
  }
}

function falsify(dice: Dice, draft: Draft): void {
  const { answer: told } = draft;
  if (told === null) return;
  if (told.kind === 'append-rejected')
    draft.answer = {
      kind: 'append-rejected',
      actual: 'tail' in told.actual ? { tail: dice.below(5) } : { fencingToken: dice.pick(['a', 'b', '']) },
    };
  else if (told.kind === 'read-part-success')
    draft.answer = { ...told, recordHashes: told.recordHashes.map((hash) => (dice.chance(1, 3) ? hash ^ 1n : hash)) };
  else if ('tail' in told && told.tail !== null)
    draft.answer = { ...told, tail: Math.max(0, told.tail + dice.pick([-1, 1])) };
}
