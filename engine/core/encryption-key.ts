/**
 * A key as a client sends it with a request (API contract §8): base64 of 32 bytes. Whether it is one is asked by streams with
 * a cipher alone.
 *
 * It lives as long as its request: whoever took it from the request erases it when the request is over, and using it
 * behind that is a bug. It can not be printed, since what it holds is private.
 */

import { assert } from './assert.ts';
import type { Cipher } from './config.ts';
import type { Rejection } from './outcome.ts';

const KEY_BYTES = 32;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Strict, as S2 is: padding is there, and bits behind the last byte are zero. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;

/** Why a text is no key: no base64 at all, or of so many bytes. */
export type KeyFlaw = 'no-base64' | { length: number };

export class EncryptionKey {
  readonly flaw: KeyFlaw | null;
  readonly #bytes: Uint8Array;
  #isErased = false;

  constructor(text: string) {
    const bytes = bytesOf(text);
    this.#bytes = bytes ?? new Uint8Array(0);
    this.flaw = bytes === null ? 'no-base64' : bytes.length === KEY_BYTES ? null : { length: bytes.length };
  }

  /** 32 bytes, which nobody may copy. */
  get bytes(): Uint8Array {
    assert(this.flaw === null, 'a flawed key is never used');
    assert(!this.#isErased, 'a key is not used behind its request');
    return this.#bytes;
  }

  /** The request is over. */
  erase(): void {
    this.#bytes.fill(0);
    this.#isErased = true;
  }
}

/** Why a stream with this cipher can not be read or written with it; null when it can. */
export function keyRejection(cipher: Cipher, key: EncryptionKey | null): Rejection | null {
  if (key === null) return { kind: 'key-missing', cipher };
  return key.flaw === null ? null : { kind: 'key-flawed', cipher, flaw: key.flaw };
}

/** Null when it is no base64. The only copy made of the text. */
function bytesOf(text: string): Uint8Array | null {
  if (!BASE64.test(text)) return null;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0;
  for (let i = 0, at = 0; at < bytes.length; i++) {
    bits = (bits << 6) | ALPHABET.indexOf(text[i] as string);
    if (i % 4 > 0) bytes[at++] = bits >>> (6 - 2 * (i % 4));
    bits &= 0xfff;
  }
  return bytes;
}
