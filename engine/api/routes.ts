/**
 * The S2 v1 API as one function from request to response. The route tables are the whole surface; anything S2 has that is
 * not implemented answers 501, anything S2 does not have answers 404, or 405 where it has another method.
 *
 * Here operations are counted, by S2's names for them: every request that makes sense, whatever becomes of it. Appends are
 * not, because the log itself tells what was appended.
 */

import { accessTokenIdProblem, basinNameProblem, streamNameProblem } from '../core/names.ts';
import type { AccountFigure, CountedFigure } from '../core/usage.ts';
import type { Engine } from '../engine.ts';
import type { Compression, HttpHandler, HttpRequest, HttpResponse } from '../ports.ts';
import { type SessionMeans, sessionFrames } from './append-session.ts';
import { issueAccessToken, listAccessTokens, revokeAccessToken } from './access-tokens.ts';
import { createBasin, deleteBasin, ensureBasin, getBasin, listBasins, reconfigureBasin } from './basins.ts';
import { decodedRequest } from './request-coding.ts';
import { BadRequest, errorResponse } from './errors.ts';
import { basinHeader } from './headers.ts';
import { defaultLocation, listLocations, setDefaultLocation } from './locations.ts';
import { readProtocol } from './mime.ts';
import { append, checkTail, read } from './records.ts';
import { codedResponse } from './response-coding.ts';
import { createStream, deleteStream, ensureStream, getStream, listStreams, reconfigureStream } from './streams.ts';
import { accountUsage, basinUsage, streamUsage } from './usage.ts';

export interface ApiOptions {
  /** For bodies and frames. Without it compressed ones are refused, and none is sent. */
  compression?: Compression;
}

/** `engine` is asked for anew at every request: there may be none yet, or none any more. */
export function createApi(engine: () => Engine | null, { compression }: ApiOptions = {}): HttpHandler {
  const means: SessionMeans = { compression: compression ?? null, frames: sessionFrames() };
  return async (request) => {
    try {
      const decoded = decodedRequest(request, means.compression);
      if ('status' in decoded) return decoded;
      return codedResponse(request, await route(engine(), decoded, means), means.compression);
    } catch (error) {
      if (error instanceof BadRequest) return errorResponse(error.code, error.message);
      throw error;
    }
  };
}

type Answer = Promise<HttpResponse> | HttpResponse;

/** What a request to a resource of the account is called, by method. */
type AccountOperations = Readonly<Record<string, AccountFigure>>;

const BASINS: AccountOperations = { GET: 'list-basins', POST: 'create-basin' };
const BASIN: AccountOperations = {
  GET: 'get-basin-config',
  PUT: 'create-basin',
  PATCH: 'reconfigure-basin',
  DELETE: 'delete-basin',
};
const LOCATIONS: AccountOperations = { GET: 'list-locations' };
const DEFAULT_LOCATION: AccountOperations = { GET: 'get-default-location', PUT: 'set-default-location' };
const ACCESS_TOKENS: AccountOperations = { GET: 'list-access-tokens', POST: 'issue-access-token' };
const ACCESS_TOKEN: AccountOperations = { DELETE: 'revoke-access-token' };

/** The same for each resource of a basin: anything else is 404 or 405 before a header is looked at. */
const STREAMS: ReadonlyMap<string, Readonly<Record<string, CountedFigure | 'append' | 'read'>>> = new Map([
  ['streams', { GET: 'list-streams', POST: 'create-stream' }],
  ['stream', { GET: 'get-stream-config', PUT: 'create-stream', PATCH: 'reconfigure-stream', DELETE: 'delete-stream' }],
  ['stream/records', { GET: 'read', POST: 'append' }],
  ['stream/records/tail', { GET: 'check-tail' }],
]);

async function route(engine: Engine | null, request: HttpRequest, means: SessionMeans): Promise<HttpResponse> {
  const [path = '', queryText = ''] = splitOnce(request.target, '?');
  if (path === '/health' || path === '/ping') {
    return request.method === 'GET' ? health(engine) : methodNotAllowed(['GET']);
  }
  const segments = path.split('/').slice(1);
  if (segments[0] !== 'v1') return empty(404);
  if (engine === null) return notServing('the server is taking over the store; try again soon');
  if (engine.end?.kind === 'store-refused') return notServing(engine.end.fault.message);

  const rest = segments.slice(2);
  const query = new URLSearchParams(queryText);
  switch (segments[1]) {
    case 'basins':
      return basins(engine, rest, query, request);
    case 'streams':
      return streams(engine, rest, query, request, means);
    case 'locations':
      return locations(engine, rest, request);
    case 'access-tokens':
      return accessTokens(engine, rest, query, request);
    case 'metrics':
      return metrics(engine, rest, query, request);
    default:
      return empty(404);
  }
}

