/**
 * What sessions add: a follower is shown every record once and in turn, across sessions that go on where others ended;
 * appends sent one behind the other take effect in that order, and behind one without effect none does.
 *
 * Both are facts that no order of the other operations changes, so they are judged here. A follower's event was made at
 * some moment since its session was opened, for events travel: its operation begins there. What is left of it is a
 * read of a part from the place where the follower was.
 */

import { MalformedHistory } from '../malformed.ts';
import { range, type Violation } from '../sweep/violation.ts';
import type { ExtendedHistory, ExtendedReturn, From } from './history.ts';

/** An event of a session as the read it amounts to. */
export interface Delivery {
  from: From;
  /** Whose delivery ended there; null while it is the place that was asked for. */
  fromOp: number | null;
  /** Index of the event that opened its session. */
  openedAt: number;
  /** Of its session. */
  isFirst: boolean;
}

interface Following {
  openedAt: number;
  from: From;
  /** Whose delivery ended at `from`; null while it is the place that was asked for. */
  fromOp: number | null;
  /** The greatest tail told, and by which delivery. */
  tail: number;
  tailOp: number | null;
  isOpen: boolean;
}

/** By op id; or what a follower was shown out of turn. Throws `MalformedHistory`. */
export function deliveriesOf(history: ExtendedHistory): ReadonlyMap<number, Delivery> | Violation {
  const sessions = new Map<string, Following>();
  const sessionOf = new Map<number, Following>();
  const deliveries = new Map<number, Delivery>();
  for (const [index, event] of history.entries()) {
    if (event.type === 'call') {
      if (event.call.kind !== 'follow') continue;
      const session = wait(sessions, event.call, index);
      sessionOf.set(event.opId, session);
      const isFirst = session.openedAt === index;
      const { from, fromOp, openedAt } = session;
      deliveries.set(event.opId, { from, fromOp, openedAt, isFirst });
      continue;
    }
    const session = sessionOf.get(event.opId);
    if (session === undefined) continue;
    session.isOpen = false;
    const wrong = told(session, event.opId, event.return);
    if (wrong !== null) return wrong;
  }
  return deliveries;
}

function wait(
  sessions: Map<string, Following>,
  { session: name, from }: { session: string; from: From | { after: string } | null },
  index: number,
): Following {
  const refuse = (what: string): never => {
    throw new MalformedHistory(index + 1, `session ${JSON.stringify(name)} ${what}`);
  };
  const known = sessions.get(name);
  if (from === null) {
    if (known === undefined) return refuse('goes on but was never opened');
    if (known.isOpen) return refuse('waits for two events at once');
    known.isOpen = true;
    return known;
  }
  if (known !== undefined) return refuse('is opened a second time');
  const before = 'after' in from ? sessions.get(from.after) : { from, fromOp: null };
  if (before === undefined) return refuse('goes on behind a session that never was');
  const { from: place, fromOp } = before;
  const opened = { openedAt: index, from: place, fromOp, tail: 0, tailOp: null, isOpen: true };
  sessions.set(name, opened);
  return opened;
}

function told(session: Following, opId: number, outcome: ExtendedReturn): Violation | null {
  if (outcome.kind === 'read-part-success') return take(session, opId, outcome);
  return outcome.kind === 'read-unwritten' ? hear(session, opId, outcome.tail) : null;
}

/** Tails told in a session never fall, whatever they are told with, and what is written is shown. */
function hear(session: Following, opId: number, tail: number): Violation | null {
  const { from, fromOp, tail: latest, tailOp } = session;
  if (tail < latest)
    return {
      code: 'out-of-turn',
      message: `A follower that had heard of tail ${latest} was told that only ${tail} records are written (op ${opId}).`,
      opIds: tailOp === null ? [opId] : [opId, tailOp],
    };
  if ('seqNum' in from && from.seqNum < tail)
    return {
      code: 'answer-without-place',
      message: `A follower that ${cameTo(session)} was told that nothing is written there, and that the tail is ${tail} (op ${opId}).`,
      opIds: fromOp === null ? [opId] : [opId, fromOp],
    };
  Object.assign(session, { tail, tailOp: opId });
  return null;
}

