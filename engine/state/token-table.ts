/**
 * The access tokens there are: by id in order, and by what is known of their secrets. A token that was revoked or that
 * expired is not here any more; nothing else says of a token whether it is one.
 */

import { sameSecret, type TokenState } from '../core/access.ts';
import { type ListQuery, type Page, pageOf } from '../core/listing.ts';
import { SortedNames } from './sorted-names.ts';
import type { StateHasher } from './state-hash.ts';

/** Bytes of the hash that a token is looked up by. All of it is compared, in constant time, with the token found. */
const LOOKUP_BYTES = 16;

export class TokenTable {
  readonly #hasher: StateHasher;
  readonly #rows = new Map<string, TokenState>();
  readonly #ids = new SortedNames();
  readonly #byLookup = new Map<string, TokenState>();

  constructor(hasher: StateHasher) {
    this.#hasher = hasher;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(id: string): TokenState | undefined {
    return this.#rows.get(id);
  }

  /** The token with that secret, whose SHA-256 is given. How long it takes tells nothing of the hashes there are. */
  ofSecret(secretHash: Uint8Array): TokenState | undefined {
    const row = this.#byLookup.get(lookupOf(secretHash));
    return sameSecret(row?.secretHash ?? NOBODY, secretHash) ? row : undefined;
  }

  all(): IterableIterator<TokenState> {
    return this.#rows.values();
  }

  list({ prefix, startAfter, limit }: ListQuery, isShown: (row: TokenState) => boolean): Page<TokenState> {
    return pageOf(this.#shown(prefix, startAfter, isShown), limit);
  }

  *#shown(prefix: string, startAfter: string, isShown: (row: TokenState) => boolean): IterableIterator<TokenState> {
    for (const id of this.#ids.named(prefix, startAfter)) {
      const row = this.#rows.get(id) as TokenState;
      if (isShown(row)) yield row;
    }
  }

  add(row: TokenState): void {
    this.#hasher.token(row, 1);
    this.#rows.set(row.id, row);
    this.#ids.add(row.id);
    this.#byLookup.set(lookupOf(row.secretHash), row);
  }

  delete(row: TokenState): void {
    this.#hasher.token(row, -1);
    this.#rows.delete(row.id);
    this.#ids.delete(row.id);
    const lookup = lookupOf(row.secretHash);
    if (this.#byLookup.get(lookup)?.id === row.id) this.#byLookup.delete(lookup);
  }
}

/** No secret hashes to it, as far as anybody knows. */
const NOBODY = new Uint8Array(32);

function lookupOf(hash: Uint8Array): string {
  // Not spread, which would step through an iterator with every request.
  return String.fromCharCode.apply(null, hash.subarray(0, LOOKUP_BYTES) as unknown as number[]);
}
