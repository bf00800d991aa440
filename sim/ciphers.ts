/**
 * The ciphers of a world: portable ones, so that every machine gets the same bytes, and a watch over their nonces. A key
 * and a nonce together seal one message: whoever seals a second one has given both away, so that run has failed.
 *
 * Opening is not watched. What is remembered lives as long as the world, whatever hosts crash, and is in no trace.
 */

import { type Aead, type Ciphers, portableCiphers } from '../engine/index.ts';

export function watchedCiphers(failed: (message: string) => void): Ciphers {
  return {
    'aegis-256': watched('aegis-256', failed),
    'aes-256-gcm': watched('aes-256-gcm', failed),
  };
}

function watched(name: keyof Ciphers, failed: (message: string) => void): Aead {
  const cipher = portableCiphers[name];
  const used = new Set<string>();
  return {
    ...cipher,
    seal: (key, nonce, plain, associated) => {
      const pair = String.fromCharCode(...key, ...nonce);
      if (used.has(pair)) failed(`${name}: a nonce was used twice with one key`);
      used.add(pair);
      return cipher.seal(key, nonce, plain, associated);
    },
  };
}
