/**
 * The operations of a history as what the search places: one moment for what was served, and one more for a stream that may
 * have been made on the way. What can neither have changed nor told anything is left out.
 */

import type { Operation } from '../../checker/index.ts';
import { answerOf, type ControlCall, type ControlOperation, isInDoubt, type StreamCall } from './history.ts';
import type { Happening, Said } from './model.ts';
import { type Demand, demandOf } from './stream-rules.ts';

export type Placeable = Operation<Happening, Said>;

/** Of one group, in the order of calls. Each says in its metadata which operation it comes from. */
export function happeningsOf(operations: readonly ControlOperation[]): Placeable[] {
  const found = operations.flatMap((operation) => [...birthOf(operation, operations), ...servedOf(operation)]);
  // Each is a client of its own: one operation may be two moments, and some never end.
  return found.map((placeable, clientId) => ({ ...placeable, clientId }));
}

export function sourceOf({ metadata }: Placeable): ControlOperation {
  return metadata as ControlOperation;
}

function servedOf(operation: ControlOperation): Placeable[] {
  const said = answerOf(operation);
  const isSilent = said === null && !(isInDoubt(operation) && changes(operation.call));
  return isSilent ? [] : [placeable(operation, { kind: 'served', call: operation.call }, said)];
}

/**
 * An append that was refused may have made its stream all the same (API contract §4.6). A read that was refused certainly
 * did nothing: one that may have made it is in doubt.
 */
function birthOf(operation: ControlOperation, operations: readonly ControlOperation[]): Placeable[] {
  const { call, outcome } = operation;
  const demand = demandOf(call);
  if (demand === null || !('stream' in call) || (demand === 'read' && outcome?.kind === 'refused')) return [];
  if (!operations.some((other) => switchesOn(other.call, call, demand))) return [];
  return [placeable(operation, { kind: 'birth', call }, answerOf(operation))];
}

/** Without an answer it may take place at any later time. */
function placeable(operation: ControlOperation, input: Happening, output: Said): Placeable {
  const { calledAt, returnedAt } = operation;
  const end = output === null ? Infinity : returnedAt;
  return { clientId: 0, input, output, call: calledAt, return: end, metadata: operation };
}

function changes({ kind }: ControlCall): boolean {
  return !['get-basin', 'get-stream', 'list-basins', 'list-streams', 'read', 'check-tail'].includes(kind);
}

function switchesOn(call: ControlCall, { basin }: StreamCall, demand: Demand): boolean {
  if (!('basin' in call) || call.basin !== basin) return false;
  const said = call.kind === 'create-basin' || call.kind === 'ensure-basin' ? call.wish : null;
  const { createsOnAppend, createsOnRead } = call.kind === 'reconfigure-basin' ? call.patch : (said ?? {});
  return (demand === 'append' ? createsOnAppend : createsOnRead) === true;
}
