/** What a writer in sessions of the SDK does with a session whose server broke a promise. */

import { type AppendAck, BatchSubmitTicket } from '@s2-dev/streamstore';
import { expect, test } from 'vitest';
import { ProtocolViolation } from '../client.ts';
import { SdkSessionWriter } from './sdk-session-writer.ts';

const BATCH = { bodies: ['a'], setFencingToken: null, fencingToken: null, matchSeqNum: null };

test('a session whose acknowledgement can not be true is closed, so that nothing holds its connection open', async () => {
  const at = (seqNum: number) => ({ seqNum, timestamp: new Date(0) });
  const oneRecordAsTwo: AppendAck = { start: at(0), end: at(2), tail: at(2) };
  let closed = 0;
  const writer = new SdkSessionWriter(
    { requests: 0, moveOn: () => {} },
    { batches: 4, batchesPerSessionMax: 4, underWayMax: 1, restMs: 0, isNetworkReal: true },
    {
      below: (bound) => bound - 1,
      open: async () => ({
        submit: async () => new BatchSubmitTicket(Promise.resolve(oneRecordAsTwo), 1, 1),
        close: async () => void (closed += 1),
      }),
      batch: () => BATCH,
      pauseMs: () => 0,
      called: () => () => {},
      noted: () => {},
    },
  );
  await expect(writer.run()).rejects.toThrow(ProtocolViolation);
  expect(closed).toBe(1);
});
