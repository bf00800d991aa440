/**
 * A second opinion on side streams: what happened as an extended history, judged by the checker's own model of streams, their
 * lives and ages. It shares nothing with `judge.ts` but what the clients wrote down.
 *
 * It says less where the format does: a trim may happen later than its command, and an empty page by timestamp says nothing.
 */

import { checkExtendedStream, type ExtendedEvent, type ExtendedHistory, type Violation } from '../../checker/index.ts';
import { contentOf, type SideCall, type SideOperation, type SideOutcome } from './history.ts';

type Call = Extract<ExtendedEvent, { type: 'call' }>['call'];
type Return = Extract<ExtendedEvent, { type: 'return' }>['return'];

export interface SecondOpinion {
  stream: string;
  /** Op ids are those of the operations. Null when the search was given up. */
  violation: Violation | null;
}

/** The first stream that is not as it may be, or could not be judged; null when all are. */
export function secondOpinion(
  operations: readonly SideOperation[],
  options: { retentionIsJudged: boolean },
): SecondOpinion | null {
  let undecided: SecondOpinion | null = null;
  for (const stream of new Set(operations.map((operation) => operation.stream))) {
    const of = operations.filter((operation) => operation.stream === stream);
    const history = extendedHistoryOf(of, options);
    const verdict = checkExtendedStream(history, { initially: 'absent' });
    if (verdict.verdict === 'illegal') return { stream, violation: verdict.violation };
    if (verdict.verdict === 'unknown') undecided ??= { stream, violation: null };
  }
  return undecided;
}

/** Of one stream. Where clocks are wrong events have no times, and nothing is promised of ages. */
function extendedHistoryOf(
  operations: readonly SideOperation[],
  { retentionIsJudged }: { retentionIsJudged: boolean },
): ExtendedHistory {
  const hashes = new Map<string, bigint>();
  const hashOf = (content: string): bigint => {
    const known = hashes.get(content) ?? BigInt(hashes.size + 1);
    hashes.set(content, known);
    return known;
  };
  const sessions = new Sessions();
  const events: { at: number; event: ExtendedEvent }[] = [];
  for (const operation of operations) {
    const { id, calledAt, calledMs, returnedAt, returnedMs, outcome } = operation;
    const asked = sessions.waitOf(operation);
    // Each operation is a client of its own: those of a session lie over each other.
    const ids = { clientId: id, opId: id };
    const call = asked?.call ?? callOf(operation.call, hashOf);
    const called = { ...ids, ...(retentionIsJudged && { atMs: calledMs }) };
    events.push({ at: asked?.at ?? calledAt, event: { type: 'call', ...called, call } });
    // What is in doubt may happen at any later time.
    if (outcome === null || outcome.kind === 'unknown') continue;
    const returned = {
      ...ids,
      ...(retentionIsJudged && { atMs: returnedMs }),
      return: returnOf(call, outcome, hashOf),
    };
    const tail = 'tail' in outcome && outcome.tail.seqNum > 0 ? { tailTimestamp: outcome.tail.timestamp } : {};
    events.push({ at: returnedAt, event: { type: 'return', ...returned, ...tail } });
  }
  return events.sort((a, b) => a.at - b.at).map(({ event }) => event);
}

/** Sessions of followers: what was told since one moment to one client. */
class Sessions {
  readonly #opened = new Map<string, { lastAt: number; place: number }>();

  /** The wait for an event, and where it stands; null for what is no event of a session. */
  waitOf({ client, call, calledAt, returnedAt, outcome }: SideOperation): { call: Call; at: number } | null {
    if (call.kind !== 'read' || call.follows !== true || call.from.kind !== 'seq-num') return null;
    const { seqNum } = call.from;
    // One that waits for a record far behind the tail hears of a tail before it.
    if (outcome?.kind === 'tail' && outcome.tail.seqNum < seqNum) return { call: { kind: 'check-tail' }, at: calledAt };
    const session = `${client}@${calledAt}`;
    const known = this.#opened.get(session);
    this.#opened.set(session, { lastAt: returnedAt, place: seqNum });
    const from = known === undefined ? { seqNum } : null;
    return { call: { kind: 'follow', session, from }, at: known === undefined ? calledAt : known.lastAt + 0.5 };
  }
}

function callOf(call: SideCall, hashOf: (content: string) => bigint): Call {
  switch (call.kind) {
    case 'create': {
      const { token, retentionAgeMs, emptyAgeMs } = call;
      return { kind: 'create', token, config: { retentionAgeMs, emptyAgeMs } };
    }
    case 'keep-empty':
      return { kind: 'configure', emptyAgeMs: null };
    case 'append': {
      const points = call.records.flatMap((record) => (record.kind === 'trim' ? [record.point] : []));
      return {
        kind: 'append',
        recordHashes: call.records.map((record) => hashOf(contentOf(record))),
        setFencingToken: null,
        fencingToken: null,
        matchSeqNum: call.matchSeqNum,
        ...(points.length > 0 && { trim: Math.max(...points) }),
      };
    }
    case 'read':
      return { kind: 'read-part', from: call.from.kind === 'seq-num' ? call.from : { timestamp: call.from.timestamp } };
    case 'delete':
    case 'check-tail':
      return { kind: call.kind };
  }
}

function returnOf(
  call: Call,
  outcome: Exclude<SideOutcome, { kind: 'unknown' }>,
  hashOf: (content: string) => bigint,
): Return {
  const isAppend = call.kind === 'append';
  const isRead = call.kind === 'read-part' || call.kind === 'follow';
  switch (outcome.kind) {
    case 'created':
    case 'deleted':
      return { kind: outcome.kind };
    case 'noop':
      return { kind: 'create-noop' };
    case 'kept':
      return { kind: 'configured' };
    case 'exists':
      return { kind: 'stream-exists' };
    case 'absent':
      return { kind: 'stream-absent' };
    case 'pending':
      return { kind: 'stream-pending' };
    case 'nothing':
      return { kind: 'read-nothing' };
    case 'appended': {
      const [start, end] = [outcome.start.seqNum, outcome.end.seqNum];
      const timestamps = [outcome.start.timestamp, outcome.end.timestamp] as const;
      return { kind: 'append-acked', start, end, tail: end, timestamps };
    }
    case 'mismatch':
      return { kind: 'append-rejected', actual: { tail: outcome.actual } };
    case 'page': {
      const first = outcome.records[0];
      if (first === undefined) return { kind: 'read-nothing' };
      const recordHashes = outcome.records.map(({ content }) => hashOf(content));
      const timestamps = outcome.records.map(({ timestamp }) => timestamp);
      return { kind: 'read-part-success', start: first.seqNum, recordHashes, timestamps, tail: null };
    }
    case 'at-tail':
      return { kind: 'read-unwritten', tail: outcome.tail.seqNum };
    case 'tail': {
      const { seqNum: tail } = outcome.tail;
      // To a follower it says that everything was shown.
      return isRead
        ? { kind: 'read-part-success', start: tail, recordHashes: [], tail }
        : { kind: 'check-tail-success', tail };
    }
    case 'refused':
      return { kind: isAppend ? 'append-definite-failure' : silenceOf(call) };
  }
}

/** Nothing happened and nothing is said. */
function silenceOf({ kind }: Call): 'read-failure' | 'check-tail-failure' | 'change-failure' {
  if (kind === 'check-tail') return 'check-tail-failure';
  return kind === 'read-part' || kind === 'follow' ? 'read-failure' : 'change-failure';
}
