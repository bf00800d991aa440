/**
 * One operation in words: the sentence of the violation card and the facts of the tooltip.
 *
 * Pure, used when the page is written and inside the page, so that both always say the same.
 */

import { formatCount, formatNumber } from './figures.ts';
import type { Operation, OperationOutcome } from './operations.ts';

/** What each outcome means, for legends and tooltips. */
const OUTCOME_MEANINGS: Readonly<Record<OperationOutcome, string>> = {
  durable: 'acknowledged: the records are there to stay',
  rejected: 'certainly no effect, now or later',
  unknown: 'may have taken effect, may still, may never',
  answered: 'returned what it saw',
  failed: 'returned an error; has no effect to judge',
  open: 'never returned',
};

/** A sentence without a full stop: `Client 3 appended 5 records, acknowledged as 37–41 (op 12)`. */
export function describeOperation(operation: Operation): string {
  return `Client ${operation.clientId} ${predicateOf(operation)} (op ${operation.opId})`;
}

/** The same of an operation that was under way, whatever became of it: `Client 3 was checking the tail (op 12)`. */
export function describePending(operation: Operation): string {
  const doing = {
    append: `was appending ${askedOf(operation)}`,
    read: 'was reading the stream',
    'check-tail': 'was checking the tail',
  }[operation.kind];
  return `Client ${operation.clientId} ${doing} (op ${operation.opId})`;
}

/** The few words that fit into a bar, longest first: `append 5 → 42`, `+5 → 42`, `42`. */
export function shortNamesOf(operation: Operation): [string, ...string[]] {
  const { kind, outcome, endSeqNum, recordCount } = operation;
  if (kind === 'append') {
    return outcome === 'durable'
      ? [`append ${recordCount} → ${endSeqNum}`, `+${recordCount} → ${endSeqNum}`, `${endSeqNum}`]
      : [`append ${recordCount} ${outcome}`, outcome];
  }
  const verb = kind === 'read' ? 'read' : 'tail';
  return endSeqNum === null ? [`${verb} ${outcome}`, outcome] : [`${verb} ${endSeqNum}`, `${endSeqNum}`];
}

/** Name and value of everything known about an operation but its times, in reading order. */
export function factsOf(operation: Operation): [string, string][] {
  const facts: [string, string][] = [['outcome', `${operation.outcome}: ${OUTCOME_MEANINGS[operation.outcome]}`]];
  if (operation.kind === 'append') facts.push(['records', formatNumber(operation.recordCount)]);
  if (operation.endSeqNum !== null) {
    if (operation.kind === 'append') facts.push(['sequence numbers', seqNumRange(operation)]);
    facts.push([operation.kind === 'append' ? 'tail after' : 'tail seen', formatNumber(operation.endSeqNum)]);
  }
  if (operation.streamHash !== null) facts.push(['stream hash', operation.streamHash]);
  if (operation.matchSeqNum !== null) facts.push(['match_seq_num', formatNumber(operation.matchSeqNum)]);
  if (operation.fencingToken !== null) facts.push(['fencing token', quoted(operation.fencingToken)]);
  if (operation.setFencingToken !== null) facts.push(['sets token', quoted(operation.setFencingToken)]);
  if (operation.trim !== null) {
    facts.push(
      operation.kind === 'append'
        ? ['trims up to', formatNumber(operation.trim)]
        : ['gone', `below ${formatNumber(operation.trim)}`],
    );
  }
  if (operation.callNote !== null) facts.push(['at the call', operation.callNote]);
  if (operation.returnNote !== null) facts.push(['at the return', operation.returnNote]);
  return facts;
}

function predicateOf(operation: Operation): string {
  if (operation.kind === 'append') return appendPredicate(operation);
  const { outcome, endSeqNum } = operation;
  const name = operation.kind === 'read' ? 'a read' : 'a check-tail';
  if (endSeqNum === null) return outcome === 'open' ? `began ${name} that never returned` : `had ${name} fail`;
  return operation.kind === 'read'
    ? `read ${endSeqNum === 0 ? 'an empty stream' : `the stream up to tail ${formatNumber(endSeqNum)}`}`
    : `checked the tail and was told ${formatNumber(endSeqNum)}`;
}

function appendPredicate(operation: Operation): string {
  const asked = askedOf(operation);
  switch (operation.outcome) {
    case 'durable':
      return `appended ${asked}, acknowledged as ${seqNumRange(operation)}`;
    case 'rejected':
      return `was refused an append of ${asked}`;
    default:
      return `appended ${asked} without learning the outcome`;
  }
}

/** What an append wanted: `5 records at exactly 37 under token “a”`. */
function askedOf(operation: Operation): string {
  const records =
    operation.setFencingToken === null
      ? formatCount(operation.recordCount, 'record')
      : `a fence to ${quoted(operation.setFencingToken)}`;
  const guards = [
    operation.trim === null ? null : `with a trim up to ${formatNumber(operation.trim)}`,
    operation.matchSeqNum === null ? null : `at exactly ${formatNumber(operation.matchSeqNum)}`,
    operation.fencingToken === null ? null : `under token ${quoted(operation.fencingToken)}`,
  ].filter((guard) => guard !== null);
  return [records, ...guards].join(' ');
}

function seqNumRange({ startSeqNum, endSeqNum }: Operation): string {
  if (startSeqNum === null || endSeqNum === null) return 'nowhere';
  const last = endSeqNum - 1;
  return startSeqNum >= last ? formatNumber(startSeqNum) : `${formatNumber(startSeqNum)}–${formatNumber(last)}`;
}

function quoted(token: string): string {
  return `“${token}”`;
}
