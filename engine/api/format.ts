/**
 * How bytes of records appear in JSON (API contract §2.5): `raw` is UTF-8 text and lossy for other bytes,
 * `base64` is exact.
 */

import type { HttpRequest } from '../ports.ts';
import { BadRequest } from './errors.ts';
import { invalidHeader } from './headers.ts';

export interface TextFormat {
  /** Throws BadRequest `invalid`. */
  toBytes(text: string): Uint8Array;
  toText(bytes: Uint8Array): string;
}

const encoder = new TextEncoder();
const lossyDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

export const RAW: TextFormat = {
  toBytes: (text) => encoder.encode(text),
  toText: (bytes) => lossyDecoder.decode(bytes),
};

export const BASE64: TextFormat = { toBytes: decodeBase64, toText: encodeBase64 };

/** From the header `s2-format`; absent means raw. Protobuf and S2S do not look at it. */
export function textFormat(headers: HttpRequest['headers']): TextFormat {
  switch (headers.get('s2-format')?.trim()) {
    case undefined:
    case 'raw':
    case 'json':
      return RAW;
    case 'base64':
    case 'json-binsafe':
      return BASE64;
    default:
      throw invalidHeader('s2-format', 'expected `raw` or `base64`');
  }
}

/** Bytes turned to characters at a time: arguments of one call have to fit on the stack. */
const SLICE = 8192;

function encodeBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += SLICE) binary += String.fromCharCode(...bytes.subarray(at, at + SLICE));
  return btoa(binary);
}

/** Strict: `atob` forgives white space, missing padding and bits behind the last byte, S2 does not. */
function decodeBase64(text: string): Uint8Array {
  const data = text.endsWith('==') ? text.slice(0, -2) : text.endsWith('=') ? text.slice(0, -1) : text;
  const last = text.slice(-4);
  const strict = text.length % 4 === 0 && /^[A-Za-z0-9+/]*$/.test(data) && btoa(atob(last)) === last;
  if (!strict) throw new BadRequest('invalid', 'invalid Base64 encoding');
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
