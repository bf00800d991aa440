/**
 * Whoever was told of a stream behind one who was told of none, or the other way round, when nobody can have created or deleted it
 * in between. Whatever else is in doubt, no order changes that, so nothing has to be searched for. When the service can have removed
 * a stream for being empty is not looked at: where it may, nothing is said of streams that are gone.
 */

import type { Violation } from '../sweep/violation.ts';
import { mayCreate, mayVanish } from './by-itself.ts';
import { violationOf } from './explain.ts';
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
  const made = unexplainedTurn(operations, tellsOfNone, tellsOfStream, isCreation, initially === 'absent');
  if (made !== null) return violationOf([madeByNobody(made)], named(made), operations);
  if (mayVanish(operations, config)) return null;
  const gone = unexplainedTurn(operations, tellsOfStream, tellsOfNone, isDeletion, initially === 'present');
  return gone === null ? null : violationOf([deletedByNobody(gone)], named(gone), operations);
}

type Test = (operation: StreamOperation) => boolean;

interface Turn {
  /** The last one who was told otherwise; null for the beginning. */
  readonly before: StreamOperation | null;
  readonly behind: StreamOperation;
}

/** The first that `isAfter` behind one that `isBefore`, or behind the beginning where that was `initially` so, and no change in between. */
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
  const { output, metadata } = operation;
  // What the service creates for a request tells nobody anything.
  return showsStream(operation) || (output.kind === 'created' && metadata.id === metadata.opId);
}

function tellsOfNone(operation: StreamOperation): boolean {
  return tellsOfTheEnd(operation) || operation.output.kind === 'deleted';
}

function named({ before, behind }: Turn): number[] {
  return [behind.metadata.opId, ...(before === null ? [] : [before.metadata.opId])];
}

function madeByNobody({ before, behind: { metadata } }: Turn): string {
  return before === null
    ? `There was no stream in the beginning, and op ${metadata.opId} tells of one: nobody can have created it by then.`
    : `Op ${before.metadata.opId} tells of no stream, and op ${metadata.opId}, which comes behind it, of one: nobody can have created it in between.`;
}

function deletedByNobody({ before, behind: { metadata } }: Turn): string {
  return before === null
    ? `There was a stream in the beginning, and op ${metadata.opId} tells of none: nobody can have deleted it by then.`
    : `Op ${before.metadata.opId} tells of a stream, and op ${metadata.opId}, which comes behind it, of none: nobody can have deleted it in between.`;
}
