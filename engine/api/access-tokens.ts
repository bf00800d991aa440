/**
 * Access tokens (API contract §1.13): S2 has them, this server does not check any, so it issues none. What comes is parsed
 * all the same: a malformed request is told so, and a path S2 does not have is not found.
 */

import { accessTokenIdProblem } from '../core/names.ts';
import type { HttpRequest, HttpResponse } from '../ports.ts';
import { BadRequest, errorResponse } from './errors.ts';
import { asObject, readJsonObject, stringField } from './json.ts';
import { parseListQuery } from './list-query.ts';

export function listAccessTokens(query: URLSearchParams): HttpResponse {
  parseListQuery(query, (prefix) => (prefix === '' ? null : accessTokenIdProblem(prefix)));
  return notImplemented('listing access tokens');
}

export async function issueAccessToken(request: HttpRequest): Promise<HttpResponse> {
  const body = await readJsonObject(request);
  const problem = accessTokenIdProblem(stringField(body, 'id'));
  if (problem !== null) throw new BadRequest('bad_json', problem);
  asObject(body['scope'], 'field `scope`');
  return notImplemented('issuing access tokens');
}

export function revokeAccessToken(): HttpResponse {
  return notImplemented('revoking access tokens');
}

function notImplemented(what: string): HttpResponse {
  return errorResponse('not_implemented', `${what} is not implemented: this server does not check tokens`);
}
