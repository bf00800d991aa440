/**
 * Sentences about holes and contents: who saw the records, and why nobody can have written them.
 */

import type { Candidate } from './candidates.ts';
import { ChainHash } from '../chain-hash.ts';
import { firstToProve, type Floors } from './floors.ts';
import { type Fragment, type Identification, isCut } from './identify.ts';
import type { Operation, Operations } from './operations.ts';
import type { Hole, Segment } from './tiling.ts';
import type { Laid } from './two-ended.ts';
import { claimOf, nameOf, range, standsAt, type Violation, violation } from './violation.ts';

export interface Evidence {
  readonly operations: Operations;
  readonly floors: Floors;
  readonly candidates: readonly Candidate[];
}

// So many candidates are refuted one by one in a sentence; the rest are counted.
const REASONS_MAX = 3;

/** All batches below a read are known, but their chain hash is not the read's. */
export function explainContent({ operations }: Evidence, segments: readonly Segment[], segment: Segment): Violation {
  const read = segment.endRead!;
  const batches = segment.items.flatMap((item) => (item.kind === 'batch' ? [item.op] : []));
  const shown = batches.length <= 2 ? batches : [batches[0]!, batches.at(-1)!];
  const writers = shown.map(nameOf).join(batches.length <= 2 ? ' and ' : ` and ${batches.length - 2} more up to `);
  const before =
    segment.startRead === null
      ? ''
      : ` Below tail ${segment.start}, ${nameOf(segment.startRead)} agrees with what was acknowledged.`;
  const after = readAloneIsWrong(operations, segments, segment)
    ? ' The next read agrees again, so this read alone is wrong.'
    : '';
  const message =
    `${nameOf(read)} reported tail ${read.tail}, but at ${range(segment.start, segment.end)} not the content of ` +
    `${writers}, which ${batches.length === 1 ? 'is' : 'are'} there.${before}${after}`;
  return violation('wrong-content', message, [read, ...shown, segment.startRead]);
}

/** Nothing that may stand there fills the hole. */
export function explainHole({ floors, candidates }: Evidence, hole: Hole, identical = false): Violation {
  const observer = firstToProve(floors, hole.end);
  const reasons = candidates
    .toReversed()
    .map((candidate) => ({ op: candidate.members[0]!, reason: reasonAgainst(candidate, hole) }))
    .sort((a, b) => Number(a.reason.distant) - Number(b.reason.distant));
  const shown = reasons.slice(0, REASONS_MAX).map(({ op, reason }) => `${nameOf(op)} ${reason.text}`);
  const more = reasons.length > shown.length ? ` (and ${reasons.length - shown.length} more)` : '';
  const against =
    reasons.length === 0
      ? 'and no append of unknown outcome could have written them'
      : `and the appends of unknown outcome do not explain them: ${shown.join('; ')}${more}`;
  const message =
    `${claimOf(observer)}, so there are records at ${range(hole.start, hole.end)}; ` +
    `but no acknowledged append is there, ${against}.${identical ? ' No combination of them gives the content that was read.' : ''}`;
  const close = reasons.filter(({ reason }) => !reason.distant).slice(0, 3);
  return violation('unexplained-records', message, [observer, ...close.map(({ op }) => op)]);
}

/** The hole's content was recognised, and it may not be there. */
export function explainIdentified(evidence: Evidence, segment: Segment, identification: Identification): Violation {
  const faults = identification
    .map((laid) => faultOf(evidence, segment.endRead!, laid))
    .filter((fault) => fault !== null);
  return faults[0] ?? explainRepetition(segment, identification) ?? explainHole(evidence, segment.holes[0]!, true);
}

function explainRepetition(segment: Segment, identification: Identification): Violation | null {
  const repeated = identification.find(({ piece }, at) =>
    identification.some((other, i) => i < at && other.piece.op === piece.op),
  );
  if (repeated === undefined) return null;
  const { op } = repeated.piece;
  const places = identification
    .filter(({ piece }) => piece.op === op)
    .map((laid) => range(laid.position, laid.position + op.recordCount));
  const read = segment.endRead!;
  const message = `${nameOf(read)} found the records of ${nameOf(op)} at ${places.join(' and at ')}.`;
  return violation('applied-twice', message, [op, read]);
}

