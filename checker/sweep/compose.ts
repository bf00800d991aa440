/**
 * Puts the segments together: one filling each, from left to right, so that the whole log is legal.
 *
 * Depth first; a state in which the rest cannot be completed is remembered. With distinct record bodies every
 * segment has one filling and this is a single pass; equal bodies and fencing tokens are what it backtracks for.
 * Where the content is known, at the head of the log, `fill-known.ts` finds the way; the rest goes on from there.
 */

import type { Budget } from './budget.ts';
import type { Candidate } from './candidates.ts';
import type { KnownFiller } from './fill-known.ts';
import type { Filling, SegmentFillings } from './fillings.ts';
import type { LogState, Mark, Placement } from './log-state.ts';
import type { Hole, Segment } from './tiling.ts';
import { fillUnread } from './unread.ts';
import type { Violation } from './violation.ts';

export type Composition =
  /** Where each effective append of unknown outcome stands, from left to right. */
  | { kind: 'composed'; placements: readonly Placement[] }
  | { kind: 'impossible'; violation: Violation }
  /** The budget ended on this segment. */
  | { kind: 'unknown'; segment: Segment };

export interface Parts {
  /** Empty. */
  readonly log: LogState;
  readonly segments: readonly Segment[];
  readonly candidates: readonly Candidate[];
  /** For the first segment, if its content is known. */
  readonly known: KnownFiller | null;
  /** For every other segment that has holes and ends with a read. */
  readonly fillings: ReadonlyMap<Segment, SegmentFillings>;
  readonly explainHole: (hole: Hole) => Violation;
}

interface Frame {
  readonly mark: Mark;
  /** Number of the filling to try next. */
  next: number;
}

export function compose(parts: Parts, budget: Budget): Composition {
  const { log } = parts;
  const deadEnds = new Set<string>();
  const frames: Frame[] = [{ mark: log.mark(), next: 0 }];
  let starved: Segment | null = null;
  for (;;) {
    const segment = parts.segments[frames.length - 1];
    const frame = frames.at(-1);
    if (frame === undefined) break;
    if (segment === undefined) return { kind: 'composed', placements: log.placements };
    if (!budget.spend(1)) return { kind: 'unknown', segment };
    const isKnown = segment === parts.known?.segment;
    // The known content goes on from the way it laid last, which is what the log holds now.
    if (!isKnown) log.returnTo(frame.mark);
    const outcome = isKnown ? parts.known.layNext(log, budget) : tryNext(parts, log, segment, frame, budget);
    if (outcome === 'placed' && !isDeadEnd(deadEnds, frames.length, log, parts)) {
      frames.push({ mark: log.mark(), next: 0 });
    } else if (outcome === 'none' || outcome === 'unknown') {
      // Every way through the log passes here, so without a single filling nothing can be known.
      if (outcome === 'unknown' && frame.next <= 1) return { kind: 'unknown', segment };
      if (outcome === 'unknown') starved ??= segment;
      frames.pop();
      log.returnTo(frame.mark);
      if (segment.holes.length > 0) deadEnds.add(placeKey(frames.length, log, parts));
    }
  }
  if (starved !== null) return { kind: 'unknown', segment: starved };
  return { kind: 'impossible', violation: log.furthestRefusal! };
}

/** Takes the frame's next filling. `refused`: there was one, but it breaks a rule after what lies before it. */
function tryNext(
  { fillings, candidates, explainHole }: Parts,
  log: LogState,
  segment: Segment,
  frame: Frame,
  budget: Budget,
): 'placed' | 'refused' | 'none' | 'unknown' {
  const number = frame.next++;
  if (segment.holes.length > 0 && segment.endRead === null) {
    if (number > 0) return 'none';
    const answer = fillUnread(log, segment, candidates, budget, explainHole);
    return answer === 'filled' ? 'placed' : answer;
  }
  const filling = fillings.get(segment)?.get(number, budget) ?? (number === 0 ? [] : 'none');
  if (typeof filling === 'string') return filling;
  return layFilling(log, segment, filling) ? 'placed' : 'refused';
}

function layFilling(log: LogState, segment: Segment, filling: Filling): boolean {
  let next = 0;
  for (let i = 0; i < segment.items.length; i++) {
    const item = segment.items[i]!;
    if (item.kind === 'batch') {
      if (!log.passBatch(item.op)) return false;
    } else
      for (let laid = filling[next]; laid !== undefined && laid.position < item.end; laid = filling[++next])
        if (!log.place(laid.piece, laid.position)) return false;
  }
  return true;
}

function isDeadEnd(deadEnds: ReadonlySet<string>, depth: number, log: LogState, parts: Parts): boolean {
  return deadEnds.size > 0 && deadEnds.has(placeKey(depth, log, parts));
}

function placeKey(depth: number, log: LogState, { candidates }: Parts): string {
  return `${depth} ${log.key(candidates)}`;
}
