/** The records endpoints: append, read, check-tail (API contract §1.11, §4, §5), in JSON. */

import type { AppendInput } from '../core/admission.ts';
import { fencingTokenProblem } from '../core/names.ts';
import type { StreamPosition } from '../core/position.ts';
import type { ReadInput, ReadStart } from '../core/read-plan.ts';
import { type AppendRecord, batchProblem, type Header, type SequencedRecord } from '../core/record.ts';
import type { Engine } from '../engine.ts';
import type { HttpRequest, HttpResponse } from '../ports.ts';
import { BadRequest, conditionFailed, rejection, unknownOutcome, unwritten } from './errors.ts';
import { type TextFormat, textFormat } from './format.ts';
import {
  asObject,
  asText,
  type JsonObject,
  optionalArray,
  optionalString,
  optionalU64,
  readJsonObject,
} from './json.ts';
import { firstMime, isProtobuf } from './mime.ts';
import { jsonResponse } from './response.ts';

const SESSION = 's2s/proto';
const EVENTS = 'text/event-stream';

export interface StreamAddress {
  basin: string;
  stream: string;
}

export async function append(engine: Engine, at: StreamAddress, request: HttpRequest): Promise<HttpResponse> {
  const [sent, wanted] = mimes(request);
  if (sent === SESSION || isProtobuf(sent)) throw otherProtocol(sent);
  if (isProtobuf(wanted)) throw otherProtocol(wanted);
  const format = textFormat(request.headers.get('s2-format'));
  const input = parseAppend(await readJsonObject(request), format);
  const outcome = await engine.append(at.basin, at.stream, input);
  switch (outcome.kind) {
    case 'durable':
      return jsonResponse(200, {
        start: position(outcome.ack.start),
        end: position(outcome.ack.end),
        tail: position(outcome.ack.tail),
      });
    case 'rejected':
      return isCondition(outcome.reason) ? conditionFailed(outcome.reason) : rejection(outcome.reason);
    case 'unknown':
      return unknownOutcome(outcome.message);
  }
}

export async function read(
  engine: Engine,
  at: StreamAddress,
  query: URLSearchParams,
  request: HttpRequest,
): Promise<HttpResponse> {
  const input = parseRead(query);
  const [sent, wanted] = mimes(request);
  if (sent === SESSION) throw otherProtocol(sent);
  if (wanted === EVENTS || isProtobuf(wanted)) throw otherProtocol(wanted);
  const format = textFormat(request.headers.get('s2-format'));
  const outcome = await engine.read(at.basin, at.stream, input);
  switch (outcome.kind) {
    case 'batch':
      return jsonResponse(200, { records: outcome.records.map((record) => recordJson(record, format)) });
    case 'unwritten':
      return unwritten(outcome.tail);
    case 'rejected':
      return rejection(outcome.reason);
  }
}

export async function checkTail(engine: Engine, at: StreamAddress): Promise<HttpResponse> {
  const outcome = await engine.checkTail(at.basin, at.stream);
  return outcome.kind === 'tail' ? jsonResponse(200, { tail: position(outcome.tail) }) : rejection(outcome.reason);
}

// --- requests --------------------------------------------------------------------------------------------

function parseAppend(body: JsonObject, format: TextFormat): AppendInput {
  const records = optionalArray(body, 'records');
  if (records === null) throw new BadRequest('bad_json', 'missing field `records`');
  const fencingToken = optionalString(body, 'fencing_token');
  const problem = fencingToken === null ? null : fencingTokenProblem(fencingToken);
  if (problem !== null) throw new BadRequest('bad_json', problem);
  const input: AppendInput = {
    records: records.map((record) => parseRecord(record, format)),
    matchSeqNum: optionalU64(body, 'match_seq_num'),
    fencingToken,
  };
  const invalid = batchProblem(input.records);
  if (invalid !== null) throw new BadRequest('invalid', invalid);
  return input;
}

function parseRecord(value: unknown, format: TextFormat): AppendRecord {
  const record = asObject(value, 'a record');
  return {
    timestamp: optionalU64(record, 'timestamp'),
    headers: (optionalArray(record, 'headers') ?? []).map((header) => parseHeader(header, format)),
    body: format.toBytes(optionalString(record, 'body') ?? ''),
  };
}

function parseHeader(value: unknown, format: TextFormat): Header {
  if (!Array.isArray(value) || value.length !== 2) {
    throw new BadRequest('bad_json', 'a header must be an array of two strings, name and value');
  }
  const [name, text] = [asText(value[0], 'a header name'), asText(value[1], 'a header value')];
  return { name: format.toBytes(name), value: format.toBytes(text) };
}

/** Everything is parsed before anything is refused as not implemented: a mistake is a mistake either way. */
function parseRead(query: URLSearchParams): ReadInput {
  const [seqNum, timestamp, offset] = [
    queryU64(query, 'seq_num'),
    queryU64(query, 'timestamp'),
    queryU64(query, 'tail_offset'),
  ];
  const [count, meteredBytes] = [queryU64(query, 'count'), queryU64(query, 'bytes')];
  const [until, waitS] = [queryU64(query, 'until'), queryU64(query, 'wait')];
  const clamp = query.get('clamp');
  if (clamp !== null && clamp !== 'true' && clamp !== 'false') {
    throw new BadRequest('bad_query', 'query parameter `clamp` must be `true` or `false`');
  }
  if ([seqNum, timestamp, offset].filter((start) => start !== null).length > 1) {
    throw new BadRequest('invalid', 'only one of seq_num, timestamp, or tail_offset can be provided');
  }
  if (until !== null) throw new BadRequest('not_implemented', 'reading `until` a timestamp is not implemented');
  if (waitS !== null && waitS > 0) throw new BadRequest('not_implemented', 'waiting reads are not implemented');
  return { start: readStart(seqNum, timestamp, offset), clamp: clamp === 'true', count, meteredBytes };
}

function readStart(seqNum: number | null, timestamp: number | null, offset: number | null): ReadStart {
  if (seqNum !== null) return { kind: 'seq-num', seqNum };
  if (timestamp !== null) return { kind: 'timestamp', timestamp };
  return { kind: 'tail-offset', offset: offset ?? 0 };
}

function queryU64(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null) return null;
  if (!/^\d{1,20}$/.test(text) || BigInt(text) >= 2n ** 64n) {
    throw new BadRequest('bad_query', `query parameter \`${name}\` must be an unsigned 64-bit integer`);
  }
  return Number(text);
}

/** What the body is and what the answer should be. */
function mimes(request: HttpRequest): [sent: string, wanted: string] {
  return [firstMime(request.headers.get('content-type')), firstMime(request.headers.get('accept'))];
}

/** Protobuf, SSE and S2S are told apart from mistakes: refused by name instead of answered with something else. */
function otherProtocol(mime: string): BadRequest {
  return new BadRequest('not_implemented', `\`${mime}\` is not implemented; use application/json`);
}

// --- responses -------------------------------------------------------------------------------------------

function position({ seqNum, timestamp }: StreamPosition) {
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

function isCondition(reason: { kind: string }): reason is Parameters<typeof conditionFailed>[0] {
  return reason.kind === 'seq-num-mismatch' || reason.kind === 'fencing-token-mismatch';
}
