/** Requests and responses as values: the API without a socket, for tests of status codes and exact bodies. */

import { type ApiOptions, createApi } from '../api/routes.ts';
import type { Engine } from '../engine.ts';
import type { HttpResponse } from '../ports.ts';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  /** The body: parsed when it says it is JSON, bytes when it says it is protobuf, text otherwise. */
  body: unknown;
}

export interface Ask {
  headers?: Record<string, string>;
  /** Sent as it is when text or bytes, as JSON otherwise; JSON content type unless the headers say another. */
  body?: unknown;
}

async function* chunksOf(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 4096) yield bytes.subarray(at, at + 4096);
}

async function bytesOf(response: HttpResponse): Promise<Uint8Array> {
  if (response.body instanceof Uint8Array) return response.body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

function encoded(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Asks `POST /v1/basins` and the like of an engine, all on one connection; header `s2-basin` only when given. */
export function apiOf(engine: Engine | null, options: ApiOptions = {}) {
  const handler = createApi(() => engine, options);
  const connection = {};
  return async (line: string, { headers = {}, body }: Ask = {}): Promise<Answer> => {
    const [method = '', target = ''] = line.split(' ');
    const all = { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers };
    const response = await handler({
      method,
      target,
      headers: new Map(Object.entries(all)),
      body: chunksOf(encoded(body)),
      connection,
    });
    const bytes = await bytesOf(response);
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: parsed(bytes, response.headers.get('content-type')),
    };
  };
}

function parsed(bytes: Uint8Array, type: string | undefined): unknown {
  if (type === 'application/protobuf') return bytes;
  const text = new TextDecoder().decode(bytes);
  return type === 'application/json' ? JSON.parse(text) : text;
}

/** An engine that answers every operation with one outcome, for outcomes that are hard to bring about. */
export function engineThatAnswers(outcome: unknown, end: Engine['end'] = null): Engine {
  const answer = () => Promise.resolve(outcome as never);
  return {
    createBasin: answer,
    ensureBasin: answer,
    reconfigureBasin: answer,
    basinConfig: answer,
    listBasins: answer,
    deleteBasin: answer,
    createStream: answer,
    ensureStream: answer,
    reconfigureStream: answer,
    streamConfig: answer,
    listStreams: answer,
    append: answer,
    appendSession: answer,
    read: answer,
    readSession: answer,
    checkTail: answer,
    authenticate: answer,
    issueToken: answer,
    revokeToken: answer,
    listTokens: answer,
    ensureRootToken: answer,
    drain: () => {},
    ended: new Promise(() => {}),
    end,
    stop: () => new Promise(() => {}),
    undurableBytes: 0,
    unflushedBytes: 0,
    state: { epoch: 1, slot: 0, hash: '' },
    deleteStream: answer,
    flush: answer,
    count: () => {},
    countIn: () => {},
    accountUsage: answer,
    basinUsage: answer,
    streamUsage: answer,
  };
}
