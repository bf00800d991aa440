/**
 * What a client sends and what it wants back, as S2 reads it (API contract §1.5): only the first type of the
 * list counts, parameters and case do not.
 */

/** The first media type of a `content-type` or `accept` header, in lower case; empty when there is none. */
export function firstMime(header: string | undefined): string {
  return header?.split(',')[0]?.split(';')[0]?.trim().toLowerCase() ?? '';
}

export function isJson(mime: string): boolean {
  return mime === 'application/json' || /^application\/.+\+json$/.test(mime);
}

export function isProtobuf(mime: string): boolean {
  return mime === 'application/protobuf' || mime === 'application/x-protobuf';
}
