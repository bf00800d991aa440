/**
 * What a server says about itself, around the API: `/metrics` for Prometheus, a page at `/` for browsers, and while it
 * drains a 503 for everybody who asks whether it serves, or wants something new of it. What was under way goes on.
 */

import { errorResponse } from '../api/errors.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from '../ports.ts';

export interface OperatorView {
  isDraining: () => boolean;
  /** The exposition and its content type. */
  metrics: () => Promise<{ type: string; text: string }>;
  /** Null when who asks may see the metrics; else the answer. */
  refusal?: (request: HttpRequest) => Promise<HttpResponse | null>;
  /** An HTML document for who asks for one at `/`; without it there is nothing at `/`, as in S2's own server. */
  page?: string | undefined;
}

export function withOperatorRoutes(
  api: HttpHandler,
  { isDraining, metrics, refusal, page }: OperatorView,
): HttpHandler {
  return async (request) => {
    const { target, method } = request;
    const path = target.split('?', 1)[0] ?? '';
    if (path === '/metrics') {
      if (method !== 'GET') return response(405, '', [['allow', 'GET']]);
      const refused = (await refusal?.(request)) ?? null;
      if (refused !== null) return refused;
      const { type, text } = await metrics();
      return response(200, text, [['content-type', type]]);
    }
    if (path === '/' && page !== undefined && wantsHtml(request)) return response(200, page, PAGE_HEADERS);
    if (!isDraining()) return api(request);
    if (path === '/health' || path === '/ping') return response(503, 'draining', [['content-type', 'text/plain']]);
    return errorResponse('server_draining', 'this server is stopping');
  };
}

/** A page of today must not be shown by a server of tomorrow, nor inside somebody else's page. */
const PAGE_HEADERS: [string, string][] = [
  ['content-type', 'text/html; charset=utf-8'],
  ['cache-control', 'no-cache'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
];

/** Programs that ask for anything at all are answered by the API: there is nothing at `/`. */
function wantsHtml({ method, headers }: HttpRequest): boolean {
  return method === 'GET' && (headers.get('accept') ?? '').includes('text/html');
}

function response(status: number, text: string, headers: [string, string][]): HttpResponse {
  return { status, headers: new Map(headers), body: new TextEncoder().encode(text) };
}
