/**
 * How bytes of records appear in JSON (API contract §2.5): `raw` is UTF-8 text and lossy for other bytes,
 * `base64` is exact.
 */

import { BadRequest } from './errors.ts';

export interface TextFormat {
  toBytes(text: string): Uint8Array;
  toText(bytes: Uint8Array): string;
}

const RAW: TextFormat = {
  toBytes: (text) => new TextEncoder().encode(text),
  toText: (bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
};

const BASE64: TextFormat = { toBytes: decodeBase64, toText: encodeBase64 };

/** From the header `s2-format`; absent means raw. */
export function textFormat(header: string | undefined): TextFormat {
  switch (header?.trim()) {
    case undefined:
    case 'raw':
    case 'json':
      return RAW;
    case 'base64':
    case 'json-binsafe':
      return BASE64;
    default:
      throw new BadRequest('bad_header', 'Invalid header `s2-format`: expected `raw` or `base64`');
  }
}

function encodeBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Strict: `atob` forgives white space, missing padding and bits behind the last byte, S2 does not. */
function decodeBase64(text: string): Uint8Array {
  const data = text.endsWith('==') ? text.slice(0, -2) : text.endsWith('=') ? text.slice(0, -1) : text;
  const last = text.slice(-4);
  const strict = text.length % 4 === 0 && /^[A-Za-z0-9+/]*$/.test(data) && btoa(atob(last)) === last;
  if (!strict) throw new BadRequest('invalid', 'invalid Base64 encoding');
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
