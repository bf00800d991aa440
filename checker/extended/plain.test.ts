import { expect, test } from 'vitest';
import type { ExtendedHistory } from './history.ts';
import { plainHistory } from './plain.ts';

const EVENT = { clientId: 1, opId: 1 };
const RECORDS = { recordHashes: [1n], setFencingToken: null, fencingToken: null, matchSeqNum: null };

test('what S2 has no words for is left out, but trims that were asked for or shown stay beside the events', () => {
  const history: ExtendedHistory = [
    { type: 'call', ...EVENT, call: { kind: 'append', ...RECORDS, trim: 3 } },
    { type: 'return', ...EVENT, return: { kind: 'append-acked', start: 4, end: 5, tail: 5 } },
    { type: 'call', clientId: 2, opId: 2, call: { kind: 'read-part', from: { seqNum: 0 } } },
    {
      ...{ type: 'return', clientId: 2, opId: 2 },
      return: { kind: 'read-part-success', start: 3, recordHashes: [4n], tail: 5 },
    },
    { type: 'call', clientId: 2, opId: 3, call: { kind: 'delete' } },
  ];
  expect(plainHistory(history)).toEqual([
    { type: 'call', ...EVENT, trim: 3, call: { kind: 'append', ...RECORDS } },
    { type: 'return', ...EVENT, return: { kind: 'append-success', tail: 5 } },
    { type: 'call', clientId: 2, opId: 2, call: { kind: 'check-tail' } },
    { type: 'return', clientId: 2, opId: 2, trim: 3, return: { kind: 'check-tail-success', tail: 5 } },
  ]);
});