function basins(engine: Engine, rest: readonly string[], query: URLSearchParams, request: HttpRequest): Answer {
  const [segment, ...more] = rest;
  if (more.length > 0) return empty(404);
  return accountOperation(engine, segment === undefined ? BASINS : BASIN, request, (operation) => {
    if (operation === 'list-basins') return listBasins(engine, query);
    if (segment === undefined) return createBasin(engine, request);
    const name = nameIn(segment, basinNameProblem);
    switch (operation) {
      case 'create-basin':
        return ensureBasin(engine, name, request);
      case 'reconfigure-basin':
        return reconfigureBasin(engine, name, request);
      case 'delete-basin':
        return deleteBasin(engine, name);
      default:
        return getBasin(engine, name);
    }
  });
}

function locations(engine: Engine, rest: readonly string[], request: HttpRequest): Answer {
  if (rest.length === 0) return accountOperation(engine, LOCATIONS, request, listLocations);
  if (rest.length > 1 || rest[0] !== 'default') return empty(404);
  return accountOperation(engine, DEFAULT_LOCATION, request, (operation) =>
    operation === 'set-default-location' ? setDefaultLocation(request) : defaultLocation(),
  );
}

function accessTokens(engine: Engine, rest: readonly string[], query: URLSearchParams, request: HttpRequest): Answer {
  const [segment, ...more] = rest;
  if (more.length > 0) return empty(404);
  return accountOperation(engine, segment === undefined ? ACCESS_TOKENS : ACCESS_TOKEN, request, (operation) => {
    if (segment !== undefined) nameIn(segment, accessTokenIdProblem);
    if (operation === 'list-access-tokens') return listAccessTokens(query);
    return operation === 'issue-access-token' ? issueAccessToken(request) : revokeAccessToken();
  });
}

function metrics(engine: Engine, rest: readonly string[], query: URLSearchParams, request: HttpRequest): Answer {
  const [basin, stream, ...more] = rest;
  if (more.length > 0) return empty(404);
  if (basin === undefined) {
    return accountOperation(engine, { GET: 'account-metrics' }, request, () => accountUsage(engine, query));
  }
  const operations: AccountOperations = { GET: stream === undefined ? 'basin-metrics' : 'stream-metrics' };
  return accountOperation(engine, operations, request, () => {
    const name = nameIn(basin, basinNameProblem);
    if (stream === undefined) return basinUsage(engine, name, query);
    return streamUsage(engine, { basin: name, stream: nameIn(stream, streamNameProblem) }, query);
  });
}

function streams(
  engine: Engine,
  rest: readonly string[],
  query: URLSearchParams,
  request: HttpRequest,
  means: SessionMeans,
): Answer {
  const [segment, ...below] = rest;
  const operations = STREAMS.get(segment === undefined ? 'streams' : ['stream', ...below].join('/'));
  if (operations === undefined) return empty(404);
  const operation = operations[request.method];
  if (operation === undefined) return methodNotAllowed(Object.keys(operations));
  const basin = basinHeader(request.headers);
  const counted = (figure: Exclude<CountedFigure, 'read-bytes'>, answer: Answer) =>
    counting(answer, () => engine.countIn(basin, figure));
  if (segment === undefined) {
    return request.method === 'POST'
      ? counted('create-stream', createStream(engine, basin, request))
      : counted('list-streams', listStreams(engine, basin, query));
  }
  const at = { basin, stream: nameIn(segment, streamNameProblem) };
  switch (operation) {
    case 'append':
      return append(engine, at, request, means);
    case 'read':
      return counted(
        readProtocol(request.headers).kind === 'unary' ? 'reads-unary' : 'reads-streaming',
        read(engine, at, query, request, means.compression),
      );
    case 'check-tail':
      return counted(operation, checkTail(engine, at));
    case 'create-stream':
      return counted(operation, ensureStream(engine, at, request));
    case 'reconfigure-stream':
      return counted(operation, reconfigureStream(engine, at, request));
    case 'delete-stream':
      return counted(operation, deleteStream(engine, at));
    default:
      return counted('get-stream-config', getStream(engine, at));
  }
}

/** Does what the method asks for and counts it, or answers 405. */
function accountOperation(
  engine: Engine,
  operations: AccountOperations,
  request: HttpRequest,
  answer: (operation: AccountFigure) => Answer,
): Answer {
  const operation = operations[request.method];
  if (operation === undefined) return methodNotAllowed(Object.keys(operations));
  return counting(answer(operation), () => engine.count(operation));
}

/** What makes no sense never comes to an answer, and counts for nothing. */
async function counting(answer: Answer, count: () => void): Promise<HttpResponse> {
  const response = await answer;
  count();
  return response;
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

function methodNotAllowed(allowed: readonly string[]): HttpResponse {
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
