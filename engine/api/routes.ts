/**
 * The S2 v1 API as one function from request to response. The table of `endpoints.ts` is the whole surface; anything else is
 * 404, or 405 where there is another method. Where access tokens are checked, every request beyond that comes with one.
 *
 * Here operations are counted, by S2's names for them: every request that makes sense, whatever becomes of it. Appends are
 * not, because the log itself tells what was appended.
 */

import { accessTokenIdProblem, basinNameProblem, streamNameProblem } from '../core/names.ts';
import type { AccountFigure, CountedFigure } from '../core/usage.ts';
import type { Engine, Operations } from '../engine.ts';
import type { Compression, HttpHandler, HttpRequest, HttpResponse } from '../ports.ts';
import type { AccessControl } from './access-control.ts';
import { issueAccessToken, listAccessTokens, revokeAccessToken } from './access-tokens.ts';
import { type SessionMeans, sessionFrames } from './append-session.ts';
import { createBasin, deleteBasin, ensureBasin, getBasin, listBasins, reconfigureBasin } from './basins.ts';
import { type Endpoint, type EndpointName, placeOf } from './endpoints.ts';
import { BadRequest, errorResponse, rejection } from './errors.ts';
import type { GrantedTokens } from './granted-tokens.ts';
import { basinHeader } from './headers.ts';
import { defaultLocation, listLocations, setDefaultLocation } from './locations.ts';
import { readProtocol } from './mime.ts';
import { append, checkTail, read } from './records.ts';
import { decodedRequest } from './request-coding.ts';
import { codedResponse } from './response-coding.ts';
import { createStream, deleteStream, ensureStream, getStream, listStreams, reconfigureStream } from './streams.ts';
import { accountUsage, basinUsage, streamUsage } from './usage.ts';

export interface ApiOptions {
  /** For bodies and frames. Without it compressed ones are refused, and none is sent. */
  compression?: Compression;
  /** Without it nobody is asked for an access token, everybody may do everything, and there are no tokens. */
  access?: AccessControl;
}

/** What requests are served with. */
interface Means extends SessionMeans {
  access: AccessControl | null;
}

