/**
 * Request headers of S2 (API contract §1.4), parsed once and refused as `bad_header` in its words. Names are lower case;
 * a value is as it was on the wire, one character a byte.
 */

import { EncryptionKey } from '../core/encryption-key.ts';
import { basinNameProblem, requestTokenProblem } from '../core/names.ts';
import type { HttpRequest, HttpResponse } from '../ports.ts';
import { BadRequest } from './errors.ts';

type Headers = HttpRequest['headers'];

/** Length of the base64 text of a 32-byte key, which is the longest a key header may be. */
const KEY_TEXT_LENGTH_MAX = 44;

/** `s2-basin`, which every stream and record endpoint needs. */
export function basinHeader(headers: Headers): string {
  const basin = headerText(headers, 's2-basin');
  if (basin === null) throw new BadRequest('bad_header', 'Missing header `s2-basin`');
  const problem = basinNameProblem(basin);
  if (problem !== null) throw invalidHeader('s2-basin', problem);
  return basin;
}

/** `s2-request-token`: makes a creation repeatable. Null when there is none. */
export function requestTokenHeader(headers: Headers): string | null {
  const token = headerText(headers, 's2-request-token');
  const problem = token === null ? null : requestTokenProblem(token);
  if (problem !== null) throw invalidHeader('s2-request-token', problem);
  return token;
}

/**
 * `s2-encryption-key`, trimmed, or null. Refused for any stream when no key can have this length; whether it is a key is
 * asked only by streams that need one (§8). Who takes it erases it when the request is over.
 */
function encryptionKeyHeader(headers: Headers): EncryptionKey | null {
  const key = headerText(headers, 's2-encryption-key')?.trim() ?? null;
  if (key !== null && (key.length === 0 || key.length > KEY_TEXT_LENGTH_MAX)) {
    const reason = `invalid encryption key: key material length ${key.length} is out of range`;
    throw invalidHeader('s2-encryption-key', reason);
  }
  return key === null ? null : new EncryptionKey(key);
}

/** Hands the key of a request to `use`, and erases it when that is over. */
export async function withKey<Result>(
  headers: Headers,
  use: (key: EncryptionKey | null) => Promise<Result>,
): Promise<Result> {
  const key = encryptionKeyHeader(headers);
  try {
    return await use(key);
  } finally {
    key?.erase();
  }
}

/**
 * As `withKey`, for answers that may go on: the key is erased when `answer` throws, with an answer that is whole, and behind the
 * last chunk of one that is not, or when nobody wants more of it.
 */
export async function withKeyToTheEnd(
  headers: Headers,
  answer: (key: EncryptionKey | null) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const key = encryptionKeyHeader(headers);
  if (key === null) return answer(null);
  let goesOn = false;
  try {
    const response = await answer(key);
    if (response.body instanceof Uint8Array) return response;
    goesOn = true;
    return { ...response, body: erasing(key, response.body) };
  } finally {
    if (!goesOn) key.erase();
  }
}

function erasing(key: EncryptionKey, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => {
      const chunks = body[Symbol.asyncIterator]();
      return {
        next: async () => {
          let more = false;
          try {
            const next = await chunks.next();
            more = next.done !== true;
            return next;
          } finally {
            if (!more) key.erase();
          }
        },
        return: async () => {
          try {
            await chunks.return?.();
          } finally {
            key.erase();
          }
          return { done: true, value: undefined };
        },
      };
    },
  };
}

export function invalidHeader(name: string, reason: string): BadRequest {
  return new BadRequest('bad_header', `Invalid header \`${name}\`: ${reason}`);
}

/** The value as text; null when the header is absent. */
function headerText(headers: Headers, name: string): string | null {
  const value = headers.get(name) ?? null;
  // eslint-disable-next-line no-control-regex -- ASCII as a range
  if (value === null || /^[\u0000-\u007f]*$/.test(value)) return value;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(value, (char) => char.charCodeAt(0)));
  } catch {
    throw invalidHeader(name, 'not UTF-8');
  }
}
