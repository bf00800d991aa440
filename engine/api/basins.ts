/** Basins: list, create, ensure, get, reconfigure, delete (API contract §1.9, §3.2-§3.5). */

import { basinNameProblem, basinPrefixProblem } from '../core/names.ts';
import type { BasinState } from '../core/stream-state.ts';
import type { Operations } from '../engine.ts';
import type { HttpRequest, HttpResponse } from '../ports.ts';
import { basinConfigJson, basinPatch, basinWish } from './config-json.ts';
import { BadRequest } from './errors.ts';
import { requestTokenHeader } from './headers.ts';
import { type JsonObject, optionalString, readJsonObject, readOptionalJsonObject, stringField } from './json.ts';
import { parseListQuery } from './list-query.ts';
import { checkLocation, LOCATION } from './locations.ts';
import { configured, created, deleted, ensured, listed, rfc3339 } from './resources.ts';

export async function listBasins(engine: Operations, query: URLSearchParams): Promise<HttpResponse> {
  return listed('basins', await engine.listBasins(parseListQuery(query, basinPrefixProblem)), basinInfo);
}

export async function createBasin(engine: Operations, request: HttpRequest): Promise<HttpResponse> {
  const requestToken = requestTokenHeader(request.headers);
  const body = await readJsonObject(request);
  const name = stringField(body, 'basin');
  const problem = basinNameProblem(name);
  if (problem !== null) throw new BadRequest('bad_json', problem);
  const outcome = await engine.createBasin(name, requestToken, configOf(body));
  return created(outcome, `basin \`${name}\` already exists`, basinInfo);
}

export async function ensureBasin(engine: Operations, name: string, request: HttpRequest): Promise<HttpResponse> {
  const body = (await readOptionalJsonObject(request)) ?? {};
  return ensured(await engine.ensureBasin(name, configOf(body)), basinInfo);
}

export async function getBasin(engine: Operations, name: string): Promise<HttpResponse> {
  return configured(await engine.basinConfig(name), basinConfigJson);
}

export async function reconfigureBasin(engine: Operations, name: string, request: HttpRequest): Promise<HttpResponse> {
  const patch = basinPatch(await readJsonObject(request));
  return configured(await engine.reconfigureBasin(name, patch), basinConfigJson);
}

export async function deleteBasin(engine: Operations, name: string): Promise<HttpResponse> {
  return deleted(await engine.deleteBasin(name));
}

function configOf(body: JsonObject) {
  const config = basinWish(body['config']);
  checkLocation(optionalString(body, 'location'));
  return config;
}

function basinInfo(basin: BasinState) {
  return {
    name: basin.name,
    location: LOCATION,
    created_at: rfc3339(basin.createdAtMs),
    deleted_at: basin.deletedAtMs === null ? null : rfc3339(basin.deletedAtMs),
    state: basin.deletedAtMs === null ? 'active' : 'deleting',
  };
}
