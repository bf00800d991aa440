/**
 * The S2 v1 API as one function from request to response. The route table is the whole surface; anything S2
 * has that is not in it answers 501, anything S2 does not have answers 404.
 */

import { basinNameProblem, streamNameProblem } from '../core/names.ts';
import type { Engine } from '../engine.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from '../ports.ts';
import { BadRequest, errorResponse } from './errors.ts';
import { append, checkTail, read, type StreamAddress } from './records.ts';
import { createBasin, createStream } from './resources.ts';

/** `engine` is asked for anew at every request: there may be none yet, or none any more. */
export function createApi(engine: () => Engine | null): HttpHandler {
  return async (request) => {
    try {
      return await route(engine(), request);
    } catch (error) {
      if (error instanceof BadRequest) return errorResponse(error.code, error.message);
      throw error;
    }
  };
}

async function route(engine: Engine | null, request: HttpRequest): Promise<HttpResponse> {
  const [path = '', queryText = ''] = splitOnce(request.target, '?');
  if (path === '/health' || path === '/ping') return only('GET', request, () => health(engine));
  const segments = path.split('/').slice(1);
  if (segments[0] !== 'v1') return empty(404);
  if (engine === null) return errorResponse('unavailable', 'the server is taking over the store; try again soon');
  if (engine.end?.kind === 'store-refused') return errorResponse('unavailable', engine.end.fault.message);

  switch (segments[1]) {
    case 'basins':
      return basins(engine, segments.slice(2), request);
    case 'streams':
      return streams(engine, segments.slice(2), queryText, request);
    case 'access-tokens':
    case 'locations':
    case 'metrics':
      return notImplemented(request);
    default:
      return empty(404);
  }
}

function basins(engine: Engine, rest: readonly string[], request: HttpRequest): Promise<HttpResponse> | HttpResponse {
  if (rest.length === 0 && request.method === 'POST') return createBasin(engine, request);
  if (rest.length > 1) return empty(404);
  return rest.length === 0 ? notImplemented(request, 'GET') : notImplemented(request, 'GET', 'PUT', 'PATCH', 'DELETE');
}

function streams(
  engine: Engine,
  rest: readonly string[],
  queryText: string,
  request: HttpRequest,
): Promise<HttpResponse> | HttpResponse {
  const [segment, kind, detail, ...more] = rest;
  if (more.length > 0 || (kind !== undefined && kind !== 'records')) return empty(404);
  const basin = basinOf(request);
  if (segment === undefined) {
    return request.method === 'POST' ? createStream(engine, basin, request) : notImplemented(request, 'GET', 'POST');
  }
  const at = { basin, stream: streamOf(segment) };
  if (kind === undefined) return notImplemented(request, 'GET', 'PUT', 'PATCH', 'DELETE');
  if (detail === 'tail') return only('GET', request, () => checkTail(engine, at));
  return detail === undefined ? records(engine, at, queryText, request) : empty(404);
}

function records(engine: Engine, at: StreamAddress, queryText: string, request: HttpRequest) {
  switch (request.method) {
    case 'GET':
      return read(engine, at, new URLSearchParams(queryText), request);
    case 'POST':
      return append(engine, at, request);
    default:
      return methodNotAllowed('GET', 'POST');
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

function basinOf(request: HttpRequest): string {
  const basin = request.headers.get('s2-basin');
  if (basin === undefined) throw new BadRequest('bad_header', 'Missing header `s2-basin`');
  const problem = basinNameProblem(basin);
  if (problem !== null) throw new BadRequest('bad_header', `Invalid header \`s2-basin\`: ${problem}`);
  return basin;
}

function streamOf(segment: string): string {
  let name: string;
  try {
    name = decodeURIComponent(segment);
  } catch {
    throw new BadRequest('bad_path', 'the stream name is not percent-encoded UTF-8');
  }
  const problem = streamNameProblem(name);
  if (problem !== null) throw new BadRequest('bad_path', problem);
  return name;
}

function only(method: string, request: HttpRequest, answer: () => Promise<HttpResponse> | HttpResponse) {
  return request.method === method ? answer() : methodNotAllowed(method);
}

/** S2 has the operation, this build does not: 501. A method S2 does not have either: 405. */
function notImplemented(request: HttpRequest, ...methods: readonly string[]): HttpResponse {
  if (methods.length > 0 && !methods.includes(request.method)) return methodNotAllowed(...methods);
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
