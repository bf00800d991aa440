/**
 * Appends out of protobuf bytes and batches into them: by our own pass over the bytes, against the library that the project
 * has for protobuf (`docs/decisions/0010-two-messages-by-hand.md`). Both take turns in one run; the median turns are compared.
 */

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { systemEntropy } from '../engine/adapters/system-entropy.ts';
import { decodeAppendInput } from '../engine/api/proto-messages.ts';
import { encodeReadBatch } from '../engine/api/proto-read-batch.ts';
import {
  AppendInputSchema,
  AppendRecordSchema,
  ReadBatchSchema,
  SequencedRecordSchema,
} from '../engine/api/proto/s2_pb.ts';
import type { SequencedRecord } from '../engine/core/record.ts';
import { inputOfMessage } from '../engine/testing/append-messages.ts';
import { MIB } from './load.ts';
import { median, type Row } from './table.ts';

const TURNS = 25;
const TURN_BYTES = 16 * MIB;
const NOW_MS = 1_767_225_600_000;
/** What the result of the work goes into, so that nobody finds out that it is not wanted. */
let sink = 0;

/** A batch of so many records, as both sides see it. */
interface Sample {
  name: string;
  input: Uint8Array;
  records: readonly SequencedRecord[];
  bytes: number;
}

export async function protobuf(): Promise<Row[]> {
  const samples = [sample(1_000, 100), sample(1_000, 1_000), sample(16, 60_000)];
  return samples.flatMap((each) => [
    rowOf(
      `append of ${each.name}: read`,
      each,
      () => ours(each.input),
      () => library(each.input),
    ),
    rowOf(
      `batch of ${each.name}: written`,
      each,
      () => encodeReadBatch(each.records, null).length,
      () => libraryBatch(each),
    ),
  ]);
}

function sample(records: number, bodyBytes: number): Sample {
  const bodies = Array.from({ length: records }, () => new Uint8Array(systemEntropy.bytes(bodyBytes)));
  const message = create(AppendInputSchema, { records: bodies.map((body) => create(AppendRecordSchema, { body })) });
  return {
    name: `${records} x ${bodyBytes} B`,
    input: toBinary(AppendInputSchema, message),
    records: bodies.map((body, i) => ({ seqNum: 123_456 + i, timestamp: NOW_MS, headers: [], body })),
    bytes: records * bodyBytes,
  };
}

function rowOf(what: string, { bytes }: Sample, own: () => number, floor: () => number): Row {
  const rounds = Math.max(1, Math.round(TURN_BYTES / bytes));
  const turns = Array.from({ length: TURNS }, () => ({ floor: turnMs(rounds, floor), own: turnMs(rounds, own) }));
  // The first turns compile.
  const speed = (which: 'floor' | 'own') =>
    ((rounds * bytes) / MIB / median(turns.slice(5).map((turn) => turn[which]))) * 1_000;
  return {
    what,
    value: speed('own'),
    unit: 'MiB/s',
    floor: { what: '@bufbuild/protobuf, and its messages as values of the engine', value: speed('floor') },
  };
}

function turnMs(rounds: number, work: () => number): number {
  const startedMs = performance.now();
  for (let round = 0; round < rounds; round++) sink += work();
  return performance.now() - startedMs;
}

function ours(bytes: Uint8Array): number {
  return decodeAppendInput(bytes, 'bad_proto').records.length;
}

/** Not as strict as ours is, and without the checks of values. */
function library(bytes: Uint8Array): number {
  return inputOfMessage(fromBinary(AppendInputSchema, bytes)).records.length;
}

function libraryBatch({ records }: Sample): number {
  const message = create(ReadBatchSchema, {
    records: records.map(({ seqNum, timestamp, headers, body }) =>
      create(SequencedRecordSchema, {
        seqNum: BigInt(seqNum),
        timestamp: BigInt(timestamp),
        headers: headers.map(({ name, value }) => ({ name: owned(name), value: owned(value) })),
        body: owned(body),
      }),
    ),
  });
  return toBinary(ReadBatchSchema, message).length;
}

/** The library's types insist on arrays over buffers of their own kind; these are. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
