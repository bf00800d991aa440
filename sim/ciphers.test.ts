/** The watch over nonces: what it lets pass, and what ends a run. */

import { expect, test } from 'vitest';

import { watchedCiphers } from './ciphers.ts';

const bytes = (length: number, filler: number) => new Uint8Array(length).fill(filler);

test.each(['aegis-256', 'aes-256-gcm'] as const)('%s: a nonce used twice with one key fails the run', (name) => {
  const failures: string[] = [];
  const cipher = watchedCiphers((message) => failures.push(message))[name];
  const seal = (key: number, nonce: number) =>
    cipher.seal(bytes(32, key), bytes(cipher.nonceBytes, nonce), bytes(3, 1), bytes(0, 0));
  for (const [key, nonce] of [
    [1, 1],
    [1, 2],
    [2, 1],
  ] as const) {
    const sealed = Uint8Array.from(seal(key, nonce).flatMap((piece) => [...piece]));
    expect(cipher.open(bytes(32, key), bytes(cipher.nonceBytes, nonce), sealed, bytes(0, 0))).toEqual(bytes(3, 1));
  }
  expect(failures).toEqual([]);
  seal(1, 2);
  expect(failures).toEqual([`${name}: a nonce was used twice with one key`]);
});
