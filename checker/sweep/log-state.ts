/**
 * The log while it is being put together from left to right: which appends have been used, and the token in force.
 *
 * Holds what couples segments: every append is used once, fencing tokens are those in force, and an append that
 * returned early does not follow one called after its return. A step that would break a rule is refused and nothing
 * changes; the refusal that came furthest to the right is remembered, because it says best why nothing fits.
 */

import type { Candidate } from './candidates.ts';
import { lowOf, type Operation } from './operations.ts';
import { inForce, wrongToken } from './frontier.ts';
import { claimOf, nameOf, range, type Violation, violation } from './violation.ts';

export interface Placement {
  readonly op: Operation;
  readonly position: number;
}

/** A point to go back to. */
export interface Mark {
  readonly placed: number;
  readonly token: string | null;
  readonly tokenOp: Operation | null;
  readonly latestCall: Operation | null;
}

interface Refusal {
  readonly position: number;
  readonly violation: Violation;
}

export class LogState {
  readonly #placements: Placement[] = [];
  readonly #placedCandidates: Candidate[] = [];
  /** By candidate index: how many members are used, earliest called first. */
  readonly #used: number[] = [];
  #token: string | null;
  #tokenOp: Operation | null = null;
  /** The placed append of unknown outcome that was called last. */
  #latestCall: Operation | null = null;
  #furthest: Refusal | null = null;
  readonly #provedBy: (position: number) => Operation;
  #mark: Mark = { placed: -1, token: null, tokenOp: null, latestCall: null };

  /** `provedBy`: the first operation to prove that the log reached a position. */
  constructor(initialToken: string | null, provedBy: (position: number) => Operation) {
    this.#token = initialToken;
    this.#provedBy = provedBy;
  }

  get placements(): readonly Placement[] {
    return this.#placements;
  }

  /** Why the attempt that came furthest to the right went no further; null while nothing was refused. */
  get furthestRefusal(): Violation | null {
    return this.#furthest?.violation ?? null;
  }

  usedOf(candidate: Candidate): number {
    return this.#used[candidate.index] ?? 0;
  }

  mark(): Mark {
    const { length: placed } = this.#placements;
    const { token, tokenOp, latestCall } = this.#mark;
    // Most stretches of a log change nothing here, and there are many marks.
    if (
      this.#mark.placed === placed &&
      token === this.#token &&
      tokenOp === this.#tokenOp &&
      latestCall === this.#latestCall
    )
      return this.#mark;
    this.#mark = { placed, token: this.#token, tokenOp: this.#tokenOp, latestCall: this.#latestCall };
    return this.#mark;
  }

  returnTo(mark: Mark): void {
    while (this.#placements.length > mark.placed) {
      this.#placements.pop();
      this.#used[this.#placedCandidates.pop()!.index]!--;
    }
    this.#token = mark.token;
    this.#tokenOp = mark.tokenOp;
    this.#latestCall = mark.latestCall;
  }

  /** Passes an acknowledged append. */
  passBatch(op: Operation): boolean {
    if (!this.#holdsToken(op, lowOf(op))) return false;
    this.#setToken(op);
    return true;
  }

  /** Puts the next member of a candidate at a position. */
  place(candidate: Candidate, position: number): boolean {
    const used = this.usedOf(candidate);
    const op = candidate.members[used];
    if (op === undefined) return this.refuse(position, () => this.#explainUsedUp(candidate, position));
    if (op.floor > position) return this.refuse(position, () => explainTooEarly(op, position));
    if (!this.#holdsToken(op, position)) return false;
    const latest = this.#latestCall;
    if (candidate.hasReturned && latest !== null && latest.calledAt > op.returnedAt)
      return this.refuse(position, () => explainLate(op, latest, position));
    this.#used[candidate.index] = used + 1;
    this.#placements.push({ op, position });
    this.#placedCandidates.push(candidate);
    if (latest === null || op.calledAt > latest.calledAt) this.#latestCall = op;
    this.#setToken(op);
    return true;
  }

  /** Notes why nothing fits here. Always false. */
  refuse(position: number, explain: () => Violation): false {
    // Explained at once: the sentence speaks of the state as it is now.
    if (this.#furthest === null || position > this.#furthest.position)
      this.#furthest = { position, violation: explain() };
    return false;
  }

  /** Everything about this state that makes a difference further to the right (the latest call follows from it). */
  key(candidates: readonly Candidate[]): string {
    const used = candidates.map((candidate) => this.usedOf(candidate)).join();
    return `${JSON.stringify(this.#token)} ${used}`;
  }

  #holdsToken(op: Operation, position: number): boolean {
    if (op.fencingToken === null || op.fencingToken === this.#token) return true;
    return this.refuse(position, () => this.#explainToken(op, position));
  }

  #setToken(op: Operation): void {
    if (op.setFencingToken === null) return;
    this.#token = op.setFencingToken;
    this.#tokenOp = op;
  }

  #explainToken(op: Operation, position: number): Violation {
    if (op.outcome === 'success') return wrongToken(op, this.#token, this.#tokenOp);
    const end = position + op.recordCount;
    const proof = this.#provedBy(end);
    const message =
      `${claimOf(proof)}, so there are records at ${range(position, end)}. Had ${nameOf(op)} written them, it would have done ` +
      `so with fencing token ${JSON.stringify(op.fencingToken)}, where ${inForce(this.#token, this.#tokenOp)}.`;
    return violation('fencing-token', message, [op, proof, this.#tokenOp]);
  }

  #explainUsedUp(candidate: Candidate, position: number): Violation {
    const op = candidate.members.at(-1)!;
    const place = this.#placements.findLast((placement) => candidate.members.includes(placement.op))!;
    const places = `${range(place.position, place.position + op.recordCount)} and ${range(position, position + op.recordCount)}`;
    return violation('applied-twice', `The records of ${nameOf(op)} are in the stream at ${places}.`, [op, place.op]);
  }
}

function explainTooEarly(op: Operation, position: number): Violation {
  const message =
    `Only ${nameOf(op)} could have written the records at ${range(position, position + op.recordCount)}, but it was ` +
    `called after ${claimOf(op.floorOp!)}.`;
  return violation('seen-before-written', message, [op, op.floorOp]);
}

function explainLate(op: Operation, later: Operation, position: number): Violation {
  const message =
    `${nameOf(op)} had returned before ${nameOf(later)} was called, yet its records are behind those of that append, ` +
    `at ${range(position, position + op.recordCount)}.`;
  return violation('late-effect', message, [op, later]);
}
