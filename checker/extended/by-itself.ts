/**
 * What the service may do to a name without anybody asking, as operations that may have happened or not: a stream is created
 * for a request that comes to none, and one that was empty for long enough is removed.
 */

import type { CreatesOn, StreamConfig } from './history.ts';
import type { ExtendedRule } from './model.ts';
import { isBirth, isChange, isDeletion, showsStream, tellsOfTheEnd } from './lives.ts';
import { nextIdOf, type StreamOperation } from './operations.ts';
import { FIRST_LIFE, type StreamCall } from './stream-call.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** `operations` with all of that, in order of call; null when there is nothing to add. */
export function withWhatHappensByItself(
  operations: readonly StreamOperation[],
  { initially, config, createsOn = [] }: ExtendedRule,
): readonly StreamOperation[] | null {
  let nextId = nextIdOf(operations);
  const added: StreamOperation[] = [];
  const add = (served: StreamOperation | null, input: StreamCall, call: number, end: number): void => {
    const metadata = { opId: served?.metadata.opId ?? -1, id: nextId--, behind: null };
    added.push({ clientId: 0, input, output: { kind: 'change-unknown' }, call, return: end, metadata });
  };
  const isRemoved = mayVanish(operations, config);
  // A stream that was there and never went cannot be created, and one that was created was not there.
  const mayBeMade = initially === 'absent' && !operations.some(isCreated);
  const mayBeGone = mayBeMade || isRemoved || operations.some(isDeletion);
  for (const operation of operations)
    if (mayBeGone && mayCreate(operation, createsOn)) {
      const { when } = operation.input;
      const birth: StreamCall = { kind: 'create', token: null, birth: nextId, ...(when && { when }) };
      add(operation, birth, operation.call, operation.return);
    }
  if (isRemoved) {
    const births = [...operations, ...added].filter(isBirth);
    // Behind its removal there is nothing but the news of that and another life: without either, it may as well have stayed.
    const isNoticed = operations.some(tellsOfTheEnd);
    if (initially !== 'absent' && (isNoticed || births.length > 0))
      add(null, { kind: 'vanish', birth: FIRST_LIFE }, -1, NEVER);
    for (const birth of births)
      if (isNoticed || births.length > 1) add(birth, { kind: 'vanish', birth: birth.input.birth! }, birth.call, NEVER);
  }
  return added.length === 0 ? null : [...operations, ...added].sort((a, b) => a.call - b.call);
}

/**
 * `operations` with the creation of the only stream there was, where there was none at first, nobody but requests for it can have
 * made it, and it did not go. It was made for the first request that may have done that behind all who were told of no stream:
 * the earlier it was there, the more can have been true of it. Whoever saw it returned behind that.
 */
export function withTheCreationForARequest(
  operations: readonly StreamOperation[],
  { initially, createsOn = [] }: ExtendedRule,
): readonly StreamOperation[] {
  if (initially !== 'absent' || operations.some(isChange)) return operations;
  const absent = operations.filter(tellsOfTheEnd).reduce((latest, { call }) => Math.max(latest, call), -Infinity);
  const request = operations.find((operation) => mayCreate(operation, createsOn) && operation.return >= absent);
  const seen = operations.filter(showsStream).reduce((first, { return: end }) => Math.min(first, end), Infinity);
  if (request === undefined || seen === Infinity || request.call > seen) return operations;
  const id = nextIdOf(operations);
  const { when } = request.input;
  const creation: StreamOperation = {
    ...request,
    clientId: 0,
    input: { kind: 'create', token: null, birth: id, ...(when && { when }) },
    output: { kind: 'created' },
    return: Math.min(request.return, seen),
    metadata: { opId: request.metadata.opId, id, behind: null },
  };
  return [...operations, creation].sort((a, b) => a.call - b.call);
}

/** What was never answered, or not in any way that says otherwise, may have created its stream. */
export function mayCreate(operation: StreamOperation, createsOn: readonly CreatesOn[]): boolean {
  const { input, metadata } = operation;
  // A request that may create its stream is told of none only where it created none.
  if (tellsOfTheEnd(operation)) return false;
  // A session creates when it is opened, which its first append tells of.
  if (input.kind === 'append' && (input.turn?.index ?? 0) > 0) return false;
  if (metadata.behind !== null || input.kind === 'create' || input.kind === 'delete') return false;
  if (input.kind === 'configure' || input.kind === 'vanish') return false;
  // A tail told with an acknowledgement is a moment of the append, and nobody asked for a read.
  if (metadata.id !== metadata.opId && input.kind !== 'begin') return false;
  return createsOn.includes(input.kind === 'append' ? 'append' : 'read');
}

/** The service may remove a stream that is empty. */
export function mayVanish(operations: readonly StreamOperation[], config: StreamConfig | undefined): boolean {
  return config?.emptyAgeMs != null || operations.some(mayMakeVanish);
}

function mayMakeVanish({ input }: StreamOperation): boolean {
  if (input.kind === 'configure') return input.emptyAgeMs !== null;
  return input.kind === 'create' && input.config?.emptyAgeMs != null;
}

function isCreated({ output }: StreamOperation): boolean {
  return output.kind === 'created';
}
