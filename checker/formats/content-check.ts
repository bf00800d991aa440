/**
 * Do the record hashes that a read reports have the chain hash that it reports?
 *
 * Every read repeats the whole stream, so the longest content seen so far is kept with its chain values: what agrees
 * with it is only compared, and each record of a healthy run is hashed once, however many reads there are.
 */

import { ChainHash, highHalf, lowHalf, toBigint } from '../chain-hash.ts';
import type { Hash64 } from '../history.ts';

const HASH_MAX = 2n ** 64n - 1n;

export class ContentCheck {
  #known: readonly Hash64[] = [];
  /** Chain values behind each record of `#known`, and 0 in front, as halves. */
  readonly #hi: number[] = [0];
  readonly #lo: number[] = [0];

  /** What is wrong with the content of a read, in words that follow its name; null when it is well formed. */
  refusalOf(content: readonly Hash64[], tail: number, streamHash: Hash64): string | null {
    if (content.length !== tail)
      return `reports tail ${tail} but the hashes of ${content.length} records; a read reports all records below its tail`;
    let agreed = 0;
    while (agreed < tail && content[agreed] === this.#known[agreed]) agreed++;
    const isLonger = agreed === this.#known.length;
    const chain = new ChainHash(this.#hi[agreed], this.#lo[agreed]);
    for (let i = agreed; i < tail; i++) {
      const hash = content[i]!;
      if (!isHash(hash)) return `has record hash ${hash}; expected 0 to 2^64-1`;
      chain.append(highHalf(hash), lowHalf(hash));
      if (!isLonger) continue;
      this.#hi.push(chain.hi);
      this.#lo.push(chain.lo);
    }
    if (isLonger) this.#known = content;
    const found = toBigint(chain.hi, chain.lo);
    return found === streamHash
      ? null
      : `reports stream hash ${streamHash}, but the chain of its record hashes is ${found}`;
  }
}

export function isHash(value: bigint): boolean {
  return typeof value === 'bigint' && value >= 0n && value <= HASH_MAX;
}
