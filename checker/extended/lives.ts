/**
 * The lives of a name: from each creation to the deletion behind it. A life is a stream of its own, with its own
 * numbers, so the sweep judges each by itself.
 *
 * That needs to know in which life an operation was. Its interval tells, or that of another moment of the same read, which
 * shows one life; a history in which one reaches into two is left to the general search, as is one in which a creation or
 * deletion is in doubt or two of them overlap.
 */

import type { Violation } from '../sweep/violation.ts';
import type { ExtendedRule } from './model.ts';
import type { StreamOperation } from './operations.ts';
import type { StreamCall } from './stream-call.ts';

export interface Lives {
  /** Creations and deletions that took effect, in order; they alternate. */
  changes: readonly StreamOperation[];
  /** What happened in each life; appends of unknown outcome are in every one that they reach. */
  of: readonly (readonly StreamOperation[])[];
  /** What was true whether there was a stream or not, or of none. */
  elsewhere: readonly StreamOperation[];
}

interface Life {
  from: number;
  to: number;
  operations: StreamOperation[];
}

/** Null when it cannot be told. */
export function livesOf(operations: readonly StreamOperation[], rule: ExtendedRule): Lives | null {
  const changes = toldChanges(operations).sort((a, b) => a.call - b.call);
  const lives = spansOf(changes, rule.initially !== 'absent');
  const reached = lives === null ? null : livesReached(operations, lives);
  if (lives === null || reached === null) return null;
  const elsewhere: StreamOperation[] = [];
  for (const [at, operation] of cutToLives(operations, reached).entries()) {
    const possible = reached.get(operations[at]!);
    if (possible !== undefined) for (const life of possible) life.operations.push(operation);
    else if (!changes.includes(operation)) elsewhere.push(operation);
  }
  return { changes, of: lives.map((life) => life.operations), elsewhere };
}

/** The first moment of the same read or session, all of which are of one life. */
export function firstOfItsRead(moment: StreamOperation, operations: readonly StreamOperation[]): StreamOperation {
  const byId = new Map(operations.map((operation) => [operation.metadata.id, operation]));
  let first = moment;
  for (;;) {
    const before = first.metadata.behind === null ? undefined : byId.get(first.metadata.behind);
    if (before === undefined) return first;
    first = before;
  }
}

/** A session of appends ends with its stream: what its appends were told is of one life. Null where that is so. */
export function sessionInTwoLives({ of: lives }: Lives): Violation | null {
  const seen = new Map<string, { life: number; opId: number }>();
  for (const [life, operations] of lives.entries())
    for (const operation of operations) {
      const { input, metadata } = operation;
      if (input.kind !== 'append' || input.turn === undefined || !needsStream(operation)) continue;
      if (operation.output.kind === 'append-indefinite-failure') continue;
      const { session } = input.turn;
      const first = seen.get(session) ?? { life, opId: metadata.opId };
      seen.set(session, first);
      if (first.life !== life)
        return {
          code: 'session-order',
          message: `In session ${JSON.stringify(session)} op ${first.opId} and op ${metadata.opId} were answered by two lives of the stream.`,
          opIds: [metadata.opId, first.opId],
        };
    }
  return null;
}

/**
 * Without deletions in doubt. Where creations and deletions that were told alternate, each life is one that was told of, and such a
 * deletion can only have ended one earlier: whatever was true of a stream was true of that life nevertheless.
 */
function toldChanges(operations: readonly StreamOperation[]): StreamOperation[] {
  return operations
    .filter(isChange)
    .filter(({ input, output }) => input.kind !== 'delete' || output.kind !== 'change-unknown');
}

/** It was told that there is no stream, or none any more. */
export function tellsOfTheEnd({ output: { kind } }: StreamOperation): boolean {
  return kind === 'stream-absent' || kind === 'stream-pending';
}

type Reached = ReadonlyMap<StreamOperation, readonly Life[]>;

/** In which lives each that needs one can have been true; null when that is not one and makes a difference. */
function livesReached(operations: readonly StreamOperation[], lives: readonly Life[]): Reached | null {
  const lifeOf = new Map<string, Life>();
  const reached = new Map<StreamOperation, readonly Life[]>();
  for (const operation of operations) {
    if (!needsStream(operation)) continue;
    const inTime = lives.filter(({ from, to }) => operation.return >= from && operation.call <= to);
    const { moment } = operation.input;
    const known = moment === undefined ? undefined : lifeOf.get(moment.read);
    const possible = known === undefined ? inTime : inTime.filter((life) => life === known);
    if (operation.output.kind !== 'append-indefinite-failure' && possible.length !== 1) return null;
    reached.set(operation, possible);
    if (moment !== undefined) lifeOf.set(moment.read, possible[0]!);
  }
  return reached;
}

/**
 * What can only have been true in one life was true while there was that life, and moments of a read, be they of no life, follow
 * each other: none was before those that it follows, or after those behind it. Otherwise a later one might seem to have returned,
 * or to have been called, before an earlier one.
 */
