/** JSON responses. */

import type { HttpResponse } from '../ports.ts';

/** A response whose whole body is there, so that a session can carry it inside a frame or an event. */
export interface JsonResponse extends HttpResponse {
  body: Uint8Array;
}

const utf8 = new TextEncoder();

export function jsonResponse(status: number, body: unknown, headers: readonly [string, string][] = []): JsonResponse {
  return {
    status,
    headers: new Map([['content-type', 'application/json'], ...headers]),
    body: utf8.encode(JSON.stringify(body)),
  };
}
