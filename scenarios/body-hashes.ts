/**
 * Hashes of record bodies and of whole streams, remembered: a run reads the same records over and over, and
 * hashing is most of what a recording client does.
 */

import { type BodyHasher, ChainHash, highHalf, lowHalf, toBigint } from '../checker/index.ts';
import type { SeenRecord } from './client.ts';

interface HashedBody {
  word: bigint;
  hi: number;
  lo: number;
}

export class BodyHashes {
  readonly #hash: BodyHasher;
  readonly #known = new Map<string, HashedBody>();
  readonly #utf8 = new TextEncoder();

  constructor(hash: BodyHasher) {
    this.#hash = hash;
  }

  /** XXH3-64 of the body's UTF-8 bytes. */
  of(body: string): bigint {
    return this.#hashed(body).word;
  }

  /** The hash of each record of a stream, and the chain hash of a stream that holds exactly these. */
  ofStream(records: readonly SeenRecord[]): { recordHashes: readonly bigint[]; streamHash: bigint } {
    const chain = new ChainHash();
    const recordHashes = records.map(({ body }) => {
      const { word, hi, lo } = this.#hashed(body);
      chain.append(hi, lo);
      return word;
    });
    return { recordHashes, streamHash: toBigint(chain.hi, chain.lo) };
  }

  #hashed(body: string): HashedBody {
    let known = this.#known.get(body);
    if (known === undefined) {
      const word = this.#hash(this.#utf8.encode(body));
      known = { word, hi: highHalf(word), lo: lowHalf(word) };
      this.#known.set(body, known);
    }
    return known;
  }
}
