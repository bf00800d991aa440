/** What the server's benchmark sends and what its floor answers: made once, before anything is measured. */

import { create, toBinary } from '@bufbuild/protobuf';
import { systemEntropy } from '../engine/adapters/system-entropy.ts';
import { encodeAppendAck } from '../engine/api/proto-messages.ts';
import { encodeReadBatch } from '../engine/api/proto-read-batch.ts';
import { AppendInputSchema, AppendRecordSchema } from '../engine/api/proto/s2_pb.ts';
import { messageFrame } from '../engine/api/s2s-frames.ts';

const RECORDS = 1_000;
const BODY_BYTES = 1_000;
/** User bytes of a large frame: bodies only. A batch of S2's may be metered as 1 MiB, 8 bytes a record included. */
export const FRAME_BODY_BYTES = RECORDS * BODY_BYTES;

const POSITION = { seqNum: 123_456, timestamp: 1_767_225_600_000 };

/** An AppendInput of 1,000 records, with bodies that no one could compress away. */
export function appendFrame(): Buffer {
  const bodies = systemEntropy.bytes(FRAME_BODY_BYTES);
  const bodyAt = (i: number) => bodies.subarray(i * BODY_BYTES, (i + 1) * BODY_BYTES);
  const records = Array.from({ length: RECORDS }, (_, i) => create(AppendRecordSchema, { body: bodyAt(i) }));
  return Buffer.from(messageFrame(toBinary(AppendInputSchema, create(AppendInputSchema, { records }))));
}

/** A ReadBatch of as many records as the product puts into one. */
export function readFrame(): Buffer {
  const records = Array.from({ length: RECORDS }, (_, i) => ({
    seqNum: POSITION.seqNum + i,
    timestamp: POSITION.timestamp,
    headers: [],
    body: systemEntropy.bytes(BODY_BYTES),
  }));
  return Buffer.from(messageFrame(encodeReadBatch(records, null)));
}

export function ackFrame(): Buffer {
  return Buffer.from(messageFrame(encodeAppendAck({ start: POSITION, end: POSITION, tail: POSITION })));
}

const JSON_POSITION = { seq_num: POSITION.seqNum, timestamp: POSITION.timestamp };
export const UNARY_ACK = Buffer.from(JSON.stringify({ start: JSON_POSITION, end: JSON_POSITION, tail: JSON_POSITION }));

/** The secret of the token that may do everything, where one is needed. */
export const BENCH_TOKEN = 'tailrace_bench-0123456789abcdefghijklmnopqrstuv';
