/**
 * Judges extended histories: the tail sweep on all that it knows, the rest on top.
 *
 * An answer that tells the tail is a check-tail, whatever else it says, so the sweep judges it as one; what it convicts
 * is convicted. If it finds an order, everything else (tokens told by rejections, contents of parts) is inserted into
 * that order, each at the first place that real time and the answer allow. Where one finds no place although another
 * filling of the holes could have had one, the general search decides with a budget.
 */

import type { Call, History, HistoryEvent, Return } from '../history.ts';
import { checkStream, type StreamCheckOptions, type Verdict } from '../sweep/sweep.ts';
import type { Violation } from '../sweep/violation.ts';
import { operationsOf } from '../wgl/check-events.ts';
import { checkOperations } from '../wgl/check-operations.ts';
import type { Operation } from '../wgl/model.ts';
import type { ExtendedCall, ExtendedHistory, ExtendedReturn } from './history.ts';
import { extendedStreamModel, type ExtendedState } from './model.ts';
import { findWrongTimestamp } from './timestamps.ts';

type ExtendedOperation = Operation<ExtendedCall, ExtendedReturn>;

const SEARCH_STEPS_MAX = 2_000_000;

/** Throws `MalformedHistory`. */
export function checkExtendedStream(history: ExtendedHistory, options: StreamCheckOptions = {}): Verdict {
  const model = extendedStreamModel(options);
  const events = history.map((event) =>
    event.type === 'call'
      ? { kind: 'call' as const, clientId: event.clientId, id: event.opId, value: event.call, metadata: event.opId }
      : { kind: 'return' as const, clientId: event.clientId, id: event.opId, value: event.return },
  );
  const operations = operationsOf(model, events);
  const wrong = findWrongTimestamp(history);
  if (wrong !== null) return { verdict: 'illegal', violation: wrong };
  const swept = checkStream(plainHistory(history), options);
  if (swept.verdict === 'illegal') return { ...swept, violation: inItsWords(swept.violation, history) };
  if (swept.verdict === 'unknown') return swept;
  const order = inserted(model, operations, swept.linearization);
  if (order !== null) return { ...swept, operations: operations.length, linearization: order };
  const searched = checkOperations(model, operations, { stepsMax: options.stepsMax ?? SEARCH_STEPS_MAX });
  const [part] = searched.partitions;
  if (part === undefined || searched.verdict === 'unknown')
    return {
      verdict: 'unknown',
      reason: 'No order was found in which every part read and every reason fits.',
      steps: searched.steps,
    };
  const opIdOf = (index: number): number => part.operations[index]!.metadata as number;
  if (searched.verdict === 'illegal') {
    const guilty = part.stuck.slice(0, 4);
    const message = guilty
      .map(({ operation, reason }) => `Op ${opIdOf(operation)} fits nowhere: ${reason ?? 'its answer is wrong'}.`)
      .join(' ');
    return {
      verdict: 'illegal',
      violation: { code: 'answer-without-place', message, opIds: guilty.map(({ operation }) => opIdOf(operation)) },
    };
  }
  const [linearization = []] = part.partialLinearizations;
  const placed = new Set(linearization);
  return {
    verdict: 'ok',
    operations: operations.length,
    linearization: linearization.map(opIdOf),
    withoutEffect: operations.flatMap((_, index) => (placed.has(index) ? [] : [opIdOf(index)])),
  };
}

/** The sweep calls everything that told the tail a check-tail; people should read what it was. */
function inItsWords(violation: Violation, history: ExtendedHistory): Violation {
  const names = new Map<number, string>();
  for (const event of history)
    if (event.type === 'call' && event.call.kind === 'append') names.set(event.opId, 'rejected append');
    else if (event.type === 'call' && event.call.kind === 'read-part') names.set(event.opId, 'read of a part');
  const message = violation.message.replaceAll(/check-tail \(op (\d+)\)/g, (whole, opId: string) => {
    const name = names.get(Number(opId));
    return name === undefined ? whole : `${name} (op ${opId})`;
  });
  return { ...violation, message };
}

/** As the sweep knows it: what told the tail is a check-tail, any other answer of ours says nothing. */
function plainHistory(history: ExtendedHistory): History {
  const asCheckTail = new Set<number>();
  for (const event of history)
    if (
      event.type === 'return' &&
      (event.return.kind === 'read-part-success' || event.return.kind === 'read-unwritten' || tellsTail(event.return))
    )
      asCheckTail.add(event.opId);
  return history.map((event): HistoryEvent => {
    const { clientId, opId } = event;
    if (event.type === 'return') return { type: 'return', clientId, opId, return: plainReturn(event.return) };
    const isObserver = asCheckTail.has(opId) || event.call.kind === 'read-part';
    const call: Call = isObserver ? { kind: 'check-tail' } : (event.call as Call);
    return { type: 'call', clientId, opId, call };
  });
}

function tellsTail(outcome: ExtendedReturn): boolean {
  return outcome.kind === 'append-rejected' && 'tail' in outcome.actual;
}

function plainReturn(outcome: ExtendedReturn): Return {
  switch (outcome.kind) {
    case 'append-rejected':
      return 'tail' in outcome.actual
        ? { kind: 'check-tail-success', tail: outcome.actual.tail }
        : { kind: 'append-definite-failure' };
    case 'read-part-success':
      return outcome.tail === null
        ? { kind: 'check-tail-failure' }
        : { kind: 'check-tail-success', tail: outcome.tail };
    case 'read-unwritten':
      return { kind: 'check-tail-success', tail: outcome.tail };
    default:
      return outcome;
  }
}

/**
 * Goes the order of the sweep with the extended model; what changes nothing is taken out and put in again, earliest
 * return first, at the first place where it is legal. Null when something finds none.
 */
function inserted(
  model: ReturnType<typeof extendedStreamModel>,
  operations: readonly ExtendedOperation[],
  order: readonly number[],
): number[] | null {
  const byId = new Map(operations.map((operation) => [operation.metadata as number, operation]));
  const backbone = order
    .map((opId) => byId.get(opId)!)
    .filter((operation) => !model.isReadOnly!(operation.input, operation.output));
  const states: ExtendedState[] = [model.init()];
  for (const { input, output } of backbone) {
    const step = model.step(states.at(-1)!, input, output);
    if (!step.legal) return null;
    states.push(step.state);
  }
  const placed: { operation: ExtendedOperation; slot: number }[] = [];
  const observers = operations
    .filter(({ input, output }) => model.isReadOnly!(input, output))
    .toSorted((a, b) => a.return - b.return);
  for (const operation of observers) {
    let slot = 0;
    for (const [index, other] of backbone.entries()) if (other.return < operation.call) slot = index + 1;
    for (const other of placed) if (other.operation.return < operation.call) slot = Math.max(slot, other.slot);
    const late = backbone.findIndex((other) => other.call > operation.return);
    const last = late === -1 ? backbone.length : late;
    while (slot <= last && !model.step(states[slot]!, operation.input, operation.output).legal) slot++;
    if (slot > last) return null;
    placed.push({ operation, slot });
  }
  // At one place those called first come first: whatever returned before a call was called before it too.
  placed.sort((a, b) => a.slot - b.slot || a.operation.call - b.operation.call);
  const linearization: number[] = [];
  let next = 0;
  for (let slot = 0; slot <= backbone.length; slot++) {
    for (; placed[next]?.slot === slot; next++) linearization.push(placed[next]!.operation.metadata as number);
    if (slot < backbone.length) linearization.push(backbone[slot]!.metadata as number);
  }
  return linearization;
}
