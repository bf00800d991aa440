/**
 * Responses that go out compressed (API contract §1.3): whole bodies of more than 1024 bytes, in the coding the client likes
 * best. What goes on, sessions and events, never is: their frames say for themselves, and events have to arrive now.
 *
 * Which coding: RFC 9110 §12.5.3. The highest quality wins, zstd before gzip, and no coding where the client prefers none.
 */

import type { Compression, HttpRequest, HttpResponse } from '../ports.ts';

/** Up to here it would save nothing worth the time. */
const PLAIN_BYTES_MAX = 1024;

const CODINGS = ['zstd', 'gzip'] as const;

type Coding = (typeof CODINGS)[number];

/** In the same turn where nothing is compressed, as nearly always. */
export function codedResponse(
  { headers: asked }: HttpRequest,
  response: HttpResponse,
  compression: Compression | null,
): HttpResponse | Promise<HttpResponse> {
  const { body } = response;
  if (compression === null || !(body instanceof Uint8Array) || body.length <= PLAIN_BYTES_MAX) return response;
  if (response.headers.has('content-encoding') || isFixed(response.headers)) return response;
  // Caches must know that another client would get other bytes, whatever this one gets.
  const headers = new Map(response.headers).set('vary', 'accept-encoding');
  const coding = preferredCoding(asked.get('accept-encoding') ?? '');
  if (coding === null) return { ...response, headers };
  return compression[coding].compressBody(body).then((compressed) => ({
    ...response,
    headers: headers.set('content-encoding', coding),
    body: compressed,
  }));
}

/** Nobody on the way may change the body, this server included. */
function isFixed(headers: HttpResponse['headers']): boolean {
  return headers.get('cache-control')?.includes('no-transform') === true;
}

/** Null: as it is. */
export function preferredCoding(acceptEncoding: string): Coding | null {
  const qualities = qualitiesOf(acceptEncoding);
  const others = qualities.get('*') ?? 0;
  let best: Coding | null = null;
  let bestQuality = qualities.get('identity') ?? 0;
  for (const coding of CODINGS) {
    const quality = qualities.get(coding) ?? others;
    // A coding is worth as much as none at all when the client likes both: it asked for it.
    const isBetter = best === null ? quality > 0 && quality >= bestQuality : quality > bestQuality;
    if (isBetter) [best, bestQuality] = [coding, quality];
  }
  return best;
}

/** By coding in lower case; a quality that makes no sense counts as not accepted. */
function qualitiesOf(acceptEncoding: string): Map<string, number> {
  const qualities = new Map<string, number>();
  for (const item of acceptEncoding.split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    const coding = name === 'x-gzip' ? 'gzip' : name;
    if (coding !== '') qualities.set(coding, weight === undefined ? 1 : qualityOf(weight.slice(2)));
  }
  return qualities;
}

function qualityOf(text: string): number {
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}
