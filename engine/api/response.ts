/** Responses in JSON and in protobuf. */

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

export function protobufResponse(message: Uint8Array): HttpResponse {
  return { status: 200, headers: new Map([['content-type', 'application/protobuf']]), body: message };
}

/** A response that goes on: nobody on the way may hold back or compress what is meant to arrive now (API contract §1.3). */
export function streamingResponse(contentType: string, body: AsyncIterable<Uint8Array>): HttpResponse {
  const headers = new Map([
    ['content-type', contentType],
    ['cache-control', 'no-cache, no-transform'],
    ['x-accel-buffering', 'no'],
  ]);
  return { status: 200, headers, body };
}
