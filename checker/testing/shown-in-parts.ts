/**
 * Large extended histories in which nobody reads the whole: what `collectHistory` makes of readers that tell is given to
 * followers, to limited reads, or to reads from a timestamp. Appends may be sent in sessions. Equal options give equal histories.
 */

import type { ExtendedCall, ExtendedEvent, ExtendedHistory, ExtendedReturn, From } from '../extended/history.ts';
import type { Call, Return } from '../history.ts';
import { collectHistory, type CollectorOptions } from './collected-histories.ts';
import { type Dice, seededRandom } from './random.ts';

export interface PartsOptions extends Omit<CollectorOptions, 'tells' | 'onlyReads'> {
  readers: 'followers' | 'limits' | 'timestamps';
  /** Each client appends in a session of its own, a new one behind every failure. */
  isPipelined?: boolean;
}

const LIMIT_MAX = 12;
/** Of record n it is n times this. */
const STAMP = 10;

export function shownInParts({ readers, isPipelined = false, ...options }: PartsOptions): ExtendedHistory {
  const dice = seededRandom(options.seed);
  const turns = new Turns();
  const parts = new Map<number, Part>();
  const sessions = new Map<number, { next: number; isOpen: boolean }>();
  return collectHistory({ ...options, tells: true, onlyReads: true }).map((event): ExtendedEvent => {
    const { clientId, opId } = event;
    if (event.type === 'call') {
      if (isPipelined && event.call.kind === 'append')
        return { ...event, call: turns.taken(clientId, opId, event.call) };
      if (event.call.kind !== 'read') return event;
      const session = sessions.get(clientId) ?? { next: 0, isOpen: false };
      const part = readers === 'followers' ? following(clientId, session) : partFrom(dice, readers);
      sessions.set(clientId, { ...session, isOpen: true });
      parts.set(opId, part);
      return { ...event, call: part.call };
    }
    turns.note(opId, event.return);
    const part = parts.get(opId);
    if (part === undefined || event.return.kind !== 'read-success') return event;
    const shown = shownFrom(dice, part.start, event.return, readers);
    if ('recordHashes' in shown && readers === 'followers')
      sessions.set(clientId, { next: part.start + shown.recordHashes.length, isOpen: true });
    return { type: 'return', clientId, opId, return: shown };
  });
}

interface Part {
  call: ExtendedCall;
  start: number;
}

function following(clientId: number, { next, isOpen }: { next: number; isOpen: boolean }): Part {
  const from: From | null = isOpen ? null : { seqNum: 0 };
  return { call: { kind: 'follow', session: `of client ${clientId}`, from }, start: next };
}

function partFrom(dice: Dice, readers: 'limits' | 'timestamps'): Part {
  const start = dice.below(500);
  return {
    call: { kind: 'read-part', from: readers === 'limits' ? { seqNum: start } : { timestamp: start * STAMP } },
    start,
  };
}

function shownFrom(
  dice: Dice,
  start: number,
  { tail, recordHashes: all = [] }: Return & { kind: 'read-success' },
  readers: PartsOptions['readers'],
): ExtendedReturn {
  if (start >= tail && readers !== 'followers') return { kind: 'read-unwritten', tail };
  const recordHashes = all.slice(start, start + 1 + dice.below(LIMIT_MAX));
  const end = start + recordHashes.length;
  return {
    kind: 'read-part-success',
    start,
    recordHashes,
    ...(readers === 'timestamps' && { timestamps: recordHashes.map((_, i) => (start + i) * STAMP) }),
    tail: end === tail && dice.chance(1, 4) ? tail : null,
  };
}

class Turns {
  readonly #sessions = new Map<number, { name: string; next: number }>();
  readonly #clientOf = new Map<number, number>();

  taken(clientId: number, opId: number, call: Call & { kind: 'append' }): ExtendedCall {
    const session = this.#sessions.get(clientId) ?? { name: `from op ${opId}`, next: 0 };
    this.#sessions.set(clientId, { ...session, next: session.next + 1 });
    this.#clientOf.set(opId, clientId);
    return { ...call, turn: { session: session.name, index: session.next } };
  }

  /** Behind an append without effect a session is over. */
  note(opId: number, outcome: Return): void {
    const clientId = this.#clientOf.get(opId);
    if (clientId !== undefined && outcome.kind !== 'append-success') this.#sessions.delete(clientId);
  }
}