/** `engine` is asked for anew at every request: there may be none yet, or none any more. */
export function createApi(engine: () => Engine | null, { compression, access }: ApiOptions = {}): HttpHandler {
  const means: Means = { compression: compression ?? null, frames: sessionFrames(), access: access ?? null };
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

/** A request that was let in. */
interface Call {
  engine: Operations;
  /** Null where tokens are not checked. */
  tokens: GrantedTokens | null;
  request: HttpRequest;
  query: URLSearchParams;
  means: SessionMeans;
  /** The names in its path; a stream's basin is in a header. */
  basin: string;
  stream: string;
  id: string;
}

const HANDLERS: Readonly<Record<EndpointName, (call: Call) => Answer>> = {
  list_basins: ({ engine, query }) => listBasins(engine, query),
  create_basin: ({ engine, request }) => createBasin(engine, request),
  get_basin_config: ({ engine, basin }) => getBasin(engine, basin),
  ensure_basin: ({ engine, basin, request }) => ensureBasin(engine, basin, request),
  reconfigure_basin: ({ engine, basin, request }) => reconfigureBasin(engine, basin, request),
  delete_basin: ({ engine, basin }) => deleteBasin(engine, basin),

  list_streams: ({ engine, basin, query }) => listStreams(engine, basin, query),
  create_stream: ({ engine, basin, request }) => createStream(engine, basin, request),
  get_stream_config: (call) => getStream(call.engine, call),
  ensure_stream: (call) => ensureStream(call.engine, call, call.request),
  reconfigure_stream: (call) => reconfigureStream(call.engine, call, call.request),
  delete_stream: (call) => deleteStream(call.engine, call),

  read: (call) => read(call.engine, call, call.query, call.request, call.means.compression),
  append: (call) => append(call.engine, call, call.request, call.means),
  check_tail: (call) => checkTail(call.engine, call),

  list_access_tokens: ({ tokens, query }) => listAccessTokens(tokens, query),
  issue_access_token: ({ tokens, request }) => issueAccessToken(tokens, request),
  revoke_access_token: ({ tokens, id }) => revokeAccessToken(tokens, id),

  list_locations: ({ tokens }) => whileGood(tokens, listLocations()),
  get_default_location: ({ tokens }) => whileGood(tokens, defaultLocation()),
  set_default_location: async ({ tokens, request }) => whileGood(tokens, await setDefaultLocation(request)),

  account_metrics: ({ engine, query }) => accountUsage(engine, query),
  basin_metrics: ({ engine, basin, query }) => basinUsage(engine, basin, query),
  stream_metrics: (call) => streamUsage(call.engine, call, call.query),
};

/** An answer that says nothing of the store: whether the token still is good is asked all the same, as for any other. */
async function whileGood(tokens: GrantedTokens | null, answer: HttpResponse): Promise<HttpResponse> {
  const reason = tokens === null ? null : await tokens.refusal();
  return reason === null ? answer : rejection(reason);
}

async function route(engine: Engine | null, request: HttpRequest, means: Means): Promise<HttpResponse> {
  const [path = '', queryText = ''] = splitOnce(request.target, '?');
  if (path === '/health' || path === '/ping') {
    return request.method === 'GET' ? health(engine) : methodNotAllowed(['GET']);
  }
  const segments = path.split('/').slice(1);
  if (segments[0] !== 'v1') return empty(404);
  if (engine === null) return notServing('the server is taking over the store; try again soon');
  if (engine.end?.kind === 'store-refused') return notServing(engine.end.fault.message);

  const place = placeOf(segments);
  if (place === null) return empty(404);
  const endpoint = place.methods.get(request.method);
  if (endpoint === undefined) return methodNotAllowed([...place.methods.keys()]);
  const query = new URLSearchParams(queryText);
  const asked = { endpoint, named: place.named, query, means };
  if (means.access === null) return serve(asked, { engine, tokens: null, request });

  const admission = means.access.admit(engine, request, endpoint);
  // Most are judged at once, and a promise would cost each of them a turn.
  const admitted = admission instanceof Promise ? await admission : admission;
  if ('status' in admitted) return admitted;
  try {
    return admitted.answered(await serve(asked, admitted));
  } catch (error) {
    admitted.failed();
    throw error;
  }
}

/** What a request asks for. */
interface Asked {
  endpoint: Endpoint;
  named: ReadonlyMap<string, string>;
  query: URLSearchParams;
  means: SessionMeans;
}

/** Does what is asked for and counts it. What makes no sense never comes to an answer, and counts for nothing. */
async function serve(
  { endpoint, named, query, means }: Asked,
  { engine, tokens, request }: Pick<Call, 'engine' | 'tokens' | 'request'>,
): Promise<HttpResponse> {
  const isInBasin = endpoint.path.startsWith('/v1/streams');
  const basin = isInBasin ? basinHeader(request.headers) : nameIn(named.get('basin'), basinNameProblem);
  const stream = nameIn(named.get('stream'), streamNameProblem);
  const id = nameIn(named.get('id'), accessTokenIdProblem);
  // Field by field: to spread objects took a tenth of a small append.
  const response = await HANDLERS[endpoint.name]({ engine, tokens, request, query, means, basin, stream, id });
  // Who may not ask changes nothing, not even a count.
  if (response.status === 401 || response.status === 403) return response;
  if (!isInBasin) engine.count(endpoint.needs[0] as AccountFigure);
  else if (endpoint.name !== 'append') engine.countIn(basin, figureOf(endpoint, request));
  return response;
}

/** As what a request in a basin counts. */
function figureOf({ name, needs }: Endpoint, { headers }: HttpRequest): Exclude<CountedFigure, 'read-bytes'> {
  if (name === 'read') return readProtocol(headers).kind === 'unary' ? 'reads-unary' : 'reads-streaming';
  return needs[0] as Exclude<CountedFigure, 'read-bytes'>;
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

/** The name in a path segment; nothing where there is none. Throws BadRequest `bad_path`. */
function nameIn(segment: string | undefined, problemOf: (name: string) => string | null): string {
  if (segment === undefined) return '';
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
