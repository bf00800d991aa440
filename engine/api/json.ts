/** JSON request bodies and the field checks they share. Unknown fields are ignored, null counts as absent. */

import type { HttpRequest } from '../ports.ts';
import { REQUEST_BODY_BYTES_MAX } from '../core/limits.ts';
import { isWellFormed } from '../core/names.ts';
import { BadRequest } from './errors.ts';
import { firstMime, isJson } from './mime.ts';

export type JsonObject = Record<string, unknown>;

/** The request's body as an object. Throws BadRequest `bad_json`. */
export async function readJsonObject(request: HttpRequest): Promise<JsonObject> {
  if (!isJson(firstMime(request.headers.get('content-type')))) {
    throw new BadRequest('bad_json', 'Expected request with `Content-Type: application/json`');
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await readBody(request)));
  } catch (error) {
    if (error instanceof BadRequest) throw error;
    throw new BadRequest('bad_json', `Failed to parse the request body as JSON: ${(error as Error).message}`);
  }
  return asObject(value, 'the request body');
}

async function readBody(request: HttpRequest): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.length;
    if (length > REQUEST_BODY_BYTES_MAX) {
      throw new BadRequest('bad_json', `the request body exceeds ${REQUEST_BODY_BYTES_MAX} bytes`);
    }
    chunks.push(chunk);
  }
  if (chunks.length === 1 && chunks[0] !== undefined) return chunks[0];
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadRequest('bad_json', `${what} must be a JSON object`);
  }
  return value as JsonObject;
}

export function stringField(object: JsonObject, name: string): string {
  return asText(object[name], `field \`${name}\``);
}

/** Half a surrogate pair has no UTF-8, so it could not be stored as it is: refused like any JSON that is none. */
export function asText(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new BadRequest('bad_json', `${what} must be a string`);
  if (!isWellFormed(value)) throw new BadRequest('bad_json', `${what} contains half a surrogate pair`);
  return value;
}

export function optionalString(object: JsonObject, name: string): string | null {
  return object[name] === undefined || object[name] === null ? null : stringField(object, name);
}

/** An unsigned integer. Above 2^53 it is inexact, which no use of it here can tell from the exact value. */
export function optionalU64(object: JsonObject, name: string): number | null {
  const value = object[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 2 ** 64) {
    throw new BadRequest('bad_json', `field \`${name}\` must be an unsigned 64-bit integer`);
  }
  return value;
}

export function optionalArray(object: JsonObject, name: string): readonly unknown[] | null {
  const value = object[name];
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) throw new BadRequest('bad_json', `field \`${name}\` must be an array`);
  return value as unknown[];
}
