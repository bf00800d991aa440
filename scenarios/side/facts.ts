/** What can be told only from the whole history of the side streams: probes that no single client could light. Pure. */

import type { SideOperation } from './history.ts';
import type { SideProbe } from './probes.ts';

interface Trim {
  operation: SideOperation;
  /** Everything below is gone once it took effect. */
  point: number;
}

export function sideFacts(operations: readonly SideOperation[]): Set<SideProbe> {
  const facts = new Set<SideProbe>();
  const trims = operations.flatMap(trimOf);
  for (const operation of operations) {
    const { call, outcome, stream } = operation;
    if (call.kind !== 'read' || outcome?.kind !== 'page') continue;
    const others = trims.filter((trim) => trim.operation.stream === stream);
    const from = call.from.kind === 'seq-num' ? call.from.seqNum : 0;
    if (others.some((trim) => trim.point > from && overlap(trim.operation, operation)))
      facts.add('side.read-over-trim');
    const first = outcome.records[0];
    if (first === undefined) continue;
    if (isOfLaterLife(first.content)) facts.add('side.read-second-life');
    const byClients = Math.max(0, ...others.map(({ point }) => point));
    if (call.from.kind === 'seq-num' && first.seqNum > from && first.seqNum > byClients) facts.add('side.expired');
  }
  return facts;
}

/** Where a trim went that may have happened. */
function trimOf(operation: SideOperation): Trim[] {
  const { call, outcome } = operation;
  if (call.kind !== 'append' || (outcome?.kind !== 'appended' && outcome?.kind !== 'unknown')) return [];
  const points = call.records.flatMap((record) => (record.kind === 'trim' ? [record.point] : []));
  return points.length === 0 ? [] : [{ operation, point: Math.max(...points) }];
}

function overlap(a: SideOperation, b: SideOperation): boolean {
  return a.calledAt < b.returnedAt && b.calledAt < a.returnedAt;
}

/** Bodies name the life they were written in. */
function isOfLaterLife(content: string): boolean {
  const life = /\/life (\d+)\//.exec(content)?.[1];
  return life !== undefined && Number(life) > 1;
}
