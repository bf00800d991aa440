/**
 * Heads of requests that two readers could understand differently: where the request ends, whom it is for, who sends it. A
 * proxy that reads one thing and a server that reads another are how requests are smuggled past the proxy (RFC 9112 §11.2), so
 * what can be read in two ways is refused, and an HTTP/1.1 connection ends with it.
 *
 * Node's parsers refuse most of it before: both lengths at once, two lengths, folded lines, bare line feeds, connection headers
 * in HTTP/2. Here is what they let pass.
 */

import type { IncomingMessage } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http2';

/** Names and values of one head together. Node's parser of HTTP/1.1 takes as much, its one of HTTP/2 does not count. */
export const HEAD_BYTES_MAX = 16 * 1024;

/** Lines of one head. Node's parser of HTTP/1.1 would silently leave out what is above its own limit. */
const HEAD_LINES_MAX = 128;

/** What the client is told. */
export interface Refusal {
  status: number;
  code: string;
  message: string;
}

/** Null when there is one way to read it. */
export function http1Refusal({ httpVersion, headers, rawHeaders }: IncomingMessage): Refusal | null {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') {
    return {
      status: 505,
      code: 'bad_header',
      message: `this server speaks HTTP/1.1 and HTTP/2, not HTTP/${httpVersion}`,
    };
  }
  const coding = headers['transfer-encoding'];
  if (coding !== undefined) {
    if (httpVersion === '1.0') return badHeader('HTTP/1.0 has no transfer-encoding');
    if (coding.trim().toLowerCase() !== 'chunked') {
      return { status: 501, code: 'not_implemented', message: 'the only transfer-encoding is chunked' };
    }
  }
  return headRefusal(rawHeaders);
}

export function http2Refusal(headers: IncomingHttpHeaders, rawHeaders: readonly string[]): Refusal | null {
  const { host, ':authority': authority } = headers;
  if (host !== undefined && authority !== undefined && host !== authority) {
    return badHeader('host and :authority differ');
  }
  return headRefusal(rawHeaders);
}

/** Names and values in turn, as they came. */
function headRefusal(rawHeaders: readonly string[]): Refusal | null {
  if (rawHeaders.length > 2 * HEAD_LINES_MAX) return tooLarge(`more than ${HEAD_LINES_MAX} headers`);
  let bytes = 0;
  let singles = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    bytes += name.length + (rawHeaders[i + 1] as string).length;
    const single = SINGLE.get(name.toLowerCase()) ?? 0;
    if ((singles & single) !== 0) return badHeader(`${name.toLowerCase()} comes twice`);
    singles |= single;
  }
  return bytes > HEAD_BYTES_MAX ? tooLarge(`more than ${HEAD_BYTES_MAX} bytes of headers`) : null;
}

/** Of these Node shows the first and drops the rest; a proxy may have gone by another. A bit for each. */
const SINGLE: ReadonlyMap<string, number> = new Map([
  ['host', 1],
  ['authorization', 2],
  ['content-type', 4],
]);

function badHeader(message: string): Refusal {
  return { status: 400, code: 'bad_header', message };
}

function tooLarge(message: string): Refusal {
  return { status: 431, code: 'bad_header', message };
}

/** What is written to an HTTP/1.1 connection that holds what is no request; Node's code of the error tells why. */
export function malformedAnswer(code: string | undefined): string {
  return `HTTP/1.1 ${MALFORMED.get(code ?? '') ?? '400 Bad Request'}\r\nconnection: close\r\n\r\n`;
}

const MALFORMED: ReadonlyMap<string, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', '413 Payload Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);
