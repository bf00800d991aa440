/**
 * The S2 v1 API as one function from request to response. The route table is the whole surface; anything S2
 * has that is not in it answers 501, anything S2 does not have answers 404.
 */

import { basinNameProblem, streamNameProblem } from '../core/names.ts';
import type { Engine } from '../engine.ts';
import type { Compression, HttpHandler, HttpRequest, HttpResponse } from '../ports.ts';
import { createBasin, deleteBasin, ensureBasin, getBasin, listBasins, reconfigureBasin } from './basins.ts';
import { decodedRequest } from './content-encoding.ts';
import { BadRequest, errorResponse } from './errors.ts';
import { basinHeader } from './headers.ts';
import { defaultLocation, listLocations, setDefaultLocation } from './locations.ts';
import { append, checkTail, read } from './records.ts';
import { createStream, deleteStream, ensureStream, getStream, listStreams, reconfigureStream } from './streams.ts';

export interface ApiOptions {
  /** For bodies and frames that arrive compressed. Without it they are refused. */
  compression?: Compression;
}

/** `engine` is asked for anew at every request: there may be none yet, or none any more. */
export function createApi(engine: () => Engine | null, { compression }: ApiOptions = {}): HttpHandler {
  return async (request) => {
    try {
      const decoded = decodedRequest(request, compression ?? null);
      return 'status' in decoded ? decoded : await route(engine(), decoded, compression ?? null);
    } catch (error) {
      if (error instanceof BadRequest) return errorResponse(error.code, error.message);
      throw error;
    }
  };
}

/** The methods S2 has on each resource of a basin: anything else is 404 or 405 before a header is looked at. */
const STREAM_METHODS: ReadonlyMap<string, readonly string[]> = new Map([
  ['streams', ['GET', 'POST']],
  ['stream', ['GET', 'PUT', 'PATCH', 'DELETE']],
  ['stream/records', ['GET', 'POST']],
  ['stream/records/tail', ['GET']],
]);

async function route(
  engine: Engine | null,
  request: HttpRequest,
  compression: Compression | null,
): Promise<HttpResponse> {
  const [path = '', queryText = ''] = splitOnce(request.target, '?');
  if (path === '/health' || path === '/ping') return only('GET', request, () => health(engine));
  const segments = path.split('/').slice(1);
  if (segments[0] !== 'v1') return empty(404);
  if (engine === null) return notServing('the server is taking over the store; try again soon');
  if (engine.end?.kind === 'store-refused') return notServing(engine.end.fault.message);

  switch (segments[1]) {
    case 'basins':
      return basins(engine, segments.slice(2), queryText, request);
    case 'streams':
      return streams(engine, segments.slice(2), queryText, request, compression);
    case 'locations':
      return locations(segments.slice(2), request);
    case 'access-tokens':
    case 'metrics':
      return notImplemented(request);
    default:
      return empty(404);
  }
}

function basins(
  engine: Engine,
  rest: readonly string[],
  queryText: string,
  request: HttpRequest,
): Promise<HttpResponse> | HttpResponse {
  const [segment, ...more] = rest;
  if (more.length > 0) return empty(404);
  const methods = segment === undefined ? ['GET', 'POST'] : ['GET', 'PUT', 'PATCH', 'DELETE'];
  if (!methods.includes(request.method)) return methodNotAllowed(...methods);
  if (segment === undefined) {
    return request.method === 'POST'
      ? createBasin(engine, request)
      : listBasins(engine, new URLSearchParams(queryText));
  }
  const name = nameIn(segment, basinNameProblem);
  switch (request.method) {
    case 'PUT':
      return ensureBasin(engine, name, request);
    case 'PATCH':
      return reconfigureBasin(engine, name, request);
    case 'DELETE':
      return deleteBasin(engine, name);
    default:
      return getBasin(engine, name);
  }
}

function locations(rest: readonly string[], request: HttpRequest): Promise<HttpResponse> | HttpResponse {
  if (rest.length === 0) return only('GET', request, listLocations);
  if (rest.length > 1 || rest[0] !== 'default') return empty(404);
  if (request.method === 'PUT') return setDefaultLocation(request);
  return request.method === 'GET' ? defaultLocation() : methodNotAllowed('GET', 'PUT');
}

function streams(
  engine: Engine,
  rest: readonly string[],
  queryText: string,
  request: HttpRequest,
  compression: Compression | null,
): Promise<HttpResponse> | HttpResponse {
  const [segment, ...below] = rest;
  const resource = segment === undefined ? 'streams' : ['stream', ...below].join('/');
  const methods = STREAM_METHODS.get(resource);
  if (methods === undefined) return empty(404);
  if (!methods.includes(request.method)) return methodNotAllowed(...methods);
  const basin = basinHeader(request.headers);
  if (segment === undefined) {
    return request.method === 'POST'
      ? createStream(engine, basin, request)
      : listStreams(engine, basin, new URLSearchParams(queryText));
  }
  const at = { basin, stream: nameIn(segment, streamNameProblem) };
  if (resource === 'stream') return streamAsSuch(engine, at, request);
  if (resource === 'stream/records/tail') return checkTail(engine, at);
  return request.method === 'POST'
    ? append(engine, at, request, compression)
    : read(engine, at, new URLSearchParams(queryText), request, compression);
}

function streamAsSuch(engine: Engine, at: { basin: string; stream: string }, request: HttpRequest) {
  switch (request.method) {
    case 'PUT':
      return ensureStream(engine, at, request);
    case 'PATCH':
      return reconfigureStream(engine, at, request);
    case 'DELETE':
      return deleteStream(engine, at);
    default:
      return getStream(engine, at);
  }
}

function health(engine: Engine | null): HttpResponse {
  if (engine === null) return text(503, 'taking over the store');
  switch (engine.end?.kind) {
    case undefined:
      return text(200, 'OK');
    case 'fenced':
      return text(503, 'another server has taken over the store');
    case 'store-refused':
      return text(503, engine.end.fault.message);
    case 'stopped':
      return text(503, 'stopping');
  }
}

/** Nothing was begun, so the code is one that clients may retry without doubt. */
function notServing(message: string): HttpResponse {
  return errorResponse('hot_server', message);
}

/** The name in a path segment. Throws BadRequest `bad_path`. */
function nameIn(segment: string, problemOf: (name: string) => string | null): string {
  let name: string;
  try {
    name = decodeURIComponent(segment);
  } catch {
    throw new BadRequest('bad_path', 'the path is not percent-encoded UTF-8');
  }
  const problem = problemOf(name);
  if (problem !== null) throw new BadRequest('bad_path', problem);
  return name;
}

function only(method: string, request: HttpRequest, answer: () => Promise<HttpResponse> | HttpResponse) {
  return request.method === method ? answer() : methodNotAllowed(method);
}

/** S2 has the operation, this build does not. */
function notImplemented(request: HttpRequest): HttpResponse {
  return errorResponse('not_implemented', `${request.method} on this resource is not implemented`);
}

function methodNotAllowed(...allowed: readonly string[]): HttpResponse {
  return { status: 405, headers: new Map([['allow', allowed.join(', ')]]), body: new Uint8Array() };
}

function empty(status: number): HttpResponse {
  return { status, headers: new Map(), body: new Uint8Array() };
}

function text(status: number, body: string): HttpResponse {
  return { status, headers: new Map([['content-type', 'text/plain']]), body: new TextEncoder().encode(body) };
}

function splitOnce(value: string, separator: string): string[] {
  const at = value.indexOf(separator);
  return at < 0 ? [value] : [value.slice(0, at), value.slice(at + 1)];
}
