/**
 * Locations (API contract §1.14). A server is one place: there is one location, and it is the default. Basins are created
 * in it whatever location is asked for, and their info says so; only the default cannot be set to another one.
 */

import { locationProblem } from '../core/names.ts';
import type { HttpRequest, HttpResponse } from '../ports.ts';
import { BadRequest } from './errors.ts';
import { asText, readJson } from './json.ts';
import { jsonResponse } from './response.ts';

export const LOCATION = 'local';
const HERE = { name: LOCATION, is_private: true };

export function listLocations(): HttpResponse {
  return jsonResponse(200, [HERE]);
}

export function defaultLocation(): HttpResponse {
  return jsonResponse(200, HERE);
}

/** The body is the name as a JSON string. */
export async function setDefaultLocation(request: HttpRequest): Promise<HttpResponse> {
  const name = asText(await readJson(request), 'the request body');
  checkLocation(name);
  if (name === LOCATION) return defaultLocation();
  throw new BadRequest('invalid', `there is no location \`${name}\`; the only one is \`${LOCATION}\``);
}

/** Throws BadRequest for what is no name of a location. */
export function checkLocation(name: string | null): void {
  const problem = name === null ? null : locationProblem(name);
  if (problem !== null) throw new BadRequest('bad_json', problem);
}
