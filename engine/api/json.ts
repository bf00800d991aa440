/** JSON request bodies and the field checks they share. Unknown fields are ignored, null counts as absent. */

import type { HttpRequest } from '../ports.ts';
import { isWellFormed } from '../core/names.ts';
import { BadRequest } from './errors.ts';
import { hasJsonType } from './mime.ts';
import { readBody } from './request-body.ts';

export type JsonObject = Record<string, unknown>;

/** The request's body as an object. Throws BadRequest `bad_json`. */
export async function readJsonObject(request: HttpRequest): Promise<JsonObject> {
  return asObject(await readJson(request), 'the request body');
}

/** …and as whatever JSON it is. */
export async function readJson(request: HttpRequest): Promise<unknown> {
  return parse(await readJsonBytes(request));
}

/** As an object where a body may be left out: no content type, or nothing in it, is null. Throws BadRequest `bad_json`. */
export async function readOptionalJsonObject(request: HttpRequest): Promise<JsonObject | null> {
  if (request.headers.get('content-type') === undefined) return null;
  const bytes = await readJsonBytes(request);
  return bytes.length === 0 ? null : parseJsonObject(bytes);
}

/** Throws BadRequest `bad_json`. */
export function parseJsonObject(bytes: Uint8Array): JsonObject {
  return asObject(parse(bytes), 'the request body');
}

async function readJsonBytes(request: HttpRequest): Promise<Uint8Array> {
  if (!hasJsonType(request.headers)) {
    throw new BadRequest('bad_json', 'Expected request with `Content-Type: application/json`');
  }
  return readBody(request, 'bad_json');
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw new BadRequest('bad_json', `Failed to parse the request body as JSON: ${problemIn(error as Error)}`);
  }
}

/** V8 cites the text around a wrong character. Bodies hold records, which are in no answer that a proxy may log. */
function problemIn({ message }: Error): string {
  return message.replace(/, (?:\.{3})?".*$/s, '');
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

/** An unsigned integer, exact up to 2^53 - 1 (see u64.ts). JavaScript can not tell 1.0 from 1, so both are taken. */
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
