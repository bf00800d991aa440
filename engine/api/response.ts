/** JSON responses. */

import type { HttpResponse } from '../ports.ts';

export function jsonResponse(status: number, body: unknown, headers: readonly [string, string][] = []): HttpResponse {
  return {
    status,
    headers: new Map([['content-type', 'application/json'], ...headers]),
    body: new TextEncoder().encode(JSON.stringify(body)),
  };
}
