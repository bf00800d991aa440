/**
 * Is this list of events a history at all? Calls and returns must pair up, and every number must be exact.
 *
 * A history that fails here has no verdict: guessing what was meant could turn a violation into an `ok`. Messages
 * count lines from 1; event i of a history is line i + 1 of its file. A call that never returns is fine: the run
 * was cut short.
 */

import { ContentCheck, isHash } from './content-check.ts';
import type { Call, HistoryEvent, Return } from '../history.ts';
import { MalformedHistory } from '../malformed.ts';

interface Started {
  clientId: number;
  kind: Call['kind'];
  line: number;
  /** 0 while the op is open. */
  finishLine: number;
}

/** Watches events in order. `refusalOf` answers with what is wrong with the next event, or null. */
export class Pairing {
  readonly #started = new Map<number, Started>();
  readonly #openOpByClient = new Map<number, number>();
  readonly #content = new ContentCheck();
  #line = 0;

  refusalOf(event: HistoryEvent): string | null {
    this.#line++;
    for (const [name, id] of [
      ['client', event.clientId],
      ['op', event.opId],
    ] as const)
      if (!isPosition(id)) return `the ${name} id is ${id}; expected a whole number from 0 to 2^53-1`;
    return event.type === 'call' ? this.#call(event.clientId, event.opId, event.call) : this.#return(event);
  }

  #call(clientId: number, opId: number, call: Call): string | null {
    const earlier = this.#started.get(opId);
    if (earlier !== undefined)
      return `op ${opId} is started a second time (first on line ${earlier.line}); every op needs an id of its own`;
    const open = this.#openOpByClient.get(clientId);
    if (open !== undefined)
      return (
        `client ${clientId} starts op ${opId} while its op ${open} (line ${this.#started.get(open)!.line}) is still ` +
        'open; a client does one thing at a time, so concurrent ops need different client ids'
      );
    this.#started.set(opId, { clientId, kind: call.kind, line: this.#line, finishLine: 0 });
    this.#openOpByClient.set(clientId, opId);
    return call.kind === 'append' ? refusalOfAppend(opId, call) : null;
  }

  #return({ clientId, opId, return: outcome }: HistoryEvent & { type: 'return' }): string | null {
    const started = this.#started.get(opId);
    if (started === undefined) return `op ${opId} finishes but was never started`;
    if (started.finishLine > 0)
      return `op ${opId} finishes a second time (first on line ${started.finishLine}); an op finishes at most once`;
    if (started.clientId !== clientId)
      return `op ${opId} is finished by client ${clientId} but was started by client ${started.clientId} (line ${started.line})`;
    const kind = kindOf(outcome);
    if (kind !== started.kind)
      return `op ${opId} finishes as ${articled(kind)} but was started as ${articled(started.kind)} (line ${started.line})`;
    started.finishLine = this.#line;
    this.#openOpByClient.delete(clientId);
    if ('tail' in outcome && !isPosition(outcome.tail))
      return `op ${opId} reports tail ${outcome.tail}; expected a whole number from 0 to 2^53-1`;
    if ('streamHash' in outcome && !isHash(outcome.streamHash))
      return `op ${opId} reports stream hash ${outcome.streamHash}; expected 0 to 2^64-1`;
    if (outcome.kind !== 'read-success' || outcome.recordHashes === undefined) return null;
    const refusal = this.#content.refusalOf(outcome.recordHashes, outcome.tail, outcome.streamHash);
    return refusal === null ? null : `op ${opId} ${refusal}`;
  }
}

/** Throws `MalformedHistory` on the first event that does not fit. */
export function assertWellFormed(history: readonly HistoryEvent[]): void {
  const pairing = new Pairing();
  history.forEach((event, index) => {
    const refusal = pairing.refusalOf(event);
    if (refusal !== null) throw new MalformedHistory(index + 1, refusal);
  });
}

/** Which kind of call a return can answer. */
function kindOf(outcome: Return): Call['kind'] {
  switch (outcome.kind) {
    case 'append-success':
    case 'append-definite-failure':
    case 'append-indefinite-failure':
      return 'append';
    case 'read-success':
    case 'read-failure':
      return 'read';
    case 'check-tail-success':
    case 'check-tail-failure':
      return 'check-tail';
  }
}

function refusalOfAppend(opId: number, call: Call & { kind: 'append' }): string | null {
  if (call.recordHashes.length === 0)
    return `op ${opId} appends an empty batch; a batch has at least one record (S2 refuses empty ones)`;
  const bad = call.recordHashes.find((hash) => !isHash(hash));
  if (bad !== undefined) return `op ${opId} has record hash ${bad}; expected 0 to 2^64-1`;
  if (call.matchSeqNum !== null && !isPosition(call.matchSeqNum))
    return `op ${opId} has match_seq_num ${call.matchSeqNum}; expected a whole number from 0 to 2^53-1`;
  return null;
}

function isPosition(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function articled(kind: Call['kind']): string {
  return kind === 'append' ? 'an append' : `a ${kind}`;
}
