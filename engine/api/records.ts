/**
 * The records endpoints: append, read, check-tail (API contract §1.11, §4, §5), in JSON and protobuf. What is sent and what
 * is answered are written independently of each other (§1.5); errors are JSON always.
 */

import type { AppendInput } from '../core/admission.ts';
import type { Operations } from '../engine.ts';
import type { Compression, HttpRequest, HttpResponse } from '../ports.ts';
import { appendSession, type SessionMeans } from './append-session.ts';
import { appendRejection, rejection, unknownOutcome, unwritten } from './errors.ts';
import { RAW, type TextFormat, textFormat } from './format.ts';
import { withKey } from './headers.ts';
import { readJsonObject } from './json.ts';
import { appendProtocol, type BodyKind, readProtocol } from './mime.ts';
import { decodeAppendInput, encodeAppendAck } from './proto-messages.ts';
import { encodeReadBatch } from './proto-read-batch.ts';
import { parseReadQuery } from './read-query.ts';
import { readEvents, readFrames } from './read-session.ts';
import { ackJson, batchJson, parseAppendInput, positionJson } from './record-json.ts';
import { readBody } from './request-body.ts';
import { jsonResponse, protobufResponse } from './response.ts';

export interface StreamAddress {
  basin: string;
  stream: string;
}

export async function append(
  engine: Operations,
  at: StreamAddress,
  request: HttpRequest,
  means: SessionMeans,
): Promise<HttpResponse> {
  const protocol = appendProtocol(request.headers);
  if (protocol.kind === 'session') return appendSession(engine, at, request, means);
  const format = protocol.sent === 'protobuf' ? RAW : textFormat(request.headers);
  const outcome = await withKey(request.headers, async (key) => {
    const input = await readAppendInput(request, protocol.sent, format);
    return engine.append(at.basin, at.stream, input, key);
  });
  switch (outcome.kind) {
    case 'durable':
      return protocol.wanted === 'protobuf'
        ? protobufResponse(encodeAppendAck(outcome.ack))
        : jsonResponse(200, ackJson(outcome.ack));
    case 'rejected':
      return appendRejection(outcome.reason);
    case 'unknown':
      return unknownOutcome(outcome.message);
  }
}

export async function read(
  engine: Operations,
  at: StreamAddress,
  query: URLSearchParams,
  request: HttpRequest,
  compression: Compression | null,
): Promise<HttpResponse> {
  const input = parseReadQuery(query);
  const protocol = readProtocol(request.headers);
  if (protocol.kind === 'session') return readFrames(engine, at, input, request, compression);
  if (protocol.kind === 'events') return readEvents(engine, at, input, request);
  const format = protocol.wanted === 'protobuf' ? RAW : textFormat(request.headers);
  const outcome = await withKey(request.headers, (key) => engine.read(at.basin, at.stream, input, request.signal, key));
  switch (outcome.kind) {
    case 'batch':
      return protocol.wanted === 'protobuf'
        ? protobufResponse(encodeReadBatch(outcome.records, outcome.tail))
        : jsonResponse(200, batchJson(outcome.records, outcome.tail, format));
    case 'unwritten':
      return unwritten(outcome.tail);
    case 'rejected':
      return rejection(outcome.reason);
  }
}

export async function checkTail(engine: Operations, at: StreamAddress): Promise<HttpResponse> {
  const outcome = await engine.checkTail(at.basin, at.stream);
  return outcome.kind === 'tail' ? jsonResponse(200, { tail: positionJson(outcome.tail) }) : rejection(outcome.reason);
}

/** Headers were judged before the body. */
async function readAppendInput(request: HttpRequest, sent: BodyKind, format: TextFormat): Promise<AppendInput> {
  if (sent === 'protobuf') return decodeAppendInput(await readBody(request, 'bad_proto'), 'bad_proto');
  return parseAppendInput(await readJsonObject(request), format);
}
