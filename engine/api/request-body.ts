/** The whole body of a unary request, never more than S2's cap of it (API contract §1.3). */

import { REQUEST_BODY_BYTES_MAX } from '../core/limits.ts';
import type { HttpRequest } from '../ports.ts';
import { BadRequest } from './errors.ts';

/** Throws BadRequest with `code` as soon as the body is too large, without reading the rest. */
export async function readBody(request: HttpRequest, code: 'bad_json' | 'bad_proto'): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.length;
    if (length > REQUEST_BODY_BYTES_MAX) throw tooLarge(code);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : concatenated(chunks, length);
}

function tooLarge(code: 'bad_json' | 'bad_proto'): BadRequest {
  return new BadRequest(code, `the request body exceeds ${REQUEST_BODY_BYTES_MAX} bytes`);
}

function concatenated(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