/** Why these records may not be where `read` found them; null when nothing but what lies around them forbids it. */
export function faultOf(
  { floors, candidates }: Evidence,
  read: Operation,
  { piece, position }: Laid<Fragment>,
): Violation | null {
  const { op } = piece;
  const where = range(position, position + piece.recordCount);
  const seen = `${nameOf(read)} found at ${where}`;
  if (isCut(piece)) {
    const message = `${seen} only the first ${piece.recordCount} of the ${op.recordCount} records of ${nameOf(op)}: batches are appended whole.`;
    return violation('partial-apply', message, [op, read]);
  }
  if (op.outcome === 'success') {
    const message = `${seen} the records of ${nameOf(op)} again, which ${standsAt(op)}.`;
    return violation('applied-twice', message, [op, read]);
  }
  if (op.outcome === 'void') {
    const message = `${seen} the records of ${nameOf(op)}, which had definitely failed.`;
    return violation('failed-append-visible', message, [op, read]);
  }
  if (op.floor > position) {
    const early = firstToProve(floors, position + op.recordCount);
    const proof = early.returnedAt < op.calledAt ? early : op.floorOp!;
    const message = `${seen} the records of ${nameOf(op)}, but that append was called only after ${claimOf(proof)}.`;
    return violation('seen-before-written', message, [op, proof, read]);
  }
  if (op.matchSeqNum !== null && op.matchSeqNum !== position) {
    const message = `${seen} the records of ${nameOf(op)}, which demanded match_seq_num ${op.matchSeqNum}.`;
    return violation('match-seq-num', message, [op, read]);
  }
  const candidate = candidates.find(({ members }) => members.includes(op))!;
  if (position + op.recordCount > candidate.ceiling) {
    const message = `${seen} the records of ${nameOf(op)}, which had returned before an operation that stands below them was called.`;
    return violation('late-effect', message, [op, read]);
  }
  return null;
}

/** `distant`: it could not stand in the hole for a reason that says little, so others are named before it. */
function reasonAgainst(candidate: Candidate, hole: Hole): { text: string; distant: boolean } {
  const op = candidate.members[0]!;
  if (op.floor > hole.end - op.recordCount && op.floorOp !== null && op.floor >= hole.end)
    return { text: `was called after ${claimOf(op.floorOp)}`, distant: true };
  if (op.recordCount > hole.end - hole.start) return { text: 'is longer than the gap', distant: true };
  if (op.floor > hole.end - op.recordCount && op.floorOp !== null)
    return { text: `was called after ${claimOf(op.floorOp)}`, distant: false };
  const match = candidate.matchSeqNum;
  if (match !== null && (match < hole.start || match > hole.end - op.recordCount))
    return { text: `demands match_seq_num ${match}`, distant: false };
  if (hole.start + op.recordCount > candidate.ceiling)
    return { text: 'had returned before operations below were called', distant: false };
  return { text: 'does not fill it', distant: false };
}

function readAloneIsWrong(operations: Operations, segments: readonly Segment[], segment: Segment): boolean {
  const next = segments[segment.index + 1];
  if (next === undefined || next.endRead === null || next.holes.length > 0) return false;
  const chain = foldBatches(operations, segment, new ChainHash(segment.startRead?.hashHi, segment.startRead?.hashLo));
  foldBatches(operations, next, chain);
  return chain.hi === next.endRead.hashHi && chain.lo === next.endRead.hashLo;
}

/** Moves a chain value over the acknowledged batches of a segment. */
export function foldBatches({ hi, lo }: Operations, segment: Segment, chain: ChainHash): ChainHash {
  for (const item of segment.items)
    if (item.kind === 'batch') {
      const op: Operation = item.op;
      chain.appendRange(hi, lo, op.recordStart, op.recordStart + op.recordCount);
    }
  return chain;
}
