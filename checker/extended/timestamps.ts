/**
 * What clients are told of timestamps: facts that never change, so no order of the operations matters to them.
 *
 * A record has one timestamp, timestamps never fall along a stream, and a read from a timestamp begins at the first
 * record at or after it that is not trimmed. Each fact bounds the timestamp of one position; whether all bounds can be
 * met together is seen in one pass along the stream. Where trims were asked for, a read from a timestamp becomes one
 * from the first position that is known to be late enough, and the model asks whether what it passes over may be gone.
 */

import { sortedBy } from '../sweep/order.ts';
import type { Violation } from '../sweep/violation.ts';
import type { StreamOperation } from './operations.ts';
import { type Bound, olderThan } from './stamps.ts';
import { boundsOf, claimOf } from './timed.ts';

type ToldBound = Bound & { opId: number };

/** The operations of one life, those that read from a timestamp made definite; or the first contradiction. */
export function resolveTimestamps(operations: readonly StreamOperation[]): readonly StreamOperation[] | Violation {
  const mayTrim = operations.some(({ input }) => input.kind === 'begin');
  const bounds = sortedBy(
    operations.flatMap((operation) => toldBy(operation, mayTrim)),
    ({ position }) => position,
  );
  const wrong = findContradiction(bounds);
  if (wrong !== null) return wrong;
  if (!mayTrim) return operations;
  // Timestamps ascend: the first position that is known to be late enough is found by the lows.
  // None is below 0, so the first record is late enough for a read from there.
  const known = [{ position: 0, low: 0 }, ...bounds.filter(({ low }) => low > 0)];
  return operations.map((operation): StreamOperation => {
    const { input, output } = operation;
    const claim = claimOf(input, output);
    if (claim === null || input.kind !== 'begin') return operation;
    const due = known.find(({ low, position }) => low >= claim.from && position < claim.start);
    if (due === undefined) return operation;
    return { ...operation, input: { ...input, from: { seqNum: due.position } } };
  });
}

function toldBy({ input, output, metadata: { opId } }: StreamOperation, mayTrim: boolean): ToldBound[] {
  const claim = mayTrim ? null : claimOf(input, output);
  const bounds = [...boundsOf(input, output), ...(claim === null ? [] : [olderThan(claim)])];
  return bounds.map((bound) => ({ ...bound, opId }));
}

/** By position: what some record before it must have at least, no later one may fall below. */
function findContradiction(bounds: readonly ToldBound[]): Violation | null {
  let least: ToldBound | null = null;
  for (let from = 0, to = 0; from < bounds.length; from = to) {
    const { position } = bounds[from]!;
    for (to = from; bounds[to]?.position === position; to++)
      if (bounds[to]!.low > (least?.low ?? 0)) least = bounds[to]!;
    for (let i = from; i < to; i++) {
      if (bounds[i]!.high < 0) return passedOverAll(bounds[i]!);
      if (position < 0 && bounds[i]!.low > 0) return ofNothing(bounds[i]!);
      if (least !== null && bounds[i]!.high < least.low) return contradiction(...byTwo(least, bounds[i]!, bounds));
    }
  }
  return null;
}

/** Where one operation contradicts itself, it may contradict another as well: then both are named. */
function byTwo(least: ToldBound, most: ToldBound, bounds: readonly ToldBound[]): [ToldBound, ToldBound] {
  if (least.opId !== most.opId) return [least, most];
  const others = bounds.filter(({ opId }) => opId !== least.opId);
  const less = others.find(({ position, high }) => position >= least.position && high < least.low);
  if (less !== undefined) return [least, less];
  const more = others.find(({ position, low }) => position <= most.position && low > most.high);
  return [more ?? least, most];
}

/** It read from timestamp 0, and nothing was gone. */
function passedOverAll({ position, opId }: ToldBound): Violation {
  return {
    code: 'wrong-timestamp',
    message: `No record is older than timestamp 0, but a read from there passed over record ${position} (op ${opId}).`,
    opIds: [opId],
  };
}

/** It was told tail 0 with another timestamp. */
function ofNothing({ low, opId }: ToldBound): Violation {
  return {
    code: 'wrong-timestamp',
    message: `A stream to which nothing was written has timestamp 0, but op ${opId} was told tail 0 with timestamp ${low}.`,
    opIds: [opId],
  };
}

function contradiction(least: ToldBound, most: ToldBound): Violation {
  const say = ({ position, low, high, opId }: ToldBound): string => {
    const value = low === high ? `${low}` : low === 0 ? `${high} at most` : `${low} at least`;
    return `record ${position} has timestamp ${value} for op ${opId}`;
  };
  const why = least.position === most.position ? 'A record has one timestamp' : 'Timestamps never fall';
  return {
    code: 'wrong-timestamp',
    message: `${why}, but ${say(least)} and ${say(most)}.`,
    opIds: [...new Set([most.opId, least.opId])],
  };
}
