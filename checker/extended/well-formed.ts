/**
 * Is this list of events an extended history at all? What is not has no verdict.
 *
 * As for S2's format: ids are used once, answers fit their calls, a client does one thing at a time. Appends that have a
 * turn in a session are the exception: that is what such a session is for.
 */

import { ContentCheck } from '../formats/content-check.ts';
import { MalformedHistory } from '../malformed.ts';
import type { ExtendedCall, ExtendedEvent, ExtendedHistory, ExtendedReturn } from './history.ts';

const GONE = ['stream-absent', 'stream-pending'] as const;
const PART = ['read-part-success', 'read-unwritten', 'read-nothing', 'read-failure', ...GONE] as const;
const ANSWERS: Readonly<Record<ExtendedCall['kind'], readonly ExtendedReturn['kind'][]>> = {
  append: [
    'append-success',
    'append-acked',
    'append-rejected',
    'append-definite-failure',
    'append-indefinite-failure',
    ...GONE,
  ],
  read: ['read-success', 'read-failure', ...GONE],
  'check-tail': ['check-tail-success', 'check-tail-failure', ...GONE],
  'read-part': PART,
  follow: PART,
  create: ['created', 'create-noop', 'stream-exists', 'stream-pending', 'change-failure', 'change-unknown'],
  delete: ['deleted', 'stream-absent', 'stream-pending', 'change-failure', 'change-unknown'],
  configure: ['configured', 'change-failure', 'change-unknown', ...GONE],
};

interface Started {
  clientId: number;
  call: ExtendedCall;
  isOpen: boolean;
}

/** Throws `MalformedHistory` with the number of the event, from 1. */
export function assertExtendedHistory(history: ExtendedHistory): void {
  const started = new Map<number, Started>();
  const openByClient = new Map<number, number>();
  const nextTurn = new Map<string, number>();
  const content = new ContentCheck();
  for (const [index, event] of history.entries()) {
    const refusal =
      event.type === 'call'
        ? refusalOfCall(event, started, openByClient, nextTurn)
        : (refusalOfReturn(event, started, openByClient) ?? refusalOfContent(event, content));
    if (refusal !== null) throw new MalformedHistory(index + 1, refusal);
  }
}

function refusalOfCall(
  { clientId, opId, call }: ExtendedEvent & { type: 'call' },
  started: Map<number, Started>,
  openByClient: Map<number, number>,
  nextTurn: Map<string, number>,
): string | null {
  if (!isWhole(opId)) return `${opId} is no id of an op; ids are whole numbers from 0 to 2^53-1`;
  if (started.has(opId)) return `op ${opId} is started a second time; every op needs an id of its own`;
  started.set(opId, { clientId, call, isOpen: true });
  if (call.kind === 'append') {
    const { recordHashes, contentHashes, turn } = call;
    if (recordHashes.length === 0) return `op ${opId} appends an empty batch; a batch has at least one record`;
    if (contentHashes !== undefined && contentHashes.length !== recordHashes.length)
      return `op ${opId} has ${contentHashes.length} content hashes for ${recordHashes.length} records`;
    if (turn !== undefined) {
      const due = nextTurn.get(turn.session) ?? 0;
      nextTurn.set(turn.session, due + 1);
      return turn.index === due
        ? null
        : `op ${opId} is number ${turn.index} of session ${turn.session}, whose next append is number ${due}`;
    }
  }
  const open = openByClient.get(clientId);
  if (open !== undefined)
    return (
      `client ${clientId} starts op ${opId} while its op ${open} is still open; a client does one thing at a time, so ` +
      'concurrent ops need different client ids or turns in a session'
    );
  openByClient.set(clientId, opId);
  return null;
}

function refusalOfReturn(
  { clientId, opId, return: outcome }: ExtendedEvent & { type: 'return' },
  started: Map<number, Started>,
  openByClient: Map<number, number>,
): string | null {
  const call = started.get(opId);
  if (call === undefined) return `op ${opId} finishes but was never started`;
  if (!call.isOpen) return `op ${opId} finishes a second time; an op finishes at most once`;
  if (call.clientId !== clientId)
    return `op ${opId} is finished by client ${clientId} but was started by client ${call.clientId}`;
  if (!ANSWERS[call.call.kind].includes(outcome.kind))
    return `op ${opId} finishes as ${outcome.kind}, which answers no ${call.call.kind}`;
  call.isOpen = false;
  if (openByClient.get(clientId) === opId) openByClient.delete(clientId);
  return outcome.kind === 'read-part-success' ? refusalOfPart(opId, outcome) : null;
}

/** A told content has the length and the chain hash that are told with it. */
function refusalOfContent(
  { opId, return: outcome }: ExtendedEvent & { type: 'return' },
  content: ContentCheck,
): string | null {
  if (outcome.kind !== 'read-success' || outcome.recordHashes === undefined) return null;
  const refusal = content.refusalOf(outcome.recordHashes, outcome.tail, outcome.streamHash);
  return refusal === null ? null : `op ${opId} ${refusal}`;
}

function refusalOfPart(
  opId: number,
  { start, recordHashes, contentHashes, timestamps }: ExtendedReturn & { kind: 'read-part-success' },
): string | null {
  if (!isWhole(start + recordHashes.length))
    return `op ${opId} was shown ${recordHashes.length} records from ${start} on; positions above 2^53-1 (${Number.MAX_SAFE_INTEGER}) are not supported`;
  for (const list of [contentHashes, timestamps])
    if (list !== undefined && list.length !== recordHashes.length)
      return `op ${opId} tells ${list.length} facts of ${recordHashes.length} records`;
  return null;
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
