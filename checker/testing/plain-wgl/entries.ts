/**
 * The doubly linked list of calls and returns that the search walks.
 *
 * A placed operation is lifted out of the list (both entries, O(1)) and can be put back in the reverse order of
 * lifting. The first entry is a sentinel that is never lifted. Equal stamps: calls come before returns, because
 * intervals are closed.
 */

import type { Operation } from '../../wgl/model.ts';

export interface Entry {
  /** Index of the operation, -1 for the sentinel. */
  readonly operation: number;
  /** The return entry of a call; null in a return entry, which is how the two are told apart. */
  match: Entry | null;
  previous: Entry | null;
  next: Entry | null;
}

/** The sentinel in front of all entries of these operations, in time order. */
export function linkEntries(operations: readonly Operation<unknown, unknown>[]): Entry {
  const stamped: { entry: Entry; stamp: number; isReturn: number }[] = [];
  operations.forEach((operation, index) => {
    const end = createEntry(index);
    const start = createEntry(index);
    start.match = end;
    stamped.push({ entry: start, stamp: operation.call, isReturn: 0 });
    stamped.push({ entry: end, stamp: operation.return, isReturn: 1 });
  });
  stamped.sort(
    (a, b) => compareStamps(a.stamp, b.stamp) || a.isReturn - b.isReturn || a.entry.operation - b.entry.operation,
  );
  const head = createEntry(-1);
  let last = head;
  for (const { entry } of stamped) {
    last.next = entry;
    entry.previous = last;
    last = entry;
  }
  return head;
}

/** Takes a call and its return out of the list. */
export function lift(call: Entry): void {
  unlink(call);
  unlink(call.match!);
}

/** Puts back what the latest `lift` not yet undone took out. */
export function unlift(call: Entry): void {
  relink(call.match!);
  relink(call);
}

function createEntry(operation: number): Entry {
  return { operation, match: null, previous: null, next: null };
}

/** Subtraction would make NaN of two infinite stamps. */
function compareStamps(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function unlink(entry: Entry): void {
  entry.previous!.next = entry.next;
  if (entry.next !== null) entry.next.previous = entry.previous;
}

function relink(entry: Entry): void {
  entry.previous!.next = entry;
  if (entry.next !== null) entry.next.previous = entry;
}
