/**
 * The ciphers in JavaScript, the same bytes wherever they run: what the simulator gives its hosts, and what the native ones
 * are compared with. Both sign `engine/testing/cipher-suite.ts`.
 */

import { gcm } from '@noble/ciphers/aes.js';
import type { ARXCipher, CipherWithOutput } from '@noble/ciphers/utils.js';

import type { Aead, Ciphers } from '../ports.ts';
import { aegis256 } from './aegis-256.ts';

type NobleCipher = ARXCipher | ((key: Uint8Array, nonce: Uint8Array, associated?: Uint8Array) => CipherWithOutput);

export const aegis256Aead: Aead = aeadOf(aegis256, 32);

export const portableCiphers: Ciphers = Object.freeze({
  'aegis-256': aegis256Aead,
  'aes-256-gcm': aeadOf(gcm, 12),
});

/** Lengths that are wrong are mistakes of ours and throw; a tag that is wrong is an answer. */
function aeadOf(cipher: NobleCipher, nonceBytes: number): Aead {
  const keyed = (key: Uint8Array, nonce: Uint8Array, associated: Uint8Array) => {
    if (key.length !== 32) throw new RangeError(`a key has 32 bytes, not ${key.length}`);
    if (nonce.length !== nonceBytes) throw new RangeError(`a nonce has ${nonceBytes} bytes, not ${nonce.length}`);
    return cipher(key, nonce, associated);
  };
  return {
    nonceBytes,
    seal: (key, nonce, plain, associated) => [keyed(key, nonce, associated).encrypt(plain)],
    open: (key, nonce, sealed, associated) => {
      const opening = keyed(key, nonce, associated);
      try {
        return opening.decrypt(sealed);
      } catch {
        return null;
      }
    },
  };
}
