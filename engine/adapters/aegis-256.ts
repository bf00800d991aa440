/**
 * AEGIS-256 with a 128-bit tag (draft-irtf-cfrg-aegis-aead), in JavaScript: nothing native has it. The same bytes in every
 * world, since it is nothing but arithmetic.
 *
 * The AES round looks tables up at places that depend on secrets, as any AES without hardware does: who can measure the
 * processor's cache from beside this process may learn of keys. docs/SECURITY.md says so.
 *
 * A block is four little-endian words; the state is six blocks in one `Int32Array(24)`.
 */

import { type ARXCipher, wrapCipher } from '@noble/ciphers/utils.js';

const BLOCK_BYTES = 16;
const BLOCK_WORDS = 4;
const TAG_BYTES = 16;
const STATE_WORDS = 6 * BLOCK_WORDS;
const NOTHING = new Uint8Array(0);

/** The first 32 Fibonacci numbers modulo 256. */
const C0 = Int32Array.of(0x02010100, 0x0d080503, 0x59372215, 0x6279e990);
const C1 = Int32Array.of(0x55183ddb, 0xf12fc26d, 0x42311120, 0xdd28b573);

/** A round of AES of one byte, for each of the four rows it may stand in. */
const ROUND = roundTables();

/** As ciphers of `@noble/ciphers` are called, which checks the lengths of key, nonce and tag. A wrong tag throws. */
export const aegis256: ARXCipher = wrapCipher(
  { blockSize: BLOCK_BYTES, nonceLength: 32, tagLength: TAG_BYTES, withAAD: true },
  (key: Uint8Array, nonce: Uint8Array, associated: Uint8Array = NOTHING) => {
    if (key.length !== 32) throw new Error(`an AEGIS-256 key has 32 bytes, not ${key.length}`);
    return {
      encrypt: (plain: Uint8Array) => {
        const sealed = new Uint8Array(plain.length + TAG_BYTES);
        const body = sealed.subarray(0, plain.length);
        const run = new Aegis256(key, nonce, associated);
        run.encrypt(plain, body);
        sealed.set(run.tag(associated.length, plain.length), plain.length);
        return sealed;
      },
      decrypt: (sealed: Uint8Array) => {
        const plain = new Uint8Array(sealed.length - TAG_BYTES);
        const run = new Aegis256(key, nonce, associated);
        run.decrypt(sealed.subarray(0, plain.length), plain);
        const tag = run.tag(associated.length, plain.length);
        let difference = 0;
        for (let i = 0; i < TAG_BYTES; i++) {
          difference |= (tag[i] as number) ^ (sealed[plain.length + i] as number);
        }
        if (difference === 0) return plain;
        plain.fill(0);
        throw new Error('the tag is another one');
      },
    };
  },
);

/** One message on its way. What it knows of the key is gone once the tag was asked for. */
class Aegis256 {
  readonly #state = new Int32Array(STATE_WORDS);
  readonly #block = new Int32Array(BLOCK_WORDS);
  readonly #last = new Uint8Array(BLOCK_BYTES);

