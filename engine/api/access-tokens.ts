/**
 * Access tokens (API contract §1.13): bodies in, infos out. Where tokens are not checked there are none to speak of: what
 * is asked is parsed all the same, so that a malformed request is told so, and then is 501.
 */

import { type NameSet, type TokenState, type TokenWish, wishProblem } from '../core/access.ts';
import {
  accessTokenIdProblem,
  accessTokenPrefixProblem,
  basinNameProblem,
  basinPrefixProblem,
  streamNameProblem,
  streamPrefixProblem,
} from '../core/names.ts';
import {
  type Access,
  type Group,
  groupBit,
  GROUPS,
  type GroupSet,
  type Operation,
  OPERATIONS,
  operationSet,
  operationsIn,
} from '../core/operations.ts';
import type { HttpRequest, HttpResponse } from '../ports.ts';
import { BadRequest, errorResponse, rejection, unknownOutcome } from './errors.ts';
import type { GrantedTokens } from './granted-tokens.ts';
import { asObject, type JsonObject, optionalArray, optionalString, readJsonObject, stringField } from './json.ts';
import { parseListQuery } from './list-query.ts';
import { parseRfc3339, rfc3339 } from './resources.ts';
import { jsonResponse } from './response.ts';

type Problem = (name: string) => string | null;

/** Where there are tokens. */
type Tokens = GrantedTokens | null;

export async function listAccessTokens(tokens: Tokens, query: URLSearchParams): Promise<HttpResponse> {
  const parsed = parseListQuery(query, accessTokenPrefixProblem);
  if (tokens === null) return notImplemented('listing access tokens');
  const outcome = await tokens.list(parsed);
  if (outcome.kind === 'rejected') return rejection(outcome.reason);
  const { rows, hasMore } = outcome.page;
  return jsonResponse(200, { access_tokens: rows.map(tokenInfo), has_more: hasMore });
}

/** 201 with the secret, which is told this once. */
export async function issueAccessToken(tokens: Tokens, request: HttpRequest): Promise<HttpResponse> {
  const wish = parseWish(await readJsonObject(request));
  if (tokens === null) return notImplemented('issuing access tokens');
  const problem = wishProblem(wish);
  if (problem !== null) return errorResponse('invalid', problem);
  const outcome = await tokens.issue(wish);
  switch (outcome.kind) {
    case 'issued':
      return jsonResponse(201, { access_token: outcome.secret }, [['cache-control', 'no-store']]);
    case 'exists':
      return errorResponse('resource_already_exists', `access token \`${wish.id}\` already exists`);
    case 'past':
      return errorResponse('invalid', 'field `expires_at` must be in the future');
    case 'full':
      return errorResponse('quota_exhausted', 'there are as many access tokens as there may be; revoke some');
    case 'rejected':
      return rejection(outcome.reason);
    case 'unknown':
      return unknownOutcome(outcome.message);
  }
}

/** 204 once it is durable. */
export async function revokeAccessToken(tokens: Tokens, id: string): Promise<HttpResponse> {
  if (tokens === null) return notImplemented('revoking access tokens');
  const outcome = await tokens.revoke(id);
  switch (outcome.kind) {
    case 'revoked':
      return { status: 204, headers: new Map(), body: new Uint8Array() };
    case 'rejected':
      return rejection(outcome.reason);
    case 'unknown':
      return unknownOutcome(outcome.message);
  }
}

function notImplemented(what: string): HttpResponse {
  const message = `${what} is not implemented: this server does not check tokens (--auth on does)`;
  return errorResponse('not_implemented', message);
}

// --- bodies ----------------------------------------------------------------------------------------------------

function parseWish(body: JsonObject): TokenWish {
  const id = named(stringField(body, 'id'), accessTokenIdProblem);
  const scope = asObject(body['scope'], 'field `scope`');
  const set = (field: string, exact: Problem, prefix: Problem) => parseNames(scope[field], field, exact, prefix);
  return {
    id,
    expiresAtMs: parseExpiry(optionalString(body, 'expires_at')),
    autoPrefixStreams: flag(body, 'auto_prefix_streams'),
    scope: {
      basins: set('basins', basinNameProblem, basinPrefixProblem),
      streams: set('streams', streamNameProblem, streamPrefixProblem),
      accessTokens: set('access_tokens', accessTokenIdProblem, accessTokenPrefixProblem),
      groups: parseGroups(scope['op_groups']),
      operations: operationSet((optionalArray(scope, 'ops') ?? []).map(parseOperation)),
    },
  };
}

/** One of `{"exact": name}` and `{"prefix": beginning}`. */
function parseNames(value: unknown, field: string, exactProblem: Problem, prefixOnlyProblem: Problem): NameSet {
  if (value === undefined || value === null) return null;
  const set = asObject(value, `field \`${field}\``);
  const [kind, ...more] = Object.keys(set);
  if (more.length > 0 || (kind !== 'exact' && kind !== 'prefix')) {
    throw new BadRequest('bad_json', `field \`${field}\` must have one key, \`exact\` or \`prefix\``);
  }
  const name = stringField(set, kind);
  if (kind === 'prefix') return { prefix: named(name, prefixOnlyProblem) };
  return { exact: name === '' ? name : named(name, exactProblem) };
}

function parseGroups(value: unknown): GroupSet {
  if (value === undefined || value === null) return 0;
  const groups = asObject(value, 'field `op_groups`');
  let set = 0;
  for (const group of GROUPS) {
    if (groups[group] === undefined || groups[group] === null) continue;
    const permissions = asObject(groups[group], `field \`${group}\``);
    for (const access of ACCESSES) if (flag(permissions, access)) set |= groupBit(group, access);
  }
  return set;
}

const ACCESSES: readonly Access[] = ['read', 'write'];

/** Of what makes no sense, so much is said back. Longer than any operation's name. */
const SAID_LENGTH_MAX = 64;

function parseOperation(value: unknown): Operation {
  if (typeof value === 'string' && Object.hasOwn(OPERATIONS, value)) return value as Operation;
  const said = JSON.stringify(value);
  const shown = said.length > SAID_LENGTH_MAX ? `${said.slice(0, SAID_LENGTH_MAX)}…` : said;
  throw new BadRequest('bad_json', `field \`ops\`: there is no operation ${shown}`);
}

function parseExpiry(text: string | null): number | null {
  const ms = text === null ? null : parseRfc3339(text);
  if (text !== null && ms === null)
    throw new BadRequest('bad_json', 'field `expires_at` must be a time as in RFC 3339');
  return ms;
}

function flag(object: JsonObject, name: string): boolean {
  const value = object[name];
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  throw new BadRequest('bad_json', `field \`${name}\` must be true or false`);
}

function named(name: string, problemOf: Problem): string {
  const problem = problemOf(name);
  if (problem !== null) throw new BadRequest('bad_json', problem);
  return name;
}

function tokenInfo({ id, expiresAtMs, autoPrefixStreams, scope }: TokenState) {
  return {
    id,
    expires_at: expiresAtMs === null ? null : rfc3339(expiresAtMs),
    auto_prefix_streams: autoPrefixStreams,
    scope: {
      basins: scope.basins,
      streams: scope.streams,
      access_tokens: scope.accessTokens,
      op_groups: Object.fromEntries(GROUPS.map((group) => [group, permissions(scope.groups, group)])),
      ops: operationsIn(scope.operations),
    },
  };
}

function permissions(groups: GroupSet, group: Group) {
  return { read: (groups & groupBit(group, 'read')) !== 0, write: (groups & groupBit(group, 'write')) !== 0 };
}
