/**
 * `fetch` of one simulated host: Request and Response are the platform's own, the way between them is the simulated network.
 *
 * As Node's it asks for gzip by itself and takes it off again. It fails as Node's does, because clients look at that: `TypeError: fetch failed` with the code of the cause, `terminated`
 * when a body breaks off, the reason of the signal when that aborts.
 */

import type { HttpRequest, HttpResponse, Network, NetworkError } from '../../engine/ports.ts';
import { pinnedCompression } from '../compression.ts';

/** A refused connection certainly carried nothing; of all others a byte may have left. */
const CAUSES: Record<NetworkError['code'], { unsent: string; sent: string }> = {
  refused: { unsent: 'ECONNREFUSED', sent: 'ECONNRESET' },
  reset: { unsent: 'ECONNRESET', sent: 'ECONNRESET' },
  timeout: { unsent: 'UND_ERR_CONNECT_TIMEOUT', sent: 'UND_ERR_HEADERS_TIMEOUT' },
};
/** Larger than any answer. */
const BODY_BYTES_MAX = 1 << 26;
/** A response of these has no body, and the platform refuses to make one. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([101, 204, 205, 304]);

export function hostFetch(network: Network, resolve: (host: string) => string) {
  return async (input: Request | string | URL, init?: RequestInit): Promise<Response> => {
    const request = input instanceof Request && init === undefined ? input : new Request(input, init);
    const { signal } = request;
    signal.throwIfAborted();
    const url = new URL(request.url);
    try {
      const response = await network.call(resolve(url.host), {
        method: request.method,
        target: url.pathname + url.search,
        headers: headersOf(request),
        body: request.body ?? nothing(),
        signal,
      } satisfies HttpRequest);
      const { status, headers } = response;
      const plain = headers.get('content-encoding') === 'gzip' ? unzipped(response.body) : response.body;
      const body = WITHOUT_BODY.has(status) ? null : bodyOf(plain, signal);
      return new Response(body, { status, headers: [...headers] });
    } catch (error) {
      signal.throwIfAborted();
      if (!isNetworkError(error)) throw error;
      throw new TypeError('fetch failed', { cause: causeOf(error) });
    }
  };
}

function headersOf(request: Request): Map<string, string> {
  const headers = new Map<string, string>();
  request.headers.forEach((value, name) => headers.set(name, value));
  if (!headers.has('accept')) headers.set('accept', '*/*');
  if (!headers.has('accept-encoding')) headers.set('accept-encoding', 'gzip, deflate');
  return headers;
}

function bodyOf(body: HttpResponse['body'], signal: AbortSignal): Uint8Array<ArrayBuffer> | ReadableStream {
  // The platform's types want to know that the bytes are not shared with a thread.
  if (body instanceof Uint8Array) return new Uint8Array(body);
  const chunks = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await chunks.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          if (!isNetworkError(error)) throw error;
          controller.error(signal.aborted ? signal.reason : new TypeError('terminated', { cause: causeOf(error) }));
        }
      },
      cancel: async () => void (await chunks.return?.()),
    },
    { highWaterMark: 0 },
  );
}

async function* unzipped(body: HttpResponse['body']): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  if (body instanceof Uint8Array) chunks.push(body);
  else for await (const chunk of body) chunks.push(chunk);
  const plain = pinnedCompression.gzip.decompress(Buffer.concat(chunks), BODY_BYTES_MAX);
  if (plain === null) throw new TypeError('terminated', { cause: new Error('incorrect header check') });
  yield plain;
}

function causeOf({ code, sent, message }: NetworkError): Error {
  const causes = CAUSES[code];
  return Object.assign(new Error(message), { code: sent ? causes.sent : causes.unsent });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function isNetworkError(error: unknown): error is NetworkError {
  return error instanceof Error && 'sent' in error && 'code' in error;
}