  constructor(key: Uint8Array, nonce: Uint8Array, associated: Uint8Array) {
    const [k, n] = [wordsOf(key), wordsOf(nonce)];
    for (let i = 0; i < BLOCK_WORDS; i++) {
      const [k0, k1] = [k[i] as number, k[i + 4] as number];
      const [c0, c1] = [C0[i] as number, C1[i] as number];
      this.#state[i] = k0 ^ (n[i] as number);
      this.#state[4 + i] = k1 ^ (n[i + 4] as number);
      this.#state[8 + i] = c1;
      this.#state[12 + i] = c0;
      this.#state[16 + i] = k0 ^ c0;
      this.#state[20 + i] = k1 ^ c1;
    }
    for (let repeat = 0; repeat < 4; repeat++) {
      for (const mixed of [false, true]) {
        for (const half of [0, 4]) {
          for (let i = 0; i < BLOCK_WORDS; i++) {
            this.#block[i] = (k[half + i] as number) ^ (mixed ? (n[half + i] as number) : 0);
          }
          update(this.#state, this.#block);
        }
      }
    }
    k.fill(0);
    this.#absorb(associated);
  }

  encrypt(plain: Uint8Array, out: Uint8Array): void {
    const whole = plain.length - (plain.length % BLOCK_BYTES);
    for (let at = 0; at < whole; at += BLOCK_BYTES) {
      readBlock(plain, at, this.#block);
      writeKeyed(this.#state, this.#block, out, at);
      update(this.#state, this.#block);
    }
    if (whole === plain.length) return;
    const last = this.#last;
    last.fill(0);
    last.set(plain.subarray(whole));
    readBlock(last, 0, this.#block);
    writeKeyed(this.#state, this.#block, last, 0);
    update(this.#state, this.#block);
    out.set(last.subarray(0, plain.length - whole), whole);
  }

  decrypt(sealed: Uint8Array, out: Uint8Array): void {
    const whole = sealed.length - (sealed.length % BLOCK_BYTES);
    for (let at = 0; at < whole; at += BLOCK_BYTES) {
      readBlock(sealed, at, this.#block);
      writeKeyed(this.#state, this.#block, out, at);
      readBlock(out, at, this.#block);
      update(this.#state, this.#block);
    }
    if (whole === sealed.length) return;
    const last = this.#last;
    last.fill(0);
    last.set(sealed.subarray(whole));
    readBlock(last, 0, this.#block);
    writeKeyed(this.#state, this.#block, last, 0);
    // What stands behind the message is key stream, and counts as zeros.
    last.fill(0, sealed.length - whole);
    readBlock(last, 0, this.#block);
    update(this.#state, this.#block);
    out.set(last.subarray(0, sealed.length - whole), whole);
  }

  /** Ends the message: what is left of it in here is erased. Lengths in bytes. */
  tag(associatedLength: number, plainLength: number): Uint8Array {
    const state = this.#state;
    const lengths = [associatedLength, plainLength];
    for (let i = 0; i < BLOCK_WORDS; i++) {
      const bits = 8 * (lengths[i >>> 1] as number);
      this.#block[i] = (state[12 + i] as number) ^ (i % 2 === 0 ? bits | 0 : Math.floor(bits / 2 ** 32));
    }
    for (let repeat = 0; repeat < 7; repeat++) update(state, this.#block);
    const tag = new Uint8Array(TAG_BYTES);
    for (let i = 0; i < BLOCK_WORDS; i++) {
      let word = 0;
      for (let block = 0; block < STATE_WORDS; block += BLOCK_WORDS) word ^= state[block + i] as number;
      writeWord(tag, 4 * i, word);
    }
    state.fill(0);
    this.#block.fill(0);
    this.#last.fill(0);
    return tag;
  }

  #absorb(associated: Uint8Array): void {
    const whole = associated.length - (associated.length % BLOCK_BYTES);
    for (let at = 0; at < whole; at += BLOCK_BYTES) {
      readBlock(associated, at, this.#block);
      update(this.#state, this.#block);
    }
    if (whole === associated.length) return;
    this.#last.fill(0);
    this.#last.set(associated.subarray(whole));
    readBlock(this.#last, 0, this.#block);
    update(this.#state, this.#block);
  }
}

/** Each block of the state becomes a round of the one before it, keyed with itself; the first takes the message in. */
export function update(s: Int32Array, message: Int32Array): void {
  const t = ROUND;
  const a = s[20] as number;
  const b = s[21] as number;
  const c = s[22] as number;
  const d = s[23] as number;
  for (let at = 20; at >= 4; at -= 4) {
    const w = s[at - 4] as number;
    const x = s[at - 3] as number;
    const y = s[at - 2] as number;
    const z = s[at - 1] as number;
    s[at] = (s[at] as number) ^ column(t, w, x, y, z);
    s[at + 1] = (s[at + 1] as number) ^ column(t, x, y, z, w);
    s[at + 2] = (s[at + 2] as number) ^ column(t, y, z, w, x);
    s[at + 3] = (s[at + 3] as number) ^ column(t, z, w, x, y);
  }
  s[0] = (s[0] as number) ^ (message[0] as number) ^ column(t, a, b, c, d);
  s[1] = (s[1] as number) ^ (message[1] as number) ^ column(t, b, c, d, a);
  s[2] = (s[2] as number) ^ (message[2] as number) ^ column(t, c, d, a, b);
  s[3] = (s[3] as number) ^ (message[3] as number) ^ column(t, d, a, b, c);
}

/** One word of a round of AES without its key: row i comes from the i-th of four words in a row. */
function column(t: Int32Array, w: number, x: number, y: number, z: number): number {
  return (
    (t[w & 0xff] as number) ^
    (t[256 | ((x >>> 8) & 0xff)] as number) ^
    (t[512 | ((y >>> 16) & 0xff)] as number) ^
    (t[768 | (z >>> 24)] as number)
  );
}

/** A block of the message, keyed with what the state says: the way there and the way back. */
function writeKeyed(s: Int32Array, block: Int32Array, out: Uint8Array, at: number): void {
  for (let i = 0; i < BLOCK_WORDS; i++) {
    const keyed = (s[4 + i] as number) ^ (s[16 + i] as number) ^ (s[20 + i] as number);
    writeWord(out, at + 4 * i, (block[i] as number) ^ keyed ^ ((s[8 + i] as number) & (s[12 + i] as number)));
  }
}

function readBlock(bytes: Uint8Array, at: number, block: Int32Array): void {
  for (let i = 0; i < BLOCK_WORDS; i++) block[i] = wordAt(bytes, at + 4 * i);
}

/** Blocks of bytes as words. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => wordAt(bytes, 4 * i));
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
  bytes[at + 3] = word >>> 24;
}

/** SubBytes and MixColumns of a byte in row 0, then in rows 1 to 3, 256 words each (FIPS 197, §5.1). */
function roundTables(): Int32Array {
  const tables = new Int32Array(4 * 256);
  const box = substitutions();
  for (let byte = 0; byte < 256; byte++) {
    const once = box[byte] as number;
    const twice = doubled(once);
    const word = twice | (once << 8) | (once << 16) | ((twice ^ once) << 24);
    for (let row = 0; row < 4; row++) {
      tables[256 * row + byte] = row === 0 ? word : (word << (8 * row)) | (word >>> (32 - 8 * row));
    }
  }
  return tables;
}

/** The S-box: of each byte its inverse in GF(2^8), then an affine map. 3 generates the field, and 0xf6 is its inverse. */
function substitutions(): Uint8Array {
  const box = new Uint8Array(256);
  box[0] = 0x63;
  let power = 1;
  let inverse = 1;
  do {
    power ^= doubled(power);
    inverse = timesF6(inverse);
    let mapped = inverse;
    for (let turn = 1; turn <= 4; turn++) mapped ^= ((inverse << turn) | (inverse >>> (8 - turn))) & 0xff;
    box[power] = mapped ^ 0x63;
  } while (power !== 1);
  return box;
}

/** 2 times a byte in GF(2^8). */
function doubled(byte: number): number {
  return ((byte << 1) ^ (byte & 0x80 ? 0x11b : 0)) & 0xff;
}

function timesF6(byte: number): number {
  let product = 0;
  let shifted = byte;
  for (let bits = 0xf6; bits > 0; bits >>>= 1) {
    if (bits & 1) product ^= shifted;
    shifted = doubled(shifted);
  }
  return product;
}

/** One round of AES with its key, on blocks of 16 bytes: what everything here is made of, to be compared with AES. */
export function aesRound(block: Uint8Array, roundKey: Uint8Array): Uint8Array {
  const [words, key] = [wordsOf(block), wordsOf(roundKey)];
  const out = new Uint8Array(BLOCK_BYTES);
  const at = (i: number): number => words[i % BLOCK_WORDS] as number;
  for (let i = 0; i < BLOCK_WORDS; i++) {
    writeWord(out, 4 * i, column(ROUND, at(i), at(i + 1), at(i + 2), at(i + 3)) ^ (key[i] as number));
  }
  return out;
}
