/**
 * The operations of one life as the sweep knows them: appends, reads of the whole, and check-tails, as which everything
 * counts that told the tail. What says less is left out; it is inserted into the order afterwards.
 */

import { type Operation, type Operations, OperationsBuilder } from '../sweep/operations.ts';
import { type StreamCheckOptions, sweepOperations, type Verdict } from '../sweep/sweep.ts';
import { counted, range, type Violation } from '../sweep/violation.ts';
import { toldRecords } from './contents.ts';
import type { StreamOperation } from './operations.ts';

/** `told`: of all lives, for what was told with an answer is named by it. */
export function sweptLife(
  life: readonly StreamOperation[],
  told: readonly StreamOperation[],
  options: StreamCheckOptions,
): Verdict {
  const swept = sweepOperations(plainOperations(life), options);
  if (swept.verdict !== 'illegal') return swept;
  const applied = appliedInPart(swept.violation, life);
  return { ...swept, violation: applied ?? inItsWords(swept.violation, told) };
}

function plainOperations(operations: readonly StreamOperation[]): Operations {
  const builder = new OperationsBuilder();
  const open = new Map<StreamOperation, Operation>();
  for (const { operation, isCall } of momentsOf(operations)) {
    if (isCall) {
      const begun = beginningOf(operation, builder);
      if (begun !== null) open.set(operation, begun);
      continue;
    }
    const begun = open.get(operation);
    if (begun !== undefined) end(operation, begun, builder);
  }
  return builder.finish();
}

/** It is an append and changed the stream, if it is in the order at all. */
export function isEffective({ output }: StreamOperation): boolean {
  const { kind } = output;
  return kind === 'append-success' || kind === 'append-acked' || kind === 'append-indefinite-failure';
}

/** Calls and returns in time order, calls first at equal stamps; what never returns has only a call. */
function momentsOf(operations: readonly StreamOperation[]): { operation: StreamOperation; isCall: boolean }[] {
  const moments = operations.flatMap((operation) => [
    { at: operation.call, operation, isCall: true },
    ...(operation.return === Number.POSITIVE_INFINITY ? [] : [{ at: operation.return, operation, isCall: false }]),
  ]);
  return moments.sort((a, b) => a.at - b.at || Number(b.isCall) - Number(a.isCall));
}

function beginningOf(operation: StreamOperation, builder: OperationsBuilder): Operation | null {
  const { clientId, input, metadata } = operation;
  if (isEffective(operation) && input.kind === 'append') {
    const start = builder.records.count;
    builder.records.add(input.recordHashes);
    return builder.append(metadata.id, clientId, start, input);
  }
  if (operation.output.kind === 'read-success') return builder.observe(metadata.id, clientId, 'read');
  return toldTail(operation) === null ? null : builder.observe(metadata.id, clientId, 'check-tail');
}

function end(operation: StreamOperation, begun: Operation, builder: OperationsBuilder): void {
  const { output, metadata } = operation;
  begun.shownTo = metadata.shownTo ?? null;
  if (output.kind === 'read-success' || output.kind === 'append-success' || output.kind === 'append-indefinite-failure')
    builder.return(begun, output);
  else if (output.kind === 'append-acked') builder.succeed(begun, output.end, 0, 0);
  else builder.succeed(begun, toldTail(operation)!, 0, 0);
}

function toldTail({ output }: StreamOperation): number | null {
  if (output.kind === 'append-rejected') return 'tail' in output.actual ? output.actual.tail : null;
  const tells =
    output.kind === 'check-tail-success' || output.kind === 'read-unwritten' || output.kind === 'read-part-success';
  return tells ? output.tail : null;
}

/**
 * An append that alone can have written a record that was shown, and whose batch the tail cuts behind it: to the sweep that is a whole
 * batch, torn. Where nobody was shown the rest, it was only ever there in part.
 */
function appliedInPart({ code, opIds }: Violation, life: readonly StreamOperation[]): Violation | null {
  const [observer, batch] = opIds.map((id) => life.find(({ metadata }) => metadata.id === id));
  const by = batch?.metadata.shownTo;
  const whole = batch === undefined ? null : toldRecords(batch);
  const tail = observer === undefined ? null : toldTail(observer);
  if (code !== 'torn-batch' || batch === undefined || by === undefined || whole === null || tail === null) return null;
  const end = whole.start + whole.hashes.length;
  const readers = life.filter(({ input }) => input.kind !== 'append');
  const isShown = (position: number): boolean =>
    readers
      .flatMap((reader) => toldRecords(reader) ?? [])
      .some(({ start, hashes }) => start <= position && position < start + hashes.length);
  for (let position = tail; position < end; position++) if (isShown(position)) return null;
  const [appender, teller] = [batch.metadata.opId, observer!.metadata.opId];
  const told = by === teller ? 'and told' : `yet op ${teller} was told`;
  return {
    code: 'partial-apply',
    message:
      `Op ${by} was shown some of the ${counted(whole.hashes.length, 'record')} of op ${appender}, at ${range(whole.start, end)}, ` +
      `${told} that the tail is ${tail}: batches are appended whole.`,
    opIds: [...new Set([appender, by, teller])],
  };
}

/** The sweep calls everything that told the tail a check-tail; people should read what it was. */
function inItsWords(violation: Violation, operations: readonly StreamOperation[]): Violation {
  const named = new Map<number, { name: string; opId: number }>();
  for (const { input, metadata } of operations) {
    const { id, opId } = metadata;
    if (id !== opId) named.set(id, { name: 'acknowledgement', opId });
    else if (input.kind === 'append') named.set(id, { name: 'rejected append', opId });
    else if (input.kind === 'read-part') named.set(id, { name: 'read of a part', opId });
  }
  const message = violation.message.replaceAll(/check-tail \(op (-?\d+)\)/g, (whole, id: string) => {
    const known = named.get(Number(id));
    return known === undefined ? whole : `${known.name} (op ${known.opId})`;
  });
  // The observer that is convicted is named first, and a second time by what it is.
  const accused = named.get(violation.opIds[0]!)?.name ?? 'check-tail';
  const opIds = [...new Set(violation.opIds.map((id) => named.get(id)?.opId ?? id))];
  return { ...violation, message: message.replaceAll('that check-tail', `that ${accused}`), opIds };
}
