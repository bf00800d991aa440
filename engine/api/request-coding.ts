/**
 * Compressed bodies of unary requests (API contract §1.3): decompressed before anybody parses them, to at most S2's cap.
 * Bodies of sessions are not touched, there each frame says for itself.
 */

import { REQUEST_BODY_BYTES_MAX } from '../core/limits.ts';
import type { Codec, Compression, HttpRequest, HttpResponse } from '../ports.ts';
import { BadRequest } from './errors.ts';
import { appendProtocol } from './mime.ts';
import { readBody } from './request-body.ts';

/** The request with a body that is not encoded any more, or 415 when this server does not know the coding. */
export function decodedRequest(request: HttpRequest, compression: Compression | null): HttpRequest | HttpResponse {
  const coding = request.headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  const protocol = appendProtocol(request.headers);
  if (coding === 'identity' || protocol.kind === 'session') return request;
  const codec = codecOf(coding, compression);
  if (codec === null) return unsupported(compression);
  const code = protocol.sent === 'protobuf' ? 'bad_proto' : 'bad_json';
  return { ...request, body: decoded(request, codec, code) };
}

async function* decoded(request: HttpRequest, codec: Codec, code: 'bad_json' | 'bad_proto') {
  const body = codec.decompress(await readBody(request, code), REQUEST_BODY_BYTES_MAX);
  if (body === null) {
    const problem = `the request body can not be decompressed to at most ${REQUEST_BODY_BYTES_MAX} bytes`;
    throw new BadRequest(code, problem);
  }
  yield body;
}

function codecOf(coding: string, compression: Compression | null): Codec | null {
  return coding === 'gzip' || coding === 'zstd' ? (compression?.[coding] ?? null) : null;
}

/** RFC 9110 §15.5.16: says in `accept-encoding` what would have been understood. */
function unsupported(compression: Compression | null): HttpResponse {
  const known = compression === null ? 'identity' : 'gzip, zstd';
  return { status: 415, headers: new Map([['accept-encoding', known]]), body: new Uint8Array() };
}
