/** The ciphers as production has them: AES-256-GCM from OpenSSL, AEGIS-256 in JavaScript, since OpenSSL has none. */

import { createCipheriv, createDecipheriv } from 'node:crypto';

import type { Aead, Ciphers } from '../ports.ts';
import { aegis256Aead } from './portable-ciphers.ts';

const TAG_BYTES = 16;
const NONCE_BYTES = 12;

const aes256Gcm: Aead = {
  nonceBytes: NONCE_BYTES,
  seal: (key, nonce, plain, associated) => {
    checkNonce(nonce);
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(associated);
    const text = cipher.update(plain);
    cipher.final();
    return [text, cipher.getAuthTag()];
  },
  open: (key, nonce, sealed, associated) => {
    checkNonce(nonce);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    if (sealed.length < TAG_BYTES) return null;
    const end = sealed.length - TAG_BYTES;
    decipher.setAAD(associated);
    decipher.setAuthTag(sealed.subarray(end));
    const plain = decipher.update(sealed.subarray(0, end));
    try {
      decipher.final();
      return plain;
    } catch {
      plain.fill(0);
      return null;
    }
  },
};

/** OpenSSL takes nonces of other lengths too, and hashes them, which costs what makes them unique. */
function checkNonce(nonce: Uint8Array): void {
  if (nonce.length !== NONCE_BYTES) throw new RangeError(`a nonce has ${NONCE_BYTES} bytes, not ${nonce.length}`);
}

export const systemCiphers: Ciphers = Object.freeze({ 'aegis-256': aegis256Aead, 'aes-256-gcm': aes256Gcm });
