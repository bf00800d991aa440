/**
 * What stands on a line of a file, field by field: taken as it is meant, or refused with what was found and what was
 * expected. All formats made of JSON lines read their fields with these.
 */

import type { Json, JsonObject } from './json-scanner.ts';

/** The line is readable, but it is not what the format says. */
export class RefusedLine extends Error {}

export function objectOf(json: Json | undefined, what: string): JsonObject {
  if (!(json instanceof Map)) throw new RefusedLine(`${what} must be a JSON object, not ${shown(json)}`);
  return json as JsonObject;
}

export function onlyKeys(from: JsonObject, what: string, known: readonly string[]): void {
  for (const key of from.keys())
    if (!known.includes(key))
      throw new RefusedLine(`${what} has the unknown key ${JSON.stringify(key)}; expected ${known.join(', ')}`);
}

/**
 * A sequence number or an id. The format allows up to 2^64-1; we keep them as numbers, which are exact up to
 * 2^53-1 (some 285,000 years of records at a thousand a second), and refuse what we could only round.
 */
export function position(json: Json | undefined, what: string): number {
  if (typeof json === 'number') return json;
  if (typeof json === 'bigint')
    throw new RefusedLine(
      `${what} is ${json}; positions and ids above 2^53-1 (${Number.MAX_SAFE_INTEGER}) are not supported`,
    );
  throw new RefusedLine(`${what} must be a whole number from 0 to 2^53-1, not ${shown(json)}`);
}

export function isOddNumber(json: Json): json is { readonly numberText: string } {
  return typeof json === 'object' && json !== null && 'numberText' in json;
}

/** For messages. */
export function shown(json: Json | undefined): string {
  if (json === undefined) return 'nothing';
  if (isOddNumber(json)) return json.numberText;
  if (json === null || typeof json !== 'object') return typeof json === 'string' ? JSON.stringify(json) : String(json);
  return Array.isArray(json) ? 'a list' : 'an object';
}
