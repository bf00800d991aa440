/**
 * Which operations share a lane of the client chart.
 *
 * A lane per client, as long as they fit on a screen. A recorder retires a client after an unknown outcome and
 * goes on under a new id, so long runs have hundreds of clients of which few are at work at once; then clients
 * that follow one another share a lane. Pure.
 */

import type { Operation } from './operations.ts';

export interface Lane {
  /** Ascending by first call. */
  clientIds: readonly number[];
  /** Indexes of the lane's operations that ended, in the order of their calls. */
  ended: readonly number[];
  /** Entry i: the latest return among the first i + 1 of `ended`. Never decreasing, so it can be bisected. */
  latestReturns: readonly number[];
  /** Indexes of operations that may still take effect or return: they matter until the end of the run. */
  open: readonly number[];
}

/** With more clients than this, lanes are shared. */
const OWN_LANES_MAX = 12;

export function lanesOf(operations: readonly Operation[]): Lane[] {
  const byClient = new Map<number, number[]>();
  for (const [index, { clientId }] of operations.entries()) {
    const own = byClient.get(clientId);
    if (own === undefined) byClient.set(clientId, [index]);
    else own.push(index);
  }
  const clients = [...byClient];
  const groups =
    clients.length <= OWN_LANES_MAX
      ? clients.sort(([a], [b]) => a - b).map((client) => [client])
      : shareLanes(operations, clients);
  return groups.map((group) => {
    const indexes = group.flatMap(([, own]) => own);
    const ended = indexes.filter((index) => !staysOpen(operations[index]));
    let latest = 0;
    const latestReturns = ended.map((index) => (latest = Math.max(latest, operations[index]?.returnEvent ?? 0)));
    const open = indexes.filter((index) => staysOpen(operations[index]));
    return { clientIds: group.map(([clientId]) => clientId), ended, latestReturns, open };
  });
}

/** Whether an operation matters until the end of the run: it may still take effect, or never returned. */
export function staysOpen(operation: Operation | undefined): boolean {
  return operation !== undefined && (operation.outcome === 'unknown' || operation.returnEvent === null);
}

type Client = [clientId: number, operations: number[]];

/** First fit: each client goes to the first lane whose last client was done before it began. */
function shareLanes(operations: readonly Operation[], clients: readonly Client[]): Client[][] {
  const lanes: { busyUntil: number; clients: Client[] }[] = [];
  for (const client of clients) {
    const begin = operations[client[1][0] ?? 0]?.callEvent ?? 0;
    const busyUntil = Math.max(...client[1].map((index) => drawnUntil(operations[index])));
    const lane = lanes.find((candidate) => candidate.busyUntil < begin);
    if (lane === undefined) lanes.push({ busyUntil, clients: [client] });
    else Object.assign(lane, { busyUntil, clients: [...lane.clients, client] });
  }
  return lanes.map((lane) => lane.clients);
}

/** Where the bar ends: an operation given up early is drawn no further than its neighbours need. */
function drawnUntil(operation: Operation | undefined): number {
  if (operation === undefined) return 0;
  if (operation.gaveUpAtMs !== null) return operation.callEvent;
  return operation.returnEvent ?? Number.POSITIVE_INFINITY;
}
