/**
 * Content codings as clients of the simulation use them (API contract §1.3): bodies sent in one, answers taken in the same one.
 * An answer in a coding nobody asked for, or that is not what it says, is a breach.
 */

import type { Compression } from '../engine/index.ts';
import { pinnedCompression } from '../sim/index.ts';
import { ProtocolViolation } from './client.ts';

type Coding = keyof Compression;

export const CODING_PROBES = {
  'wire.request-coded': 'a client sent a compressed body',
  'wire.response-coded': 'a client was answered with a compressed body',
} as const;

/** Larger than any answer. */
const BODY_BYTES_MAX = 1 << 26;

export interface WireCoding {
  coding: Coding;
  noted: (probe: keyof typeof CODING_PROBES) => void;
}

/** The body as it is sent, and headers that say so. */
export function codedBody({ coding, noted }: WireCoding, body: Uint8Array, headers: Map<string, string>): Uint8Array {
  headers.set('accept-encoding', coding);
  if (body.length === 0) return body;
  headers.set('content-encoding', coding);
  noted('wire.request-coded');
  return pinnedCompression[coding].compress(body);
}

/** The body as it was meant. */
export function decodedBody(
  asked: WireCoding | null,
  body: Uint8Array,
  headers: ReadonlyMap<string, string>,
): Uint8Array {
  const coding = headers.get('content-encoding');
  if (coding === undefined) return body;
  if (coding !== asked?.coding) throw new ProtocolViolation(`an answer in ${coding}, which was not asked for`);
  const decoded = pinnedCompression[asked.coding].decompress(body, BODY_BYTES_MAX);
  if (decoded === null) throw new ProtocolViolation(`a whole response body is no ${coding}`);
  asked.noted('wire.response-coded');
  return decoded;
}
