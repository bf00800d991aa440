/**
 * What clients were shown of one life, record by record: a fact that no order of the operations changes. An acknowledgement says
 * which records stand where, a read what stands there, and they must be the same ones.
 *
 * Asked behind the sweep, which has compared acknowledgements and reads of the whole among each other: what is left are parts.
 */

import type { Hash64 } from '../history.ts';
import type { Violation } from '../sweep/violation.ts';
import type { StreamOperation } from './operations.ts';

interface Teller {
  operation: StreamOperation;
  hash: Hash64;
  /** Of all that a reader gets, where its writer told. */
  content: Hash64 | null;
}

/** The first record that is two records, or null. */
export function contradictedContent(life: readonly StreamOperation[]): Violation | null {
  const known = new Map<number, Teller>();
  const appendsFirst = [...life.filter(isAppend), ...life.filter((operation) => !isAppend(operation))];
  for (const operation of appendsFirst) {
    const shown = shownBy(operation);
    if (shown === null) continue;
    for (const [i, hash] of shown.hashes.entries()) {
      const position = shown.start + i;
      const content = shown.contents?.[i] ?? null;
      const teller = known.get(position);
      if (teller === undefined) known.set(position, { operation, hash, content: isAppend(operation) ? content : null });
      else if (teller.hash !== hash || (teller.content !== null && content !== null && teller.content !== content))
        return contradiction(position, operation, teller.operation);
    }
  }
  return null;
}

function isAppend({ input }: StreamOperation): boolean {
  return input.kind === 'append';
}

/** Null of what says nothing about any record. */
function shownBy({
  input,
  output,
}: StreamOperation): { start: number; hashes: readonly Hash64[]; contents?: readonly Hash64[] | undefined } | null {
  if (input.kind === 'append') {
    const { recordHashes: hashes, contentHashes: contents } = input;
    if (output.kind === 'append-acked') return { start: output.start, hashes, contents };
    return output.kind === 'append-success' ? { start: output.tail - hashes.length, hashes, contents } : null;
  }
  if (output.kind === 'read-success') return { start: 0, hashes: output.recordHashes ?? [] };
  if (input.kind !== 'read-part' || output.kind !== 'read-part-success') return null;
  return { start: output.start, hashes: output.recordHashes, contents: output.contentHashes };
}

function contradiction(position: number, reader: StreamOperation, other: StreamOperation): Violation {
  const opIds = [reader.metadata.opId, other.metadata.opId];
  if (isAppend(other))
    return {
      code: 'wrong-content',
      message: `Op ${opIds[0]} was shown another record ${position} than op ${opIds[1]} was acknowledged to have written there.`,
      opIds,
    };
  return {
    code: 'contradictory-reads',
    message: `Op ${opIds[0]} and op ${opIds[1]} were shown two different records ${position}.`,
    opIds,
  };
}
