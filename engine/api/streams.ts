/** Streams as such: list, create, ensure, get, reconfigure, delete (API contract §1.10, §3.1-§3.6). */

import { streamNameProblem, streamPrefixProblem } from '../core/names.ts';
import type { StreamState } from '../core/stream-state.ts';
import type { Operations } from '../engine.ts';
import type { HttpRequest, HttpResponse } from '../ports.ts';
import { streamConfigJson, streamPatch, streamWish } from './config-json.ts';
import { BadRequest } from './errors.ts';
import { requestTokenHeader } from './headers.ts';
import { readJsonObject, readOptionalJsonObject, stringField } from './json.ts';
import { parseListQuery } from './list-query.ts';
import { configured, created, deleted, ensured, listed, rfc3339 } from './resources.ts';

interface StreamPlace {
  basin: string;
  stream: string;
}

export async function listStreams(engine: Operations, basin: string, query: URLSearchParams): Promise<HttpResponse> {
  const page = await engine.listStreams(basin, parseListQuery(query, streamPrefixProblem));
  return listed('streams', page, streamInfo);
}

export async function createStream(engine: Operations, basin: string, request: HttpRequest): Promise<HttpResponse> {
  const requestToken = requestTokenHeader(request.headers);
  const body = await readJsonObject(request);
  const name = stringField(body, 'stream');
  const problem = streamNameProblem(name);
  if (problem !== null) throw new BadRequest('bad_json', problem);
  const outcome = await engine.createStream(basin, name, requestToken, streamWish(body['config']));
  return created(outcome, `stream \`${name}\` in basin \`${basin}\` already exists`, streamInfo);
}

/** The body is the configuration itself. */
export async function ensureStream(engine: Operations, at: StreamPlace, request: HttpRequest): Promise<HttpResponse> {
  const wish = streamWish(await readOptionalJsonObject(request));
  return ensured(await engine.ensureStream(at.basin, at.stream, wish), streamInfo);
}

export async function getStream(engine: Operations, at: StreamPlace): Promise<HttpResponse> {
  return configured(await engine.streamConfig(at.basin, at.stream), streamConfigJson);
}

export async function reconfigureStream(
  engine: Operations,
  at: StreamPlace,
  request: HttpRequest,
): Promise<HttpResponse> {
  const patch = streamPatch(await readJsonObject(request));
  return configured(await engine.reconfigureStream(at.basin, at.stream, patch), streamConfigJson);
}

/** 202: the stream is gone for everybody, its name and its bytes follow. */
export async function deleteStream(engine: Operations, at: StreamPlace): Promise<HttpResponse> {
  return deleted(await engine.deleteStream(at.basin, at.stream));
}

function streamInfo(stream: StreamState) {
  return {
    name: stream.name,
    created_at: rfc3339(stream.createdAtMs),
    deleted_at: stream.deletedAtMs === null ? null : rfc3339(stream.deletedAtMs),
    cipher: stream.cipher,
  };
}
