/**
 * Sentences about a record that somebody was shown and nobody can have written: who holds it, and why it is not theirs there.
 * Whether anybody can have is found out before (`pins.ts`).
 */

import type { Hash64 } from '../history.ts';
import { counted, range, type Violation, type ViolationCode } from '../sweep/violation.ts';
import { areOther } from './contents.ts';
import { firstOfItsRead } from './lives.ts';
import type { StreamOperation } from './operations.ts';
import type { StreamAppend } from './pins.ts';
import { isEffective } from './swept.ts';

/** Why an append of unknown outcome that holds a record cannot have written it there. */
export type Objection =
  /** It is known to be at another place. */
  | { kind: 'elsewhere'; append: StreamOperation }
  /** It would begin where its `match_seq_num` does not hold. */
  | { kind: 'condition'; append: StreamAppend; start: number }
  /** Beside that record, its number `index`, stand others than its own, as `operation` tells; null where there is no place. */
  | { kind: 'cut'; append: StreamAppend; index: number; operation: StreamOperation | null }
  /** It was called behind an answer that showed a log as long as `reach`. */
  | { kind: 'late'; append: StreamAppend; operation: StreamOperation; reach: number }
  /** `operation` is of its session, and known to stand where it would be out of turn. */
  | { kind: 'turn'; append: StreamAppend; operation: StreamOperation }
  /** It had returned before something was called that stands at `low`. */
  | { kind: 'over'; append: StreamAppend; operation: StreamOperation; low: number };

export interface Shown {
  position: number;
  hash: Hash64;
  content: Hash64 | null;
  by: StreamOperation;
}

interface Others {
  life: readonly StreamOperation[];
  /** Of other lives, and those without effect. */
  all: readonly StreamOperation[];
}

/** `objections`: to all appends of unknown outcome that hold the record with this content. The nearest miss is told. */
export function unwritten(shown: Shown, objections: readonly Objection[], others: Others): Violation {
  const [nearest] = objections.toSorted((a, b) => NEARNESS.indexOf(a.kind) - NEARNESS.indexOf(b.kind));
  const { opId } = shown.by.metadata;
  const said =
    nearest === undefined
      ? writtenOtherwise(shown, others)
      : objected(nearest, objections.length === 1 && !isWrittenToo(shown, others));
  return {
    code: said.code,
    message: `Op ${opId} was shown a record ${shown.position} ${said.why}.`,
    opIds: [
      ...new Set(
        said.code === 'wrong-content'
          ? [opId, ...said.opIds]
          : [...said.opIds.slice(0, 1), opId, ...said.opIds.slice(1)],
      ),
    ].slice(0, 4),
  };
}

const NEARNESS: readonly Objection['kind'][] = ['turn', 'late', 'over', 'condition', 'elsewhere', 'cut'];

interface Said {
  code: ViolationCode;
  why: string;
  opIds: readonly number[];
}

function objected(objection: Objection, isOnly: boolean): Said {
  const { input, metadata } = objection.append;
  const { opId, shownTo } = metadata;
  const own = `that ${isOnly ? 'only ' : ''}op ${opId} holds`;
  switch (objection.kind) {
    case 'elsewhere': {
      const why = `${own}, and that one was shown at ${placeOf(objection.append)} to op ${shownTo}`;
      return { code: 'applied-twice', why, opIds: [opId, shownTo!] };
    }
    case 'condition': {
      const { matchSeqNum } = objection.append.input;
      const why = `${own}, and that one demanded match_seq_num ${matchSeqNum} and would begin at ${objection.start}`;
      return { code: 'match-seq-num', why, opIds: [opId] };
    }
    case 'cut': {
      const other = objection.operation?.metadata.opId;
      const beside = other === undefined ? 'for the others there is no place' : `op ${other} tells of others beside it`;
      const count = input.kind === 'append' ? input.recordHashes.length : 0;
      const why = `${own} as number ${objection.index} of its ${counted(count, 'record')}, and ${beside}`;
      return { code: 'partial-apply', why, opIds: other === undefined ? [opId] : [opId, other] };
    }
    case 'late': {
      const other = objection.operation.metadata.opId;
      const why = `${own}, and that one was called after op ${other} had told of ${counted(objection.reach, 'record')}`;
      return { code: 'seen-before-written', why, opIds: [opId, other] };
    }
    case 'turn': {
      const { operation } = objection;
      const why = `${own}, and op ${operation.metadata.opId}, of the same session, is at ${placeOf(operation)}: one is out of turn`;
      return { code: 'session-order', why, opIds: [opId, operation.metadata.opId] };
    }
    case 'over': {
      const other = objection.operation.metadata.opId;
      const why = `${own}, and that one had returned before op ${other} was called, which stands at ${objection.low}`;
      return { code: 'late-effect', why, opIds: [opId, other] };
    }
  }
}

function holds({ input }: StreamOperation, { hash, content }: Shown): boolean {
  if (input.kind !== 'append') return false;
  return input.recordHashes.some((own, i) => own === hash && !areOther(input.contentHashes?.[i], content));
}

/** By an append that was acknowledged elsewhere. */
function isWrittenToo(shown: Shown, { life }: Others): boolean {
  return life.some(
    (other) => isEffective(other) && other.output.kind !== 'append-indefinite-failure' && holds(other, shown),
  );
}

/** By nobody in doubt. */
function writtenOtherwise(shown: Shown, { life, all }: Others): Said {
  const { hash, by } = shown;
  const holdsBody = ({ input }: StreamOperation): boolean =>
    input.kind === 'append' && input.recordHashes.includes(hash);
  const written = life.filter((operation) => isEffective(operation) && operation.input.kind === 'append');
  const writer = written.find((operation) => holds(operation, shown));
  if (writer !== undefined) {
    const { opId } = writer.metadata;
    const why = `that op ${opId} holds, and that one was acknowledged at ${placeOf(writer)}`;
    return { code: 'applied-twice', why, opIds: [opId] };
  }
  const alike = written.filter(holdsBody).map(({ metadata }) => metadata.opId);
  if (alike.length > 0) {
    const why = `with another content than ${alike.map((opId) => `op ${opId}`).join(' and ')} gave to the same body`;
    return { code: 'wrong-content', why, opIds: alike };
  }
  const other = all.find(holdsBody);
  if (other === undefined)
    return { code: 'unexplained-records', why: 'that is in no append of the history', opIds: [] };
  const { opId } = other.metadata;
  if (isEffective(other)) return { code: 'unexplained-records', ...inAnotherLife(opId, by, all) };
  return { code: 'failed-append-visible', why: `of op ${opId}, which had no effect`, opIds: [opId] };
}

function inAnotherLife(
  opId: number,
  by: StreamOperation,
  all: readonly StreamOperation[],
): { why: string; opIds: readonly number[] } {
  const first = firstOfItsRead(by, all).metadata.opId;
  const why = `of op ${opId}, which is of another life`;
  if (first === by.metadata.opId) return { why, opIds: [opId] };
  return { why: `${why} than op ${first} was shown in the same session`, opIds: [opId, first] };
}

/** Of an append that is acknowledged, or counts as such. */
function placeOf({ input, output }: StreamOperation): string {
  const end = output.kind === 'append-acked' ? output.end : output.kind === 'append-success' ? output.tail : 0;
  return range(end - (input.kind === 'append' ? input.recordHashes.length : 0), end);
}
