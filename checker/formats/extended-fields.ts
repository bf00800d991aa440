/** Fields that starts and finishes of our own format share. */

import type { Json, JsonObject } from './json-scanner.ts';
import { objectOf, onlyKeys, RefusedLine, shown } from './line-fields.ts';

const U64_MAX = 2n ** 64n - 1n;

export function only(json: Json, known: readonly string[]): JsonObject {
  const object = objectOf(json, 'the body');
  onlyKeys(object, 'the body', known);
  return object;
}

/** `{"Name": body}` as the reader of that name takes it; null when no key is one of theirs. */
export function variantOf<T>(
  json: Json | undefined,
  what: string,
  readers: Readonly<Record<string, (body: Json) => T>>,
): T | null {
  if (!(json instanceof Map)) return null;
  for (const [name, body] of json as JsonObject) {
    if (!Object.hasOwn(readers, name)) continue;
    if (json.size > 1) throw new RefusedLine(`${what} must have exactly one key (${name}), not ${json.size}`);
    return readers[name]!(body);
  }
  return null;
}

export function textOf(json: Json | undefined, what: string): string | undefined {
  if (json === undefined || typeof json === 'string') return json;
  throw new RefusedLine(`${what} must be a string, not ${shown(json)}`);
}

/** Numbers, or strings of digits. */
export function hashesOf(json: Json | undefined, what: string): readonly bigint[] {
  if (!Array.isArray(json)) throw new RefusedLine(`${what} must be a list of hashes`);
  return (json as readonly Json[]).map(hashOf);
}

function hashOf(json: Json): bigint {
  const digits = typeof json === 'string' && /^(0|[1-9][0-9]{0,19})$/.test(json) ? BigInt(json) : json;
  const hash = typeof digits === 'number' ? BigInt(digits) : digits;
  if (typeof hash !== 'bigint' || hash > U64_MAX) throw new RefusedLine(`${shown(json)} is no hash from 0 to 2^64-1`);
  return hash;
}
