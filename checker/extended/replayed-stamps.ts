/**
 * The timestamps of one life for the independent judge of orders: what was told, in the order it was told, and at the end
 * whether some timestamps make all of it true.
 *
 * The least that everything told allows are tried: where these fail all others do, since whatever else is asked of a timestamp
 * is that it be small. What a read passed over though it is not older was gone, and nothing behind the read was told before that
 * can have been.
 */

import { firstAbove } from '../sweep/order.ts';
import type { ExtendedReturn } from './history.ts';
import type { StreamCall } from './stream-call.ts';

type Fact =
  | { kind: 'is'; position: number; stamp: number }
  | { kind: 'at-least'; position: number; stamp: number }
  /** A read from `from` began there, perhaps only because everything before was gone, which it can be since `goneSince` (or never). */
  | { kind: 'began'; start: number; from: number; goneSince: number | null }
  /** Something was told, no later than that. */
  | { kind: 'told'; returnedMs: number }
  /** A read began there: nothing from there on was gone. */
  | { kind: 'there'; start: number };

export class ReplayedStamps {
  readonly #facts: Fact[] = [];
  /** Whoever found nothing written was told timestamp 0. */
  #isTrueOfNothing = true;

  pass(returnedMs: number): void {
    this.#facts.push({ kind: 'told', returnedMs });
  }

  /** `goneSince`: when everything before a position can have gone at the earliest. */
  note(call: StreamCall, answer: ExtendedReturn, goneSince: (start: number) => number | null): void {
    const tail =
      'tail' in answer ? answer.tail : 'actual' in answer && 'tail' in answer.actual ? answer.actual.tail : null;
    // A tail beyond the batch is a moment of its own.
    const isOwnTail = answer.kind !== 'append-acked' || answer.tail === answer.end;
    if (call.tailTimestamp !== undefined && tail !== null && isOwnTail)
      if (tail > 0) this.#facts.push({ kind: 'is', position: tail - 1, stamp: call.tailTimestamp });
      else this.#isTrueOfNothing &&= call.tailTimestamp === 0;
    if (answer.kind === 'append-acked' && answer.timestamps !== undefined) {
      this.#facts.push({ kind: 'is', position: answer.start, stamp: answer.timestamps[0] });
      this.#facts.push({ kind: 'is', position: answer.end - 1, stamp: answer.timestamps[1] });
    }
    if (call.kind !== 'begin' && answer.kind === 'read-part-success')
      for (const [i, stamp] of (answer.timestamps ?? []).entries())
        this.#facts.push({ kind: 'is', position: answer.start + i, stamp });
    if (call.kind === 'begin' || call.kind === 'read-part') this.#began(call, answer, goneSince);
  }

  /** When the last that went was gone at the earliest; null when no timestamps are as everybody was told. */
  settle(): number | null {
    if (!this.#isTrueOfNothing) return null;
    const least = this.#least();
    let goneBelow = 0;
    let nowMs = Number.NEGATIVE_INFINITY;
    for (const fact of this.#facts) {
      if (fact.kind === 'is' && least(fact.position) !== fact.stamp) return null;
      if (fact.kind === 'there' && fact.start < goneBelow) return null;
      if (fact.kind === 'told' && fact.returnedMs < nowMs) return null;
      if (fact.kind !== 'began' || least(fact.start - 1) < fact.from) continue;
      if (fact.goneSince === null) return null;
      goneBelow = Math.max(goneBelow, fact.start);
      nowMs = Math.max(nowMs, fact.goneSince);
    }
    return nowMs;
  }

  #began(
    call: StreamCall & { kind: 'begin' | 'read-part' },
    answer: ExtendedReturn,
    goneSince: (start: number) => number | null,
  ): void {
    const isPart = answer.kind === 'read-part-success';
    if (!isPart && answer.kind !== 'read-unwritten') return;
    const start = isPart ? answer.start : answer.tail;
    if (isPart && (call.kind === 'begin' || call.isGathered !== true)) this.#facts.push({ kind: 'there', start });
    if (!('timestamp' in call.from)) return;
    const { timestamp: from } = call.from;
    if (isPart && answer.recordHashes.length > 0) this.#facts.push({ kind: 'at-least', position: start, stamp: from });
    if (start > 0) this.#facts.push({ kind: 'began', start, from, goneSince: goneSince(start) });
  }

  /** By position: the greatest that is known of it or of one before. */
  #least(): (position: number) => number {
    const known = this.#facts
      .flatMap((fact) => (fact.kind === 'is' || fact.kind === 'at-least' ? [fact] : []))
      .sort((a, b) => a.position - b.position);
    let most = 0;
    const upTo = known.map(({ stamp }) => (most = Math.max(most, stamp)));
    return (position) => upTo[firstAbove(known, (fact) => fact.position, position) - 1] ?? 0;
  }
}
