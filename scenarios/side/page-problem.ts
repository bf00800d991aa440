/** What is wrong with a page by itself, whatever the stream held: gaps, repetitions, order, timestamps. Pure. */

import type { SideOperation } from './history.ts';
import type { Reason } from './objections.ts';
import { isData } from './stamps.ts';
import { fromWords, shortBody } from './words.ts';

/** Null when nothing is. */
export function pageProblem({ call, outcome }: SideOperation): Reason | null {
  if (call.kind !== 'read' || outcome?.kind !== 'page') return null;
  const { records } = outcome;
  if (records.length > call.count) {
    return { code: 'too-many', text: `it returned ${records.length} records where ${call.count} were asked for` };
  }
  const first = records[0];
  if (first === undefined) return null;
  if (call.from.kind === 'seq-num' && first.seqNum < call.from.seqNum) {
    return { code: 'before-the-start', text: `it began at ${first.seqNum}, before ${fromWords(call.from)}` };
  }
  if (call.from.kind === 'timestamp' && first.timestamp < call.from.timestamp) {
    const text = `record ${first.seqNum} has timestamp ${first.timestamp}, which is before ${fromWords(call.from)}`;
    return { code: 'too-early', text };
  }
  const shown = new Set<string>();
  for (const [index, record] of records.entries()) {
    const due = first.seqNum + index;
    const before = records[index - 1];
    if (isData(record) && shown.has(record.content)) {
      return { code: 'duplicate', text: `it returned ${shortBody(record.content)} twice` };
    }
    shown.add(record.content);
    if (record.seqNum !== due) {
      const code = record.seqNum > due ? 'gap' : 'wrong-order';
      return { code, text: `it returned record ${record.seqNum} where ${due} was due` };
    }
    if (before !== undefined && record.timestamp < before.timestamp) {
      const text = `timestamps run backwards from ${before.timestamp} to ${record.timestamp} at record ${due}`;
      return { code: 'timestamps-backwards', text };
    }
  }
  return null;
}
