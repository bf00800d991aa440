/**
 * An extended history as operations that each say one thing of the stream at one moment: what the model and the sweep
 * are given.
 *
 * An event of a follower is a read of a part since its session was opened. The tail that an acknowledgement tells is an
 * operation of its own, an echo, for it may be true later than the append took effect. Where records may go, where a read
 * begins is another moment than what it shows. What sessions rule out is taken back. Calls without a return are what the
 * model says they are.
 */

import type { Hash64 } from '../history.ts';
import type { Violation } from '../sweep/violation.ts';
import type { Operation } from '../wgl/model.ts';
import type {
  CreatesOn,
  ExtendedCall,
  ExtendedEvent,
  ExtendedHistory,
  ExtendedReturn,
  From,
  StreamConfig,
} from './history.ts';
import { extendedStreamModel, KEEPS_ALL } from './model.ts';
import { type Delivery, deliveriesOf, judgeTurns } from './sessions.ts';
import { FIRST_LIFE, type StreamCall } from './stream-call.ts';
import { assertExtendedHistory } from './well-formed.ts';

interface Told {
  /** Of the history; an echo has that of its append, where a read begins that of the read. */
  opId: number;
  /** No two operations share it; for what the history itself holds the op id, below `FIRST_LIFE` for what was made of it. */
  id: number;
  /** The id of the moment before it in the same read. */
  behind: number | null;
  /** Of an event of a follower: the op whose answer brought it to where it is. */
  placedBy?: number;
  /** Of an append whose place nobody told: the op whose answer showed it (`pins.ts`). Such an append counts as acknowledged. */
  shownTo?: number;
}

export type StreamOperation = Operation<StreamCall, ExtendedReturn> & { metadata: Told };

const FIRST_OWN_ID = FIRST_LIFE - 1;

/** For an operation that is added to others. */
export function nextIdOf(operations: readonly StreamOperation[]): number {
  return operations.reduce((least, { metadata }) => Math.min(least, metadata.id), FIRST_LIFE) - 1;
}

/**
 * In order of call of the requests (events of a follower count from the opening of their session); or what is wrong
 * whatever the order. Options as in `ExtendedRule`. Throws `MalformedHistory`.
 */
export function operationsOfStream(
  history: ExtendedHistory,
  { config = KEEPS_ALL, createsOn = [] }: { config?: StreamConfig; createsOn?: readonly CreatesOn[] } = {},
): readonly StreamOperation[] | Violation {
  assertExtendedHistory(history);
  const deliveries = deliveriesOf(history);
  if ('code' in deliveries) return deliveries;
  const turns = judgeTurns(history);
  if ('code' in turns) return turns;
  const returns = new Map<number, { at: number; event: ExtendedEvent & { type: 'return' } }>();
  for (const [at, event] of history.entries()) if (event.type === 'return') returns.set(event.opId, { at, event });
  const moments = new Moments(factsOf(history, config, createsOn));
  for (const [at, event] of history.entries()) {
    if (event.type === 'return') continue;
    const { opId, call: asked } = event;
    const answered = returns.get(opId);
    const delivery = deliveries.get(opId);
    const told = answered?.event.return ?? pendingOf(asked, createsOn);
    if (told === undefined) continue;
    const output: ExtendedReturn = turns.withoutEffect.has(opId) ? { kind: 'append-definite-failure' } : told;
    const wrong = moments.add(event, asked, output, {
      call: delivery?.openedAt ?? at,
      calledMs: event.atMs,
      return: answered?.at ?? Number.POSITIVE_INFINITY,
      returnedMs: answered?.event.atMs,
      tailTimestamp: answered?.event.tailTimestamp,
      delivery,
    });
    if (wrong !== null) return wrong;
  }
  return moments.operations;
}

const MODEL = extendedStreamModel();

/** What a call without a return amounts to. */
function pendingOf(asked: ExtendedCall, createsOn: readonly CreatesOn[]): ExtendedReturn | undefined {
  const changed = asked.kind === 'follow' ? undefined : MODEL.pending!(asked)?.output;
  // A read that was never answered may have created its stream.
  return changed ?? (createsOn.includes('read') ? { kind: 'read-failure' } : undefined);
}

interface Facts {
  /** Records may go before the stream does. */
  mayTrim: boolean;
  hasLives: boolean;
  /** Whether anything is promised of time. */
  hasAges: boolean;
  /** Records may be of an age at which they go, and a read from a timestamp leave open whether they did. */
  hasDatedReads: boolean;
  /** Somebody may be shown contents that no writer told. */
  hasUntold: boolean;
}

function factsOf(history: ExtendedHistory, initial: StreamConfig, createsOn: readonly CreatesOn[]): Facts {
  const calls = history.flatMap((event) => (event.type === 'call' ? [event.call] : []));
  const configs = [initial, ...calls.flatMap((call) => ('config' in call && call.config ? [call.config] : []))];
  const mayExpire = configs.some(({ retentionAgeMs }) => retentionAgeMs !== null);
  const mayVanish =
    configs.some(({ emptyAgeMs }) => emptyAgeMs !== null) ||
    calls.some((call) => call.kind === 'configure' && call.emptyAgeMs !== null);
  return {
    mayTrim: mayExpire || calls.some((call) => call.kind === 'append' && (call.trim ?? 0) > 0),
    hasLives: mayVanish || createsOn.length > 0 || calls.some(({ kind }) => kind === 'create' || kind === 'delete'),
    hasAges: mayExpire || mayVanish,
    hasDatedReads: mayExpire && calls.some(isFromTimestamp),
    hasUntold: calls.some((call) => call.kind === 'append' && call.contentHashes === undefined),
  };
}

