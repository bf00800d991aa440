/** Extended histories of one client after the other, in few words. */

import { checkExtendedStream } from '../extended/check.ts';
import type { ExtendedAppend, ExtendedCall, ExtendedEvent, ExtendedReturn } from '../extended/history.ts';

export type Step = readonly [ExtendedCall, ExtendedReturn];

/** Op ids count from 0. */
export function inSequence(...steps: readonly Step[]): ExtendedEvent[] {
  return steps.flatMap(([call, answer], opId): ExtendedEvent[] => [
    { type: 'call', clientId: 1, opId, call },
    { type: 'return', clientId: 1, opId, return: answer },
  ]);
}

export function append(recordHashes: bigint[], more: Partial<ExtendedAppend> = {}): ExtendedAppend {
  return { kind: 'append', recordHashes, setFencingToken: null, fencingToken: null, matchSeqNum: null, ...more };
}

export function acked(tail: number): ExtendedReturn {
  return { kind: 'append-success', tail };
}

/** The code of the violation, or the verdict. */
export function codeOf(...steps: readonly Step[]): string {
  const verdict = checkExtendedStream(inSequence(...steps));
  return verdict.verdict === 'illegal' ? verdict.violation.code : verdict.verdict;
}
