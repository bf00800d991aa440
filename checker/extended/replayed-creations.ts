/**
 * The independent judge of orders on creations that nobody asked for: each is for a request of the history, of a kind that creates
 * its stream, while that request is open, and no request has two. Told by the requests alone, whatever the search offered.
 */

import type { CreatesOn } from './history.ts';
import type { StreamOperation } from './operations.ts';

/** Null when every creation in the order may be there; otherwise what is wrong with one, in words. */
export function refusalOfCreations(
  operations: readonly StreamOperation[],
  order: readonly StreamOperation[],
  createsOn: readonly CreatesOn[],
): string | null {
  const served = new Set<number>();
  for (const creation of order) {
    if (creation.input.kind !== 'create' || creation.metadata.id === creation.metadata.opId) continue;
    const { opId } = creation.metadata;
    const request = operations.find(({ metadata }) => metadata.id === opId);
    if (request === undefined) return `a stream is created for op ${opId}, which nobody asked for`;
    if (served.has(opId)) return `op ${opId} creates two streams`;
    served.add(opId);
    const kind = request.input.kind === 'append' ? 'append' : 'read';
    if (!createsOn.includes(kind) || CHANGES.has(request.input.kind)) return `op ${opId} may create no stream`;
    if (FOUND_NONE.has(request.output.kind)) return `op ${opId} was told of no stream, so it created none`;
    if (creation.call < request.call || creation.return > request.return)
      return `the stream of op ${opId} is created while nobody asks for it`;
    const { input } = request;
    const isLaterTurn = input.kind === 'append' && input.turn !== undefined && input.turn.index > 0;
    if (isLaterTurn || goesOn(request, operations))
      return `the session of op ${opId} was open before, and creates nothing`;
  }
  return null;
}

const CHANGES: ReadonlySet<string> = new Set(['create', 'delete', 'configure', 'vanish']);
const FOUND_NONE: ReadonlySet<string> = new Set(['stream-absent', 'stream-pending']);

/** Something was shown in its session before it. */
function goesOn({ metadata: { opId, behind } }: StreamOperation, operations: readonly StreamOperation[]): boolean {
  const before = operations.find(({ metadata }) => metadata.id === behind);
  return before !== undefined && (before.metadata.opId !== opId || goesOn(before, operations));
}
