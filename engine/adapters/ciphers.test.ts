/** Native and portable ciphers: one contract, the same bytes; AEGIS-256 against its draft and against AES of others. */

import { unsafe } from '@noble/ciphers/aes.js';
import { describe, expect, test } from 'vitest';

import { bytesOfHex, describeCiphers, joined, messages, sameBytes, vectorLines } from '../testing/cipher-suite.ts';
import { aesRound, update, wordsOf } from './aegis-256.ts';
import { portableCiphers } from './portable-ciphers.ts';
import { systemCiphers } from './system-ciphers.ts';

describeCiphers('system', systemCiphers);
describeCiphers('portable', portableCiphers);

test.each(['aegis-256', 'aes-256-gcm'] as const)('%s gives the same bytes natively and portably', (name) => {
  const [native, portable] = [systemCiphers[name], portableCiphers[name]];
  expect(portable.nonceBytes).toBe(native.nonceBytes);
  for (const { key, nonce, plain, associated } of messages(120, native.nonceBytes)) {
    const sealed = joined(native.seal(key, nonce, plain, associated));
    expect(sameBytes(joined(portable.seal(key, nonce, plain, associated)), sealed)).toBe(true);
    expect(sameBytes(portable.open(key, nonce, sealed, associated), plain)).toBe(true);
  }
});

describe('AEGIS-256 against the CFRG draft', () => {
  const cipher = portableCiphers['aegis-256'];
  const vectors = vectorLines('aegis-256-cfrg.txt');
  const of = (kind: string) =>
    vectors.filter(([first]) => first === kind).map((line) => line.slice(1).map((hex) => bytesOfHex(hex)));

  test('every vector is one that is checked here', () => {
    expect(vectors.map(([kind]) => kind)).toEqual([
      ...['aes-round', 'update'],
      ...Array.from({ length: 5 }, () => 'seal'),
      ...Array.from({ length: 4 }, () => 'refuse'),
    ]);
  });

  test('a round of AES', () => {
    for (const [block, key, result] of of('aes-round') as [Uint8Array, Uint8Array, Uint8Array][]) {
      expect(aesRound(block, key)).toEqual(result);
    }
  });

  test('an update of the state', () => {
    for (const blocks of of('update')) {
      const state = wordsOf(joined(blocks.slice(0, 6)));
      update(state, wordsOf(blocks[6] as Uint8Array));
      expect(state).toEqual(wordsOf(joined(blocks.slice(7))));
    }
  });

  test('messages sealed and opened', () => {
    for (const [key, nonce, associated, plain, body, tag] of of('seal') as Uint8Array[][] as [
      ...[Uint8Array, Uint8Array, Uint8Array],
      ...[Uint8Array, Uint8Array, Uint8Array],
    ][]) {
      const sealed = joined([body, tag]);
      expect(joined(cipher.seal(key, nonce, plain, associated))).toEqual(sealed);
      expect(cipher.open(key, nonce, sealed, associated)).toEqual(plain);
    }
  });

  test('messages refused', () => {
    for (const [key, nonce, associated, body, tag] of of('refuse') as [
      ...[Uint8Array, Uint8Array, Uint8Array],
      ...[Uint8Array, Uint8Array],
    ][]) {
      expect(cipher.open(key, nonce, joined([body, tag]), associated)).toBeNull();
    }
  });
});

test('AES-256 made of the rounds of AEGIS is the AES-256 of others', () => {
  for (const { key, nonce } of messages(20, 16)) {
    const words = unsafe.expandKeyLE(key);
    const keys = Array.from({ length: 15 }, (_, round) => bytesOf(words.subarray(4 * round, 4 * round + 4)));
    let block = xor(nonce, keys[0] as Uint8Array);
    for (let round = 1; round <= 13; round++) block = aesRound(block, keys[round] as Uint8Array);
    // The last round has no MixColumns: it is undone on what the whole round gives.
    const last = xor(unmixed(aesRound(block, new Uint8Array(16))), keys[14] as Uint8Array);
    expect(last).toEqual(unsafe.encryptBlock(words, nonce.slice()));
  }
});

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.slice().buffer);
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] as number));
}

/** MixColumns backwards (FIPS 197, §5.3.3), by multiplication written out. */
function unmixed(block: Uint8Array): Uint8Array {
  const out = new Uint8Array(16);
  for (let column = 0; column < 16; column += 4) {
    for (let row = 0; row < 4; row++) {
      let sum = 0;
      for (const [i, factor] of [14, 11, 13, 9].entries())
        sum ^= times(factor, block[column + ((row + i) % 4)] as number);
      out[column + row] = sum;
    }
  }
  return out;
}

function times(a: number, b: number): number {
  let product = 0;
  for (let bits = a, shifted = b; bits > 0; bits >>>= 1) {
    if (bits & 1) product ^= shifted;
    shifted = ((shifted << 1) ^ (shifted & 0x80 ? 0x11b : 0)) & 0xff;
  }
  return product;
}
