/**
 * An extended history as operations that each say one thing of the stream at one moment: what the model and the sweep
 * are given.
 *
 * An event of a follower is a read of a part since its session was opened. The tail that an acknowledgement tells is an
 * operation of its own, an echo, for it may be true later than the append took effect. What sessions rule out is
 * taken back. Calls without a return are what the model says they are.
 */

import type { Violation } from '../sweep/violation.ts';
import type { Operation } from '../wgl/model.ts';
import type { ExtendedEvent, ExtendedHistory, ExtendedReturn, StreamCall } from './history.ts';
import { extendedStreamModel } from './model.ts';
import { deliveriesOf, judgeTurns } from './sessions.ts';
import { assertExtendedHistory } from './well-formed.ts';

interface Told {
  /** Of the history; an echo has that of its append. */
  opId: number;
  /** No two operations share it; for all but echoes the op id. */
  id: number;
  tailTimestamp: number | undefined;
}

export type StreamOperation = Operation<StreamCall, ExtendedReturn> & { metadata: Told };

/** In order of call; or what is wrong whatever the order. Throws `MalformedHistory`. */
export function operationsOfStream(history: ExtendedHistory): readonly StreamOperation[] | Violation {
  assertExtendedHistory(history);
  const deliveries = deliveriesOf(history);
  if ('code' in deliveries) return deliveries;
  const turns = judgeTurns(history);
  if ('code' in turns) return turns;
  const returns = new Map<number, { at: number; event: ExtendedEvent & { type: 'return' } }>();
  let nextId = 0;
  for (const [at, event] of history.entries()) {
    nextId = Math.max(nextId, event.opId + 1);
    if (event.type === 'return') returns.set(event.opId, { at, event });
  }
  const operations: StreamOperation[] = [];
  for (const [at, event] of history.entries()) {
    if (event.type === 'return') continue;
    const { clientId, opId, call: asked } = event;
    const answered = returns.get(opId);
    const delivery = deliveries.get(opId);
    const input: StreamCall = asked.kind === 'follow' ? { kind: 'read-part', from: delivery!.from } : asked;
    const told = answered?.event.return ?? MODEL.pending!(input)?.output;
    if (told === undefined) continue;
    const output: ExtendedReturn = turns.withoutEffect.has(opId) ? { kind: 'append-definite-failure' } : told;
    const call = delivery?.openedAt ?? at;
    const end = answered?.at ?? Number.POSITIVE_INFINITY;
    const tailTimestamp = answered?.event.tailTimestamp;
    operations.push({ clientId, input, output, call, return: end, metadata: { opId, id: opId, tailTimestamp } });
    if (output.kind !== 'append-acked' || input.kind !== 'append') continue;
    const { start, end: ended, tail } = output;
    const count = input.recordHashes.length;
    if (ended - start !== count || tail < ended)
      return {
        code: 'impossible-ack',
        message: `Op ${opId} appended ${count} records and was acknowledged as ${start} to ${ended} with tail ${tail}.`,
        opIds: [opId],
      };
    if (tail === ended) continue;
    operations.push({
      clientId,
      input: { kind: 'check-tail' },
      output: { kind: 'check-tail-success', tail },
      call,
      return: end,
      metadata: { opId, id: nextId++, tailTimestamp },
    });
  }
  return operations;
}

const MODEL = extendedStreamModel();