/** Null when the event comes in its turn; whether what it skips may be gone is for the model to say. */
function take(
  session: Following,
  opId: number,
  { start, recordHashes, tail }: ExtendedReturn & { kind: 'read-part-success' },
): Violation | null {
  const { from, fromOp, tail: latest, tailOp } = session;
  const came = cameTo(session);
  const end = start + recordHashes.length;
  session.from = { seqNum: end };
  session.fromOp = opId;
  const what = start === end ? `nothing from ${start} on` : `records ${range(start, end)}`;
  const outOfTurn = (before: string, shown: string, other: number | null): Violation => ({
    code: 'out-of-turn',
    message: `A follower that ${before} was shown ${shown} (op ${opId}).`,
    opIds: other === null ? [opId] : [opId, other],
  });
  if ('seqNum' in from && start < from.seqNum) return outOfTurn(came, what, fromOp);
  if (tail === null) return null;
  if (tail < latest) return outOfTurn(`had heard of tail ${latest}`, `${what} with tail ${tail}`, tailOp);
  Object.assign(session, { tail, tailOp: opId });
  return null;
}

function cameTo({ from, fromOp }: Following): string {
  if ('timestamp' in from) return `asked for timestamp ${from.timestamp} on`;
  return fromOp === null ? `asked for ${from.seqNum} on` : `had come to ${from.seqNum}`;
}

interface Sent {
  opId: number;
  index: number;
  outcome: ExtendedReturn | null;
}

export interface Turns {
  /** Appends behind one that has had no effect: whatever their client was told, they have none. */
  withoutEffect: ReadonlySet<number>;
}

/** Acknowledgements of a session ascend, and none comes behind an append without effect. */
export function judgeTurns(history: ExtendedHistory): Turns | Violation {
  const sessions = new Map<string, Sent[]>();
  const byId = new Map<number, Sent>();
  for (const event of history) {
    if (event.type === 'call') {
      if (event.call.kind !== 'append' || event.call.turn === undefined) continue;
      const { session, index } = event.call.turn;
      const sent: Sent = { opId: event.opId, index, outcome: null };
      byId.set(event.opId, sent);
      const others = sessions.get(session);
      if (others === undefined) sessions.set(session, [sent]);
      else others.push(sent);
    } else {
      const sent = byId.get(event.opId);
      if (sent !== undefined) sent.outcome = event.return;
    }
  }
  const withoutEffect = new Set<number>();
  for (const [name, appends] of sessions) {
    const wrong = judgeSession(name, appends, withoutEffect);
    if (wrong !== null) return wrong;
  }
  return { withoutEffect };
}

function judgeSession(name: string, appends: readonly Sent[], withoutEffect: Set<number>): Violation | null {
  let failed: Sent | null = null;
  let latest: { sent: Sent; tail: number } | null = null;
  const violationOf = (message: string, sent: Sent, other: Sent): Violation => ({
    code: 'session-order',
    message: `In session ${JSON.stringify(name)} ${message}`,
    opIds: [sent.opId, other.opId],
  });
  for (const sent of appends) {
    const tail = ackedTail(sent.outcome);
    if (failed !== null) {
      if (tail !== null || sent.outcome?.kind === 'append-rejected')
        return violationOf(
          `op ${sent.opId} was ${tail === null ? 'judged' : 'acknowledged'} although op ${failed.opId}, sent before it, had no effect.`,
          sent,
          failed,
        );
      withoutEffect.add(sent.opId);
    } else if (tail !== null) {
      if (latest !== null && tail < latest.tail)
        return violationOf(
          `op ${sent.opId} was acknowledged up to ${tail}, below op ${latest.sent.opId}, which was sent before it and ends at ${latest.tail}.`,
          sent,
          latest.sent,
        );
      latest = { sent, tail };
    } else if (sent.outcome !== null && sent.outcome.kind !== 'append-indefinite-failure') failed = sent;
  }
  return null;
}

function ackedTail(outcome: ExtendedReturn | null): number | null {
  if (outcome?.kind === 'append-success') return outcome.tail;
  return outcome?.kind === 'append-acked' ? outcome.end : null;
}
