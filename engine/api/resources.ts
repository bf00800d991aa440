/**
 * Creating basins and streams, deleting streams (API contract §1.9, §1.10, §3.4). Of configurations only a stream's
 * retention is implemented; the rest is refused.
 */

import type { CreateOutcome } from '../core/outcome.ts';
import { basinNameProblem, requestTokenProblem, streamNameProblem } from '../core/names.ts';
import type { BasinState, StreamState } from '../core/stream-state.ts';
import type { Engine } from '../engine.ts';
import type { HttpRequest, HttpResponse } from '../ports.ts';
import { BadRequest, errorResponse, rejection, unknownOutcome } from './errors.ts';
import { streamWish } from './config-json.ts';
import { asObject, type JsonObject, readJsonObject, stringField } from './json.ts';
import { jsonResponse } from './response.ts';

export async function createBasin(engine: Engine, request: HttpRequest): Promise<HttpResponse> {
  const requestToken = parseRequestToken(request);
  const body = await readJsonObject(request);
  const name = stringField(body, 'basin');
  refuse('bad_json', basinNameProblem(name));
  refuseConfig(body);
  const outcome = await engine.createBasin(name, requestToken);
  return created(outcome, `basin \`${name}\` already exists`, basinInfo);
}

export async function createStream(engine: Engine, basin: string, request: HttpRequest): Promise<HttpResponse> {
  const requestToken = parseRequestToken(request);
  const body = await readJsonObject(request);
  const name = stringField(body, 'stream');
  refuse('bad_json', streamNameProblem(name));
  const outcome = await engine.createStream(basin, name, requestToken, streamWish(body['config']));
  return created(outcome, `stream \`${name}\` in basin \`${basin}\` already exists`, streamInfo);
}

/** 202: the stream is gone for everybody, its bytes follow. */
export async function deleteStream(engine: Engine, at: { basin: string; stream: string }): Promise<HttpResponse> {
  const outcome = await engine.deleteStream(at.basin, at.stream);
  switch (outcome.kind) {
    case 'deleted':
      return { status: 202, headers: new Map(), body: new Uint8Array() };
    case 'rejected':
      return rejection(outcome.reason);
    case 'unknown':
      return unknownOutcome(outcome.message);
  }
}

function created<Row extends BasinState | StreamState>(
  outcome: CreateOutcome<Row>,
  existsMessage: string,
  info: (row: Row) => unknown,
): HttpResponse {
  switch (outcome.kind) {
    case 'created':
    case 'noop':
      return jsonResponse(201, info(outcome.row), [['s2-provision-result', outcome.kind]]);
    case 'exists':
      return errorResponse('resource_already_exists', existsMessage);
    case 'rejected':
      return rejection(outcome.reason);
    case 'unknown':
      return unknownOutcome(outcome.message);
  }
}

function basinInfo(basin: BasinState) {
  return {
    name: basin.name,
    location: null,
    created_at: rfc3339(basin.createdAtMs),
    deleted_at: null,
    state: 'active',
  };
}

function streamInfo(stream: StreamState) {
  return { name: stream.name, created_at: rfc3339(stream.createdAtMs), deleted_at: null, cipher: null };
}

/** Reads no clock: the argument is a stored time. */
function rfc3339(ms: number): string {
  // oxlint-disable-next-line no-restricted-globals -- formatting a given instant, not asking for the present
  return new Date(ms).toISOString();
}

function parseRequestToken(request: HttpRequest): string | null {
  const token = request.headers.get('s2-request-token');
  if (token === undefined) return null;
  const problem = requestTokenProblem(token);
  if (problem !== null) throw new BadRequest('bad_header', `Invalid header \`s2-request-token\`: ${problem}`);
  return token;
}

function refuse(code: 'bad_json', problem: string | null): void {
  if (problem !== null) throw new BadRequest(code, problem);
}

/** `config` with at most the field this build knows; anything else in it would be a promise not kept. */
function refuseConfig(body: JsonObject, known?: string): JsonObject {
  if (body['config'] === undefined || body['config'] === null) return {};
  const config = asObject(body['config'], 'field `config`');
  const unknown = Object.entries(config).find(([name, value]) => name !== known && value !== null);
  if (unknown !== undefined) {
    throw new BadRequest('not_implemented', `\`config.${unknown[0]}\` is not implemented; leave it out`);
  }
  return config;
}
