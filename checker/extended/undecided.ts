/**
 * What is known where the general search was ended before it had tried everything: how far the furthest order came, which records
 * it leaves unexplained, and what stood in the way there. Nothing here changes a verdict.
 */

import type { Verdict } from '../sweep/sweep.ts';
import { counted, range } from '../sweep/violation.ts';
import type { SearchResult } from '../wgl/check-operations.ts';
import type { Model } from '../wgl/model.ts';
import type { ExtendedReturn } from './history.ts';
import { reachOf } from './observations.ts';
import type { StreamOperation } from './operations.ts';
import type { ExtendedState } from './state.ts';
import type { StreamCall } from './stream-call.ts';

const NAMED_MAX = 4;

type StreamModel = Model<ExtendedState, StreamCall, ExtendedReturn>;

/** `result` is that of the search on `operations`, with this budget. */
export function undecided(
  model: StreamModel,
  operations: readonly StreamOperation[],
  { partitions: [part], steps }: SearchResult<StreamCall, ExtendedReturn>,
  stepsMax: number,
): Verdict & { verdict: 'unknown' } {
  const isRequired = ({ input, output }: StreamOperation): boolean => !model.isOptional!(input, output);
  const order = (part?.partialLinearizations[0] ?? []).map((index) => operations[index]!);
  const stuck = (part?.stuck ?? []).map(({ operation, reason }) => ({ operation: operations[operation]!, reason }));
  const state = order.reduce((before, { input, output }) => {
    const step = model.step(before, input, output);
    return step.legal ? step.state : before;
  }, model.init());
  const required = operations.filter(isRequired).length;
  const inDoubt = operations.length - required - order.filter((operation) => !isRequired(operation)).length;
  const said = [
    `Not all orders could be tried. The furthest has ${order.filter(isRequired).length} of the ${required} answers and ` +
      `effects that need a place, and comes to ${model.describeState!(state)}.`,
    ...unexplained(stuck, state),
    ...waiting(stuck),
    ...(inDoubt === 0 ? [] : [`${counted(inDoubt, 'change')} of unknown outcome may yet come in between.`]),
    ...(steps < stepsMax
      ? [`What was tried (${counted(part?.configurations ?? 0, 'configuration')}) fills the memory.`]
      : []),
  ];
  return { verdict: 'unknown', reason: said.join(' '), steps, stepsMax };
}

interface Stuck {
  operation: StreamOperation;
  reason: string | null;
}

/** The records behind the furthest order that what could come next tells of. */
function unexplained(stuck: readonly Stuck[], { stream: { tail } }: ExtendedState): string[] {
  const told = stuck.reduce((most, { operation }) => Math.max(most, reachOf(operation.input, operation.output)), 0);
  return told > tail ? [`Nothing was found that explains the records at ${range(tail, told)}.`] : [];
}

/** Who could have come next, and why it did not fit there. */
function waiting(stuck: readonly Stuck[]): string[] {
  const reasons = new Map(stuck.map(({ operation, reason }) => [operation.metadata.opId, reason]));
  const named = [...reasons].slice(0, NAMED_MAX).map(([opId, reason]) => `op ${opId} (${reason ?? 'illegal'})`);
  if (named.length === 0) return [];
  const more = reasons.size > named.length ? ` and ${reasons.size - named.length} more` : '';
  return [`There waited ${named.join(', ')}${more}.`];
}
