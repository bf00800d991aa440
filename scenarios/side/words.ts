/** Operations of side streams in words: for the reasons of a conviction and for the page of a run. */

import type { ReadFrom, SideCall, SideConfig, SideOperation, SideOutcome, SideRecord } from './history.ts';

/** `side-1 w1 1,203..1,250 ms: append 3 records → numbers 4..6`. */
export function lineOf(operation: SideOperation): string {
  const { stream, client, calledMs, returnedMs, call, outcome } = operation;
  const until = returnedMs === Infinity ? '' : String(returnedMs);
  return `${stream} ${client} ${calledMs}..${until} ms: ${callWords(call)} → ${outcome === null ? 'open' : outcomeWords(outcome)}`;
}

export function callWords(call: SideCall): string {
  switch (call.kind) {
    case 'create':
      return `create${configWords(call)}`;
    case 'delete':
    case 'keep-empty':
      return call.kind;
    case 'append': {
      const guard = call.matchSeqNum === null ? '' : ` if next is ${call.matchSeqNum}`;
      return `append ${call.records.map(recordWords).join(', ')}${guard}`;
    }
    case 'read':
      return call.follows === true
        ? `follow from ${fromWords(call.from)}`
        : `read ${call.count} from ${fromWords(call.from)}${call.waits === true ? ', waiting' : ''}`;
    case 'check-tail':
      return 'check-tail';
  }
}

function configWords({ retentionAgeMs, emptyAgeMs }: SideConfig): string {
  const records = retentionAgeMs === null ? '' : `, records live ${retentionAgeMs} ms`;
  return emptyAgeMs === null ? records : `${records}, goes when empty for ${emptyAgeMs} ms`;
}

export function outcomeWords(outcome: SideOutcome): string {
  switch (outcome.kind) {
    case 'created':
    case 'deleted':
    case 'kept':
      return outcome.kind;
    case 'nothing':
      return 'nothing came';
    case 'noop':
      return 'created before';
    case 'appended':
      return `numbers ${spanWords(outcome.start.seqNum, outcome.end.seqNum)}`;
    case 'page': {
      const first = outcome.records[0];
      if (first === undefined) return 'no records';
      const last = outcome.records.at(-1) ?? first;
      return `numbers ${spanWords(first.seqNum, last.seqNum + 1)}`;
    }
    case 'at-tail':
      return `at the tail ${outcome.tail.seqNum}`;
    case 'tail':
      return `tail ${outcome.tail.seqNum}`;
    case 'absent':
      return 'no such stream';
    case 'pending':
      return 'being deleted';
    case 'exists':
      return 'exists';
    case 'mismatch':
      return `next is ${outcome.actual}`;
    case 'refused':
      return `refused (${outcome.code})`;
    case 'unknown':
      return `unknown (${outcome.code})`;
  }
}

export function fromWords(from: ReadFrom): string {
  return from.kind === 'seq-num' ? `number ${from.seqNum}` : `timestamp ${from.timestamp}`;
}

/** Padding is not worth showing. */
export function shortBody(content: string): string {
  return content.replace(/\.{2,}$/, '…');
}

function recordWords(record: SideRecord): string {
  return record.kind === 'trim' ? `trim ${record.point}` : shortBody(record.body);
}

/** `end` is exclusive. */
function spanWords(start: number, end: number): string {
  return end - start <= 1 ? String(start) : `${start}..${end - 1}`;
}
