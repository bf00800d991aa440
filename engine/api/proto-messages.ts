/**
 * The engine's values as protobuf messages and back (API contract §7): bytes in, values out, and the other way round.
 *
 * Presence matters: a condition of 0 or of the empty token is a condition. Decoded bodies and headers are views of the
 * input; what outlives the request has to be copied, as encoding a chunk does.
 */

import { create, toBinary } from '@bufbuild/protobuf';

import type { AppendInput } from '../core/admission.ts';
import { fencingTokenProblem } from '../core/names.ts';
import type { AppendAck } from '../core/outcome.ts';
import type { StreamPosition } from '../core/position.ts';
import { type AppendRecord, batchProblem } from '../core/record.ts';
import { BadRequest } from './errors.ts';
import { AppendAckSchema, StreamPositionSchema } from './proto/s2_pb.ts';
import { readAppendInput } from './proto-append-input.ts';
import { PAYLOAD_BYTES_MAX } from './s2s-frames.ts';
import { toU64 } from './u64.ts';

/** Room in a ReadBatch for what is not in the append of its only record: number, timestamp, lengths, and a tail. */
const READ_OVERHEAD_BYTES = 64;

/**
 * Throws BadRequest: `malformed` when the bytes are no such message (`bad_proto` for a body, `bad_frame` in a session),
 * `invalid` for what no batch may be.
 */
export function decodeAppendInput(bytes: Uint8Array, malformed: 'bad_proto' | 'bad_frame'): AppendInput {
  // Chunks may be of a class of their own, whose views would be, too.
  const input = parse(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), malformed);
  const { fencingToken } = input;
  const problem = (fencingToken === null ? null : fencingTokenProblem(fencingToken)) ?? batchProblem(input.records);
  if (problem !== null) throw new BadRequest('invalid', problem);
  // Every record that is taken can be given back by a session.
  if (input.records.some((record) => !fitsFrame(record))) {
    throw new BadRequest('invalid', 'record has more headers than a frame of a read session can hold');
  }
  return input;
}

export function encodeAppendAck({ start, end, tail }: AppendAck): Uint8Array {
  const message = create(AppendAckSchema, { start: position(start), end: position(end), tail: position(tail) });
  return toBinary(AppendAckSchema, message);
}

function parse(bytes: Uint8Array, malformed: 'bad_proto' | 'bad_frame'): AppendInput {
  try {
    return readAppendInput(bytes);
  } catch (error) {
    if (error instanceof BadRequest) throw error;
    throw new BadRequest(malformed, `the message can not be decoded: ${(error as Error).message}`);
  }
}

function position({ seqNum, timestamp }: StreamPosition) {
  return create(StreamPositionSchema, { seqNum: toU64(seqNum), timestamp: toU64(timestamp) });
}

/** Only a record of very many tiny headers does not: the format spends more on a header than S2's metering does. */
function fitsFrame({ headers, body }: AppendRecord): boolean {
  let bytes = READ_OVERHEAD_BYTES + fieldLength(body.length);
  for (const { name, value } of headers) bytes += prefixed(fieldLength(name.length) + fieldLength(value.length));
  return bytes <= PAYLOAD_BYTES_MAX;
}

/** Bytes of a field that is left out when it is empty. */
function fieldLength(length: number): number {
  return length === 0 ? 0 : prefixed(length);
}

/** `length` bytes with their tag and their length before them. */
function prefixed(length: number): number {
  return 1 + (length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x20_0000 ? 3 : 4) + length;
}
