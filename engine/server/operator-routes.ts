/**
 * What a server says about itself, around the API: `/metrics` for Prometheus, and while it drains a 503 for everybody who
 * asks whether it serves, or wants something new of it. What was under way goes on.
 */

import { errorResponse } from '../api/errors.ts';
import type { HttpHandler, HttpResponse } from '../ports.ts';

export interface OperatorView {
  isDraining: () => boolean;
  /** The exposition and its content type. */
  metrics: () => Promise<{ type: string; text: string }>;
}

export function withOperatorRoutes(api: HttpHandler, { isDraining, metrics }: OperatorView): HttpHandler {
  return async (request) => {
    const { target, method } = request;
    const path = target.split('?', 1)[0] ?? '';
    if (path === '/metrics') {
      if (method !== 'GET') return response(405, '', [['allow', 'GET']]);
      const { type, text } = await metrics();
      return response(200, text, [['content-type', type]]);
    }
    if (!isDraining()) return api(request);
    if (path === '/health' || path === '/ping') return response(503, 'draining', [['content-type', 'text/plain']]);
    return errorResponse('server_draining', 'this server is stopping');
  };
}

function response(status: number, text: string, headers: [string, string][]): HttpResponse {
  return { status, headers: new Map(headers), body: new TextEncoder().encode(text) };
}
