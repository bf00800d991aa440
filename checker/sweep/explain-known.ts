/**
 * Sentences about content that is known record by record: which record is wrong, and who else wrote it.
 */

import { agreementAt, type Content, readerOf } from './content.ts';
import { type Evidence, faultOf } from './explain.ts';
import { type Fragment, isCut, strangeness } from './identify.ts';
import { lowOf, type Operation, type Operations } from './operations.ts';
import type { Parse } from './parse.ts';
import type { Segment } from './tiling.ts';
import type { Laid } from './two-ended.ts';
import { claimOf, nameOf, range, type Violation, violation } from './violation.ts';

/** The first record that an acknowledged append did not write where it was acknowledged; null when all agree. */
export function findWrongRecord(operations: Operations, content: Content, segment: Segment): Violation | null {
  for (const item of segment.items) {
    if (item.kind === 'hole') continue;
    const { op } = item;
    const agreed = agreementAt(content, operations, op, lowOf(op));
    if (agreed === op.recordCount) continue;
    const position = lowOf(op) + agreed;
    const reader = readerOf(content.readers, position);
    const writer = writersOf(operations, content, position).find((other) => other !== op);
    const instead = writer === undefined ? 'a record that no append wrote' : `a record of ${nameOf(writer)}`;
    const message = `${claimOf(op)}, but at ${position} ${nameOf(reader)} found ${instead}.`;
    return violation('wrong-content', message, [reader, op, writer ?? null]);
  }
  return null;
}

/** Batches explain a hole up to a position and no further: names what lies there. */
export function explainStuck(evidence: Evidence, content: Content, stuck: Parse & { kind: 'stuck' }): Violation {
  const { operations } = evidence;
  const reader = readerOf(content.readers, stuck.position);
  const pieces = recognise(operations, content, stuck);
  for (const laid of pieces) {
    const fault =
      laid.position + laid.piece.recordCount > stuck.hole.end
        ? explainTear(operations, laid, stuck.hole.end)
        : faultOf(evidence, readerOf(content.readers, laid.position + laid.piece.recordCount - 1), laid);
    if (fault !== null) return fault;
  }
  return explainUnexplained(reader, writersOf(operations, content, stuck.position)[0], stuck);
}

/** Whole batches that lie at the position, then the longest beginning of one. */
function recognise(
  operations: Operations,
  content: Content,
  { hole, position }: Parse & { kind: 'stuck' },
): readonly Laid<Fragment>[] {
  const pieces = operations.all
    .filter((op) => op.kind === 'append')
    .map((op) => ({ op, recordStart: op.recordStart, recordCount: agreementAt(content, operations, op, position) }))
    .filter((piece) => piece.recordCount > 0)
    .map((piece) =>
      isCut(piece) ? { ...piece, recordCount: Math.min(piece.recordCount, hole.end - position) } : piece,
    );
  return pieces
    .map((piece) => ({ piece, position }))
    .sort((a, b) => strangeness([a]) - strangeness([b]) || b.piece.recordCount - a.piece.recordCount);
}

/** A whole batch of the content that an observer saw only half of, if it was one who ended the hole. */
function explainTear(
  { all }: Operations,
  { piece: { op }, position }: Laid<Fragment>,
  holeEnd: number,
): Violation | null {
  const observer = all.find(
    (other) => other.outcome === 'success' && other.kind !== 'append' && other.tail === holeEnd,
  );
  if (observer === undefined) return null;
  const message =
    `The records of ${nameOf(op)} are at ${range(position, position + op.recordCount)}, yet ${claimOf(observer)}, ` +
    'which lies inside them: batches are appended whole.';
  return violation('torn-batch', message, [observer, op]);
}

function explainUnexplained(
  reader: Operation,
  writer: Operation | undefined,
  { hole, position }: Parse & { kind: 'stuck' },
): Violation {
  const what =
    writer === undefined ? 'which is in no append of the history' : `which ${nameOf(writer)} cannot have written there`;
  const message =
    `No acknowledged append is at ${range(hole.start, hole.end)}. There ${nameOf(reader)} found a record at ` +
    `${position}, ${what}: appends of unknown outcome explain what lies before it at most.`;
  return violation('unexplained-records', message, [reader, writer ?? null]);
}

/** The appends that hold the record at a position, wherever in their batch. */
function writersOf({ all, hi, lo }: Operations, content: Content, position: number): readonly Operation[] {
  return all.filter(({ kind, recordStart, recordCount }) => {
    if (kind !== 'append') return false;
    for (let i = recordStart; i < recordStart + recordCount; i++)
      if (hi[i] === content.hi[position] && lo[i] === content.lo[position]) return true;
    return false;
  });
}
