/**
 * The log laid out by position: acknowledged batches where their acks put them, holes in between, cut into segments
 * at every read that reports a hash. As far as the content is known record by record, the log is one segment.
 *
 * Promises that batches do not overlap, that no reported tail lies inside one, and that reads at one tail agree;
 * otherwise the answer is the violation. Holes end at every reported tail, since a batch never spans one. Each
 * segment starts at a known chain value: that of the read before it, or 0 at the head.
 */

import type { Content } from './content.ts';
import type { Proof } from './floors.ts';
import { lowOf, type Operation, type Operations } from './operations.ts';
import { sortedBy } from './order.ts';
import { claimOf, finishedBefore, nameOf, standsAt, violation } from './violation.ts';

type Item = { readonly kind: 'batch'; readonly op: Operation } | Hole;

/** Positions that no acknowledged append explains. `end` is exclusive. */
export interface Hole {
  readonly kind: 'hole';
  readonly start: number;
  readonly end: number;
}

export interface Segment {
  readonly index: number;
  readonly start: number;
  readonly end: number;
  /** True when the records of [start, end) are known one by one. */
  readonly isKnown: boolean;
  /** The read at `start`; null at the head of the stream, where the chain value is 0. */
  readonly startRead: Operation | null;
  /** A read at `end`; null for the last segment when nobody read up to the end. */
  readonly endRead: Operation | null;
  readonly items: readonly Item[];
  readonly holes: readonly Hole[];
}

export type Tiling =
  | { kind: 'tiling'; segments: readonly Segment[] }
  | { kind: 'impossible'; proof: Proof; overlaps: readonly Proof[] };

export function layTiles({ all }: Operations, content: Content): Tiling {
  const appends = all.filter((op) => op.outcome === 'success' && op.kind === 'append');
  // An ack below 0 convicts by itself (floors.ts), so it may stand anywhere here.
  const byTail = sortedBy(appends, (op) => op.tail);
  const batches = sortedBy(byTail, (op) => Math.max(0, lowOf(op)));
  const observers = sortedBy(
    all.filter((op) => op.outcome === 'success' && op.kind !== 'append'),
    (op) => op.tail,
  );
  const overlaps = findOverlaps(batches);
  const proof = earliest([...overlaps, findTear(batches, observers), content.proof, findDisagreement(observers)]);
  if (proof !== null) return { kind: 'impossible', proof, overlaps };
  return { kind: 'tiling', segments: cutSegments(layItems(batches, observers), observers, content.end) };
}

export function earliest(proofs: readonly (Proof | null)[]): Proof | null {
  let first: Proof | null = null;
  for (const proof of proofs) if (proof !== null && (first === null || proof.at < first.at)) first = proof;
  return first;
}

function findOverlaps(batches: readonly Operation[]): readonly Proof[] {
  const proofs: Proof[] = [];
  let reaching: Operation | undefined;
  for (let i = 0; i < batches.length; i++) {
    const batch = batches[i]!;
    if (reaching !== undefined && lowOf(batch) < reaching.tail) proofs.push(overlapOf(reaching, batch));
    if (reaching === undefined || batch.tail > reaching.tail) reaching = batch;
  }
  return proofs;
}

export function overlapOf(a: Operation, b: Operation): Proof {
  const [first, second] = a.returnedAt <= b.returnedAt ? [a, b] : [b, a];
  const sequential = first.returnedAt < second.calledAt;
  const message = sequential
    ? `${finishedBefore(first)} ${nameOf(second)} was called, yet that one ${standsAt(second)}, over the same positions: ` +
      'the first append is lost.'
    : `${claimOf(first)} and ${claimOf(second)}: the two batches claim the same positions.`;
  return {
    violation: violation(sequential ? 'lost-append' : 'overlapping-acks', message, [first, second]),
    at: Math.max(a.returnedAt, b.returnedAt),
  };
}

function findTear(batches: readonly Operation[], observers: readonly Operation[]): Proof | null {
  const proofs: Proof[] = [];
  let next = 0;
  for (let i = 0; i < observers.length; i++) {
    const observer = observers[i]!;
    while (next < batches.length && batches[next]!.tail <= observer.tail) next++;
    const batch = batches[next];
    if (batch === undefined || lowOf(batch) >= observer.tail) continue;
    proofs.push(tearOf(batch, observer));
  }
  return earliest(proofs);
}

function findDisagreement(observers: readonly Operation[]): Proof | null {
  const proofs: Proof[] = [];
  let previous: Operation | undefined;
  for (let i = 0; i < observers.length; i++) {
    const read = observers[i]!;
    if (read.kind !== 'read') continue;
    if (previous?.tail === read.tail && (previous.hashHi !== read.hashHi || previous.hashLo !== read.hashLo)) {
      proofs.push(disagreementOf(previous, read));
    } else if (previous?.tail !== read.tail) previous = read;
  }
  return earliest(proofs);
}

/** An observer's tail lies inside a batch. */
export function tearOf(batch: Operation, observer: Operation): Proof {
  const message = `${claimOf(batch)} as one batch, yet ${claimOf(observer)}, which lies inside it: batches are appended whole.`;
  const at = Math.max(batch.returnedAt, observer.returnedAt);
  return { violation: violation('torn-batch', message, [observer, batch]), at };
}

/** Two reads up to one tail with two hashes. */
export function disagreementOf(first: Operation, read: Operation): Proof {
  const message = `${nameOf(first)} and ${nameOf(read)} both read up to tail ${read.tail}, but with different content.`;
  const at = Math.max(first.returnedAt, read.returnedAt);
  return { violation: violation('contradictory-reads', message, [read, first]), at };
}

function layItems(batches: readonly Operation[], observers: readonly Operation[]): Item[] {
  const items: Item[] = [];
  let at = 0;
  let next = 0;
  const coverUpTo = (end: number): void => {
    while (at < end) {
      while (next < observers.length && observers[next]!.tail <= at) next++;
      const cut = Math.min(end, observers[next]?.tail ?? end);
      items.push({ kind: 'hole', start: at, end: cut });
      at = cut;
    }
  };
  for (let i = 0; i < batches.length; i++) {
    const op = batches[i]!;
    coverUpTo(lowOf(op));
    items.push({ kind: 'batch', op });
    at = op.tail;
  }
  coverUpTo(observers.at(-1)?.tail ?? 0);
  return items;
}

const NO_HOLES: readonly Hole[] = [];

function cutSegments(items: readonly Item[], observers: readonly Operation[], known: number): Segment[] {
  const segments: Segment[] = [];
  let next = 0;
  let start = 0;
  let startRead: Operation | null = null;
  const take = (end: number, endRead: Operation | null): void => {
    const from = next;
    while (next < items.length && endOf(items[next]!) <= end) next++;
    const taken = items.slice(from, next);
    const holes = taken.some((item) => item.kind === 'hole') ? taken.filter((item) => item.kind === 'hole') : NO_HOLES;
    const isKnown = end <= known;
    segments.push({ index: segments.length, start, end, isKnown, startRead, endRead, items: taken, holes });
    start = end;
    startRead = endRead;
  };
  for (let i = 0; i < observers.length; i++) {
    const read = observers[i]!;
    if (read.kind === 'read' && read.tail > start && read.tail >= known) take(read.tail, read);
  }
  const last = items.at(-1);
  if (last !== undefined && endOf(last) > start) take(endOf(last), null);
  return segments;
}

function endOf(item: Item): number {
  return item.kind === 'batch' ? item.op.tail : item.end;
}