function isFromTimestamp(call: ExtendedCall): boolean {
  return (call.kind === 'read-part' || call.kind === 'follow') && call.from !== null && 'timestamp' in call.from;
}

interface Span {
  call: number;
  calledMs: number | undefined;
  return: number;
  returnedMs: number | undefined;
  tailTimestamp: number | undefined;
  delivery: Delivery | undefined;
}

class Moments {
  readonly operations: StreamOperation[] = [];
  readonly #facts: Facts;
  /** Beyond those of the operations so far. */
  #nextId = FIRST_OWN_ID;
  /** By read: how many moments it has, and the latest. */
  readonly #reads = new Map<string, { count: number; latest: number }>();

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** What is wrong with the answer by itself, or null. */
  add(event: ExtendedEvent, asked: ExtendedCall, output: ExtendedReturn, span: Span): Violation | null {
    if (asked.kind === 'read-part') this.#read(event, asked.from, output, span, `op ${event.opId}`);
    else if (asked.kind === 'follow') this.#read(event, span.delivery!.from, output, span, `session ${asked.session}`);
    else if (asked.kind === 'read' && output.kind === 'read-success' && this.#facts.mayTrim)
      this.#whole(event, output, span);
    else if (asked.kind === 'create') this.#put(event, { ...asked, birth: event.opId }, output, span);
    else this.#put(event, asked, output, span);
    if (output.kind !== 'append-acked' || asked.kind !== 'append') return null;
    const { start, end, tail } = output;
    const count = asked.recordHashes.length;
    if (end - start !== count || tail < end)
      return {
        code: 'impossible-ack',
        message: `Op ${event.opId} appended ${count} records and was acknowledged as ${start} to ${end} with tail ${tail}.`,
        opIds: [event.opId],
      };
    if (tail > end)
      this.#put(event, { kind: 'check-tail' }, { kind: 'check-tail-success', tail }, span, this.#nextId--);
    return null;
  }

  #read(event: ExtendedEvent, from: From, output: ExtendedReturn, span: Span, read: string): void {
    const { mayTrim, hasLives } = this.#facts;
    const part: StreamCall = { kind: 'read-part', from };
    const isSession = span.delivery !== undefined;
    if (!mayTrim || !tellsStart(from, output)) {
      if (isSession && (mayTrim || hasLives)) this.#moment(event, part, output, span, read, event.opId);
      else this.#put(event, part, output, span);
      return;
    }
    // A session that is somewhere is shown what came since, be it gone by now.
    const start = output.kind === 'read-part-success' ? output.start : output.tail;
    const goesOn = isSession && !span.delivery!.isFirst && 'seqNum' in from && from.seqNum === start;
    if (!goesOn) {
      const recordHashes = output.kind === 'read-part-success' ? output.recordHashes : [];
      this.#begin(event, from, { start, recordHashes }, span, read);
    }
    const gathered: StreamCall = { kind: 'read-part', from: { seqNum: start }, isGathered: true };
    this.#moment(event, gathered, output, span, read, event.opId);
  }

  /** A read of the whole begins at 0, so nothing was gone then. */
  #whole(event: ExtendedEvent, output: ExtendedReturn & { kind: 'read-success' }, span: Span): void {
    const read = `op ${event.opId}`;
    this.#begin(event, { seqNum: 0 }, { start: 0, recordHashes: [] }, span, read);
    this.#moment(event, { kind: 'read' }, output, span, read, event.opId);
  }

  #begin(
    event: ExtendedEvent,
    from: From,
    shown: { start: number; recordHashes: readonly Hash64[] },
    span: Span,
    read: string,
  ): void {
    const begins: ExtendedReturn = { kind: 'read-part-success', ...shown, tail: null };
    this.#moment(event, { kind: 'begin', from }, begins, { ...span, tailTimestamp: undefined }, read, this.#nextId--);
  }

  #moment(event: ExtendedEvent, input: StreamCall, output: ExtendedReturn, span: Span, read: string, id: number): void {
    const { count, latest } = this.#reads.get(read) ?? { count: 0, latest: null };
    this.#put(event, { ...input, moment: { read, index: count } }, output, span, id, latest);
    this.#reads.set(read, { count: count + 1, latest: id });
  }

  #put(
    { clientId, opId }: ExtendedEvent,
    input: StreamCall,
    output: ExtendedReturn,
    {
      call,
      calledMs = Number.NEGATIVE_INFINITY,
      return: end,
      returnedMs = Number.POSITIVE_INFINITY,
      tailTimestamp,
      delivery,
    }: Span,
    id = opId,
    behind: number | null = null,
  ): void {
    const known: StreamCall = {
      ...input,
      ...(tailTimestamp !== undefined && { tailTimestamp }),
      ...(this.#facts.hasAges && { when: { calledMs, returnedMs } }),
      ...(this.#facts.hasDatedReads && { datesReads: true }),
      ...(this.#facts.hasUntold && 'contentHashes' in output && { tellsContent: true }),
    };
    const placedBy = delivery?.fromOp ?? null;
    const metadata = { opId, id, behind, ...(placedBy !== null && { placedBy }) };
    this.operations.push({ clientId, input: known, output, call, return: end, metadata });
  }
}

/** An answer that says where it begins, if only by saying that nothing is left behind a timestamp. */
function tellsStart(
  from: From,
  output: ExtendedReturn,
): output is Extract<ExtendedReturn, { kind: 'read-part-success' | 'read-unwritten' }> {
  return output.kind === 'read-part-success' || (output.kind === 'read-unwritten' && 'timestamp' in from);
}
