/** Six late appends in one hole among hundreds of unknown outcome: found, because what was found elsewhere comes last. */

import { expect, test } from 'vitest';
import { chainAll } from '../chain-hash.ts';
import type { History, HistoryEvent } from '../history.ts';
import { checkStream } from './sweep.ts';

const APPENDS = 100;
/** One in three is seen by a read of its own at once. */
const STEP = 3;
const LATE = [2, 20, 38, 56, 74, 92];

function recordsOf(opId: number): bigint[] {
  return Array.from({ length: 1 + (opId % 7) }, (_, i) => BigInt(1_000 * opId + i + 1));
}

function readOf(opId: number, records: readonly bigint[]): HistoryEvent[] {
  const outcome = { kind: 'read-success', tail: records.length, streamHash: chainAll(records) } as const;
  return [
    { type: 'call', clientId: 9_999, opId, call: { kind: 'read' } },
    { type: 'return', clientId: 9_999, opId, return: outcome },
  ];
}

test('a hole of six late appends of unknown outcome is filled', () => {
  const log: bigint[] = [];
  const history: History = [
    ...Array.from({ length: APPENDS }, (_, opId): HistoryEvent[] => {
      const recordHashes = recordsOf(opId);
      const call = {
        kind: 'append',
        recordHashes,
        setFencingToken: null,
        fencingToken: null,
        matchSeqNum: null,
      } as const;
      const begun: HistoryEvent = { type: 'call', clientId: opId, opId, call };
      if (opId % STEP !== 0) return [begun];
      log.push(...recordHashes);
      return [begun, ...readOf(10_000 + opId, log)];
    }).flat(),
    ...readOf(20_000, [...log, ...LATE.toReversed().flatMap(recordsOf)]),
  ];
  const verdict = checkStream(history);
  expect(verdict.verdict === 'unknown' ? verdict.reason : verdict.verdict).toBe('ok');
  expect(verdict.verdict === 'ok' && verdict.linearization.slice(-7, -1)).toEqual(LATE.toReversed());
});