function cutToLives(operations: readonly StreamOperation[], reached: Reached): StreamOperation[] {
  const spanOf = (operation: StreamOperation): Pick<Life, 'from' | 'to'> => {
    const [life, ...others] = reached.get(operation) ?? [];
    return life === undefined || others.length > 0 ? ALWAYS : life;
  };
  const calls = boundsOf(operations, Math.max, (operation) => Math.max(operation.call, spanOf(operation).from));
  const backwards = operations.toReversed();
  const returns = boundsOf(backwards, Math.min, (operation) => Math.min(operation.return, spanOf(operation).to));
  return operations.map((operation, at) => {
    const [call, end] = [calls[at]!, returns.at(-1 - at)!];
    return call === operation.call && end === operation.return ? operation : { ...operation, call, return: end };
  });
}

const ALWAYS = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };

/** The bound of each operation, and of those of the same read that come before it in this order. */
function boundsOf(
  operations: readonly StreamOperation[],
  tighter: (one: number, other: number) => number,
  own: (operation: StreamOperation) => number,
): number[] {
  const ofRead = new Map<string, number>();
  return operations.map((operation) => {
    const read = operation.input.moment?.read;
    if (read === undefined) return own(operation);
    const bound = tighter(own(operation), ofRead.get(read) ?? own(operation));
    ofRead.set(read, bound);
    return bound;
  });
}

function spansOf(changes: readonly StreamOperation[], isPresentFirst: boolean): Life[] | null {
  const lives: Life[] = [];
  const begin = (from: number): number => lives.push({ from, to: Number.POSITIVE_INFINITY, operations: [] });
  let isPresent = isPresentFirst;
  if (isPresent) begin(Number.NEGATIVE_INFINITY);
  for (const [index, change] of changes.entries()) {
    const next = changes[index + 1];
    if (change.output.kind === 'change-unknown' || (next !== undefined && change.return >= next.call)) return null;
    if (isPresent === (change.output.kind === 'created')) return null;
    if (isPresent) lives.at(-1)!.to = change.return;
    else begin(change.call);
    isPresent = !isPresent;
  }
  return lives;
}

export function isChange({ input, output }: StreamOperation): boolean {
  return CHANGES.has(output.kind) && input.kind !== 'configure';
}

export function isDeletion(operation: StreamOperation): boolean {
  return operation.input.kind === 'delete' && isChange(operation);
}

export function isBirth(
  operation: StreamOperation,
): operation is StreamOperation & { input: Extract<StreamCall, { kind: 'create' }> } {
  return operation.input.kind === 'create' && isChange(operation);
}

/**
 * Tokens of the request that may have created the stream there was before any creation; null for one of which nobody tells. Whoever
 * was told that his own request had done so, and whose token no creation has, tells of that stream: then it is he or nobody.
 */
export function possibleCreators(
  operations: readonly StreamOperation[],
  initially: ExtendedRule['initially'],
): readonly (string | null)[] {
  if (initially === 'absent') return [null];
  const told = operations.flatMap(({ input, output }) =>
    input.kind === 'create' && input.token !== null && output.kind === 'create-noop' ? [input.token] : [],
  );
  const known = new Set(operations.filter(isBirth).map(({ input }) => input.token));
  const creator = told.find((token) => !known.has(token));
  return creator === undefined ? [null, ...new Set(told)] : [creator];
}

/**
 * Where there was no stream and only one request to create it, that took effect if anybody saw a stream: what it was told
 * makes no difference. Holds where the service creates none by itself.
 */
export function withTheOnlyCreation(
  operations: readonly StreamOperation[],
  { initially }: ExtendedRule,
): readonly StreamOperation[] {
  const [creation, ...others] = operations.filter(isChange);
  if (initially !== 'absent' || creation?.input.kind !== 'create' || others.length > 0) return operations;
  if (!operations.some(showsStream)) return operations;
  return operations.map((operation) =>
    operation === creation ? { ...creation, output: { kind: 'created' } } : operation,
  );
}

/** It was true of a stream, or that there is one. */
export function showsStream(operation: StreamOperation): boolean {
  const { kind } = operation.output;
  if (kind === 'create-noop' || kind === 'stream-exists') return true;
  return needsStream(operation) && kind !== 'append-indefinite-failure';
}

const CHANGES: ReadonlySet<string> = new Set(['created', 'deleted', 'change-unknown']);
const ELSEWHERE: ReadonlySet<string> = new Set([
  ...CHANGES,
  'stream-absent',
  'stream-pending',
  'stream-exists',
  'create-noop',
  'change-failure',
  'append-definite-failure',
  'read-failure',
  'check-tail-failure',
]);

/** It was true of a stream that exists. */
function needsStream({ output }: StreamOperation): boolean {
  return !ELSEWHERE.has(output.kind);
}
