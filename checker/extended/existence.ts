/**
 * Whoever was told of a stream behind one who was told of none, or the other way round, when nobody can have created or
 * deleted it in between. Who created one was told of none before, who deleted one of a stream, or of one that was being
 * deleted. Whatever else is in doubt, no order changes that, so nothing has to be searched for. When the service can have
 * removed a stream for being empty is not looked at: where it may, nothing is said of streams that are gone.
 */

import type { Violation } from '../sweep/violation.ts';
import { mayCreate, mayVanish } from './by-itself.ts';
import { callOf, Greatest, returnOf } from './greatest.ts';
import { isBirth, isDeletion, showsStream, tellsOfTheEnd } from './lives.ts';
import type { ExtendedRule } from './model.ts';
import type { StreamOperation } from './operations.ts';

/** The first such answer, or null. */
export function unexplainedExistence(
  operations: readonly StreamOperation[],
  { initially = 'present', config, createsOn = [] }: ExtendedRule,
): Violation | null {
  const isCreation = (operation: StreamOperation): boolean => isBirth(operation) || mayCreate(operation, createsOn);
  const isAbsent = initially === 'absent';
  const made =
    unexplainedTurn(operations, tellsOfNone, tellsOfStream, isCreation, isAbsent) ??
    unexplainedTurn(operations, tellsItIsGone, hasDeleted, isCreation, isAbsent);
  if (made !== null) return violationOf(made, madeByNobody(made));
  if (mayVanish(operations, config)) return null;
  const gone =
    unexplainedTurn(operations, tellsOfStream, foundNone, isDeletion, !isAbsent) ??
    unexplainedTurn(operations, tellsNobodyDeletes, findsItGoing, isDeletion, true);
  return gone === null ? null : violationOf(gone, deletedByNobody(gone));
}

type Test = (operation: StreamOperation) => boolean;

interface Turn {
  /** The last one who was told otherwise; null for the beginning. */
  readonly before: StreamOperation | null;
  readonly behind: StreamOperation;
}

/**
 * The first that `isAfter` behind one that `isBefore`, or behind the beginning where that was `initially` so, with no change
 * in between.
 */
function unexplainedTurn(
  operations: readonly StreamOperation[],
  isBefore: Test,
  isAfter: Test,
  isChange: Test,
  initially: boolean,
): Turn | null {
  const latestCall = new Greatest(operations.filter(isBefore), returnOf, callOf);
  const latestReturn = new Greatest(operations.filter(isChange), callOf, returnOf);
  const ofRead = new Map<string | undefined, StreamOperation>();
  for (const behind of operations) {
    const read = behind.input.moment?.read;
    if (isAfter(behind)) {
      // Moments of a read come in their order, and all may be as old as the read.
      const before = ofRead.get(read) ?? latestCall.upTo(behind.call - 1);
      const change = latestReturn.upTo(behind.return);
      const isExplained = change !== null && change.return >= (before?.call ?? Number.NEGATIVE_INFINITY);
      if (!isExplained && (before !== null || initially)) return { before, behind };
    }
    if (read !== undefined && isBefore(behind)) ofRead.set(read, behind);
  }
  return null;
}

function tellsOfStream(operation: StreamOperation): boolean {
  return showsStream(operation) || hasCreated(operation);
}

function tellsOfNone(operation: StreamOperation): boolean {
  return tellsOfTheEnd(operation) || hasDeleted(operation);
}

/** There was none when it came, not even one that was being deleted. */
function tellsItIsGone({ output }: StreamOperation): boolean {
  return output.kind === 'stream-absent';
}

function findsItGoing({ output }: StreamOperation): boolean {
  return output.kind === 'stream-pending';
}

/** There was none in use when it came. */
function foundNone(operation: StreamOperation): boolean {
  return tellsOfTheEnd(operation) || hasCreated(operation);
}

function tellsNobodyDeletes(operation: StreamOperation): boolean {
  return tellsOfStream(operation) || tellsItIsGone(operation);
}

function hasCreated({ output, metadata }: StreamOperation): boolean {
  // What the service creates for a request tells nobody anything.
  return output.kind === 'created' && metadata.id === metadata.opId;
}

function hasDeleted({ output }: StreamOperation): boolean {
  return output.kind === 'deleted';
}

function violationOf({ before, behind }: Turn, message: string): Violation {
  const opIds = [behind.metadata.opId, ...(before === null ? [] : [before.metadata.opId])];
  return { code: 'answer-without-place', message, opIds };
}

function madeByNobody({ before, behind }: Turn): string {
  const { opId } = behind.metadata;
  const told = hasDeleted(behind) ? 'deleted one' : 'tells of one';
  return before === null
    ? `There was no stream in the beginning, and op ${opId} ${told}: nobody can have created it by then.`
    : `Op ${before.metadata.opId} tells of no stream, and op ${opId}, which comes behind it, ${told}: nobody can have created it in between.`;
}

function deletedByNobody({ before, behind }: Turn): string {
  const { opId } = behind.metadata;
  if (findsItGoing(behind) && (before === null || tellsItIsGone(before))) {
    const since = before === null ? '' : ` since op ${before.metadata.opId} was told that there is none`;
    return `Op ${opId} tells of a stream that is being deleted: nobody can have deleted one${since}.`;
  }
  const told = hasCreated(behind) ? 'created one' : 'tells of none';
  return before === null
    ? `There was a stream in the beginning, and op ${opId} ${told}: nobody can have deleted it by then.`
    : `Op ${before.metadata.opId} tells of a stream, and op ${opId}, which comes behind it, ${told}: nobody can have deleted it in between.`;
}
