/**
 * What a client sends and what it wants back, as S2 reads it (API contract §1.5): only the first type of a list counts,
 * parameters and case do not, and what is no media type counts as none.
 */

import type { HttpRequest } from '../ports.ts';

type Headers = HttpRequest['headers'];

/** How the body of a unary request or response is written. */
export type BodyKind = 'json' | 'protobuf';

export type AppendProtocol =
  | { kind: 'session' }
  /** `sent` and `wanted` are independent of each other. A body that is not protobuf has to be JSON. */
  | { kind: 'unary'; sent: BodyKind; wanted: BodyKind };

export type ReadProtocol = { kind: 'session' } | { kind: 'events' } | { kind: 'unary'; wanted: BodyKind };

const SESSION = 's2s/proto';
const EVENTS = 'text/event-stream';

export function appendProtocol(headers: Headers): AppendProtocol {
  const sent = firstMime(headers.get('content-type'));
  if (sent === SESSION) return { kind: 'session' };
  return { kind: 'unary', sent: bodyKind(sent), wanted: wantedKind(headers) };
}

/** A read has no body; its content type still says that a session is wanted. */
export function readProtocol(headers: Headers): ReadProtocol {
  if (firstMime(headers.get('content-type')) === SESSION) return { kind: 'session' };
  if (firstMime(headers.get('accept')) === EVENTS) return { kind: 'events' };
  return { kind: 'unary', wanted: wantedKind(headers) };
}

export function hasJsonType(headers: Headers): boolean {
  const mime = firstMime(headers.get('content-type'));
  return mime === 'application/json' || /^application\/.+\+json$/.test(mime);
}

function wantedKind(headers: Headers): BodyKind {
  return bodyKind(firstMime(headers.get('accept')));
}

function bodyKind(mime: string): BodyKind {
  return mime === 'application/protobuf' || mime === 'application/x-protobuf' ? 'protobuf' : 'json';
}

/** The first media type of a `content-type` or `accept` header, in lower case; empty when there is none. */
function firstMime(header: string | undefined): string {
  return header?.split(',')[0]?.split(';')[0]?.trim().toLowerCase() ?? '';
}
