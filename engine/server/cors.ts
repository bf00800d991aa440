/**
 * Cross-origin requests of browsers (the Fetch standard's CORS protocol), as permissive as S2's own server: every origin,
 * with credentials, every method and header that is asked for. A server that is open to a network lets `--no-cors` turn
 * it off.
 */

import type { HttpHandler, HttpRequest, HttpResponse } from '../ports.ts';

const PREFLIGHT_AGE_S = '3600';

/** What scripts may see beside the headers that every script may. */
const EXPOSED = 's2-provision-result, retry-after-ms, x-request-id';

export function withCors(handler: HttpHandler): HttpHandler {
  return async (request) => {
    const origin = request.headers.get('origin');
    if (origin === undefined) return handler(request);
    const preflight = request.method === 'OPTIONS' && request.headers.has('access-control-request-method');
    const response = preflight ? preflightAnswer(request) : await handler(request);
    const headers = new Map([
      ...response.headers,
      ['access-control-allow-origin', origin],
      ['access-control-allow-credentials', 'true'],
      ['access-control-expose-headers', EXPOSED],
      ['vary', varying(response)],
    ]);
    return { ...response, headers };
  };
}

function preflightAnswer({ headers }: HttpRequest): HttpResponse {
  const answer = new Map([
    ['access-control-allow-methods', headers.get('access-control-request-method') ?? ''],
    ['access-control-max-age', PREFLIGHT_AGE_S],
  ]);
  const asked = headers.get('access-control-request-headers');
  if (asked !== undefined) answer.set('access-control-allow-headers', asked);
  return { status: 200, headers: answer, body: new Uint8Array() };
}

/** Caches must not give one origin's answer to another. */
function varying({ headers }: HttpResponse): string {
  const before = headers.get('vary');
  return before === undefined ? 'origin' : `${before}, origin`;
}
