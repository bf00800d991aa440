/**
 * What clients were shown of one life, record by record: a fact that no order of the operations changes. An acknowledgement says
 * which records stand where, a read what stands there, and they must be the same ones.
 *
 * Contradictions are told behind the sweep, which has compared acknowledgements and reads of the whole among each other: what is
 * left are parts.
 */

import type { Hash64 } from '../history.ts';
import type { Violation } from '../sweep/violation.ts';
import type { StreamOperation } from './operations.ts';

/** A record of which somebody told: its writer if that was acknowledged, else whoever was told first. */
interface KnownRecord {
  readonly operation: StreamOperation;
  readonly hash: Hash64;
  /** Of all that a reader gets, where anybody told, and who told it first. */
  readonly content: { readonly hash: Hash64; readonly by: StreamOperation } | null;
}

export interface KnownRecords {
  readonly at: ReadonlyMap<number, KnownRecord>;
  /** The first record that is two records. */
  readonly contradiction: Violation | null;
}

export function knownRecords(life: readonly StreamOperation[]): KnownRecords {
  const at = new Map<number, KnownRecord>();
  const inTurn = life.toSorted((a, b) => a.return - b.return);
  for (const operation of [...inTurn.filter(isAppend), ...inTurn.filter((other) => !isAppend(other))]) {
    const shown = toldRecords(operation);
    if (shown === null) continue;
    for (const [i, hash] of shown.hashes.entries()) {
      const position = shown.start + i;
      const told = shown.contents?.[i];
      const known = at.get(position);
      const other = known === undefined ? null : whoDisagrees(known, hash, told);
      if (other !== null) return { at, contradiction: contradiction(position, operation, other) };
      if (known !== undefined && (known.content !== null || told === undefined)) continue;
      const content = told === undefined ? null : { hash: told, by: operation };
      at.set(position, known === undefined ? { operation, hash, content } : { ...known, content });
    }
  }
  return { at, contradiction: null };
}

/** Two contents, both of them told. */
export function areOther(one: Hash64 | null | undefined, other: Hash64 | null | undefined): boolean {
  return one != null && other != null && one !== other;
}

/** Who told of another record, or of another content of it; null when nobody did. */
export function whoDisagrees(
  { operation, hash, content }: KnownRecord,
  told: Hash64,
  toldContent: Hash64 | undefined,
): StreamOperation | null {
  if (hash !== told) return operation;
  return content !== null && areOther(content.hash, toldContent) ? content.by : null;
}

function isAppend({ input }: StreamOperation): boolean {
  return input.kind === 'append';
}

/** Which records the answer tells of, or the writer; null of what says nothing about any. */
export function toldRecords({
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
