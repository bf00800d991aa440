/**
 * A fixed set of small integers: which operations of a history are placed.
 *
 * The hash is kept up to date by xor-ing one pseudo-random word per member, so it costs nothing to ask for.
 */

export class Bitset {
  readonly #words: Uint32Array;
  #hash = 0;

  constructor(size: number | Bitset) {
    this.#words = typeof size === 'number' ? new Uint32Array((size + 31) >>> 5) : size.#words.slice();
    if (typeof size !== 'number') this.#hash = size.#hash;
  }

  /** Adds a member that is absent, or takes out one that is present. */
  flip(index: number): void {
    this.#words[index >>> 5]! ^= 1 << (index & 31);
    this.#hash ^= scrambled(index);
  }

  get hash(): number {
    return this.#hash;
  }

  equals(other: Bitset): boolean {
    if (this.#hash !== other.#hash) return false;
    for (let i = 0; i < this.#words.length; i++) if (this.#words[i] !== other.#words[i]) return false;
    return true;
  }
}

/** The finaliser of MurmurHash3: a bijection on 32-bit words that spreads small integers. */
function scrambled(index: number): number {
  let z = (index + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}
