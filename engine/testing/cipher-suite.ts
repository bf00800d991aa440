/**
 * The contract of `Ciphers` (ports.ts), which every implementation signs: published vectors, what a change of any part does,
 * and lengths. The vectors are facts of others, in `vectors/`, each file with its source and licence.
 */

import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import type { Ciphers } from '../ports.ts';

export interface Vector {
  key: Uint8Array;
  nonce: Uint8Array;
  associated: Uint8Array;
  plain: Uint8Array;
  /** Ciphertext and tag. */
  sealed: Uint8Array;
  isValid: boolean;
}

type CipherName = keyof Ciphers;

const NAMES: readonly CipherName[] = ['aegis-256', 'aes-256-gcm'];

/** Lines of a file of vectors, each as its fields. */
export function vectorLines(file: string): string[][] {
  const text = readFileSync(new URL(`./vectors/${file}`, import.meta.url), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.split(' '));
}

export function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from((hex === '-' ? '' : hex).match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Of Wycheproof. */
function wycheproof(name: CipherName): Vector[] {
  return vectorLines(`${name}-wycheproof.txt`).map((fields) => {
    const [key, nonce, associated, plain, body, tag] = fields.slice(0, 6).map(bytesOfHex) as [
      ...[Uint8Array, Uint8Array, Uint8Array],
      ...[Uint8Array, Uint8Array, Uint8Array],
    ];
    return { key, nonce, associated, plain, sealed: Uint8Array.of(...body, ...tag), isValid: fields[6] === 'valid' };
  });
}

/** `count` messages of lengths around block borders, never the same twice. */
export function messages(count: number, nonceBytes: number): Omit<Vector, 'sealed' | 'isValid'>[] {
  const bytes = (length: number, seed: number) =>
    Uint8Array.from({ length }, (_, i) => (Math.imul(i + 1, 2654435761) ^ Math.imul(seed + 1, 40503)) >>> 11);
  return Array.from({ length: count }, (_, i) => ({
    key: bytes(32, i),
    nonce: bytes(nonceBytes, 1000 + i),
    associated: bytes((7 * i) % 53, 2000 + i),
    plain: bytes(i < 70 ? i : 37 * i, 3000 + i),
  }));
}

export function describeCiphers(implementation: string, ciphers: Ciphers): void {
  describe.each(NAMES)(`${implementation}: %s`, (name) => {
    const cipher = ciphers[name];
    const [sample] = messages(41, cipher.nonceBytes).slice(-1) as [Vector];
    const { key, nonce, associated, plain } = sample;
    const sealed = joined(cipher.seal(key, nonce, plain, associated));

    test('agrees with every vector of Wycheproof', () => {
      const vectors = wycheproof(name);
      const wrong = vectors.filter((vector) => {
        const opened = cipher.open(vector.key, vector.nonce, vector.sealed, vector.associated);
        if (!vector.isValid) return opened !== null;
        const again = joined(cipher.seal(vector.key, vector.nonce, vector.plain, vector.associated));
        return !sameBytes(opened, vector.plain) || !sameBytes(again, vector.sealed);
      });
      expect(wrong).toEqual([]);
      expect(vectors.filter(({ isValid }) => isValid).length).toBeGreaterThan(30);
      expect(vectors.filter(({ isValid }) => !isValid).length).toBeGreaterThan(20);
    });

    test('opens what it sealed, and is as long as the message and a tag', () => {
      for (const message of messages(80, cipher.nonceBytes)) {
        const made = joined(cipher.seal(message.key, message.nonce, message.plain, message.associated));
        expect(made.length).toBe(message.plain.length + 16);
        expect(sameBytes(cipher.open(message.key, message.nonce, made, message.associated), message.plain)).toBe(true);
      }
    });

    test('opens nothing of which one bit is another', () => {
      const parts = { key, nonce, associated, sealed };
      for (const part of ['key', 'nonce', 'associated', 'sealed'] as const) {
        for (let bit = 0; bit < 8 * parts[part].length; bit += 7) {
          const bent = parts[part].slice();
          bent[bit >>> 3] = (bent[bit >>> 3] as number) ^ (1 << (bit & 7));
          const all = { ...parts, [part]: bent };
          expect(cipher.open(all.key, all.nonce, all.sealed, all.associated), `${part}, bit ${bit}`).toBeNull();
        }
      }
    });

    test('opens nothing that is cut short or lengthened', () => {
      for (let end = 0; end < sealed.length; end++) {
        expect(cipher.open(key, nonce, sealed.subarray(0, end), associated)).toBeNull();
      }
      expect(cipher.open(key, nonce, Uint8Array.of(...sealed, 0), associated)).toBeNull();
      expect(cipher.open(key, nonce, sealed, Uint8Array.of(...associated, 0))).toBeNull();
    });

    test('gives what it sealed away: the next message changes nothing of it', () => {
      const pieces = cipher.seal(key, nonce, plain, associated);
      cipher.seal(
        key,
        nonce,
        plain.map((byte) => byte ^ 0xff),
        associated,
      );
      expect(joined(pieces)).toEqual(sealed);
    });

    test('changes nothing it is given', () => {
      const given = [key, nonce, plain, associated, sealed].map((bytes) => bytes.slice());
      cipher.seal(key, nonce, plain, associated);
      cipher.open(key, nonce, sealed, associated);
      expect([key, nonce, plain, associated, sealed]).toEqual(given);
    });

    test('throws for keys and nonces of other lengths', () => {
      for (const length of [0, 16, 31, 33]) {
        expect(() => cipher.seal(new Uint8Array(length), nonce, plain, associated)).toThrow(/key/i);
        expect(() => cipher.open(new Uint8Array(length), nonce, sealed, associated)).toThrow(/key/i);
      }
      for (const length of [0, cipher.nonceBytes - 1, cipher.nonceBytes + 1]) {
        expect(() => cipher.seal(key, new Uint8Array(length), plain, associated)).toThrow(/nonce/i);
        expect(() => cipher.open(key, new Uint8Array(length), sealed, associated)).toThrow(/nonce/i);
      }
    });
  });
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

export function sameBytes(a: Uint8Array | null, b: Uint8Array): boolean {
  return a !== null && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
