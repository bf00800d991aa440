/** Batches of records in JSON (API contract §1.11): what an append sends, what it gets back, what a read returns. */

import type { AppendInput } from '../core/admission.ts';
import { BATCH_RECORDS_MAX } from '../core/limits.ts';
import { fencingTokenProblem } from '../core/names.ts';
import type { AppendAck } from '../core/outcome.ts';
import type { StreamPosition } from '../core/position.ts';
import { type AppendRecord, batchProblem, type Header, type SequencedRecord } from '../core/record.ts';
import { BadRequest } from './errors.ts';
import type { TextFormat } from './format.ts';
import { asObject, asText, type JsonObject, optionalArray, optionalString, optionalU64 } from './json.ts';

/** Throws BadRequest: `bad_json` for a wrong shape or token, `invalid` for what no batch may be. */
export function parseAppendInput(body: JsonObject, format: TextFormat): AppendInput {
  const records = optionalArray(body, 'records');
  if (records === null) throw new BadRequest('bad_json', 'missing field `records`');
  // Before anything is made of them: a body has room for hundreds of thousands of empty records.
  if (records.length > BATCH_RECORDS_MAX)
    throw new BadRequest('invalid', `record batch must not exceed ${BATCH_RECORDS_MAX} records`);
  const fencingToken = optionalString(body, 'fencing_token');
  const problem = fencingToken === null ? null : fencingTokenProblem(fencingToken);
  if (problem !== null) throw new BadRequest('bad_json', problem);
  const matchSeqNum = optionalU64(body, 'match_seq_num');
  // The shape of the whole body comes before the meaning of any part of it: 400 before 422.
  const shaped = records.map(parseRecord);
  const input: AppendInput = { records: shaped.map((record) => record(format)), matchSeqNum, fencingToken };
  const invalid = batchProblem(input.records);
  if (invalid !== null) throw new BadRequest('invalid', invalid);
  return input;
}

export function ackJson({ start, end, tail }: AppendAck) {
  return { start: positionJson(start), end: positionJson(end), tail: positionJson(tail) };
}

/** `tail` is left out when it is not known. */
export function batchJson(records: readonly SequencedRecord[], tail: StreamPosition | null, format: TextFormat) {
  return {
    records: records.map((record) => recordJson(record, format)),
    ...(tail !== null && { tail: positionJson(tail) }),
  };
}

export function positionJson({ seqNum, timestamp }: StreamPosition) {
  return { seq_num: seqNum, timestamp };
}

/** Empty headers and bodies are left out. */
function recordJson(record: SequencedRecord, format: TextFormat) {
  return {
    seq_num: record.seqNum,
    timestamp: record.timestamp,
    ...(record.headers.length > 0 && {
      headers: record.headers.map(({ name, value }) => [format.toText(name), format.toText(value)]),
    }),
    ...(record.body.length > 0 && { body: format.toText(record.body) }),
  };
}

/** Checks shapes now and reads texts later. */
function parseRecord(value: unknown): (format: TextFormat) => AppendRecord {
  const record = asObject(value, 'a record');
  const timestamp = optionalU64(record, 'timestamp');
  const headers = (optionalArray(record, 'headers') ?? []).map(parseHeader);
  const body = optionalString(record, 'body') ?? '';
  return (format) => ({
    timestamp,
    headers: headers.map(([name, text]): Header => ({ name: format.toBytes(name), value: format.toBytes(text) })),
    body: format.toBytes(body),
  });
}

function parseHeader(value: unknown): [name: string, value: string] {
  if (!Array.isArray(value) || value.length !== 2) {
    throw new BadRequest('bad_json', 'a header must be an array of two strings, name and value');
  }
  return [asText(value[0], 'a header name'), asText(value[1], 'a header value')];
}
