/**
 * The durable objects of a simulated store, keys in order, and which names are in flux.
 *
 * A name is in flux from its creation or deletion until the call that did it has been answered; a listing
 * that overlaps that time may miss a created name or show a deleted one, and nothing else.
 */

import type { ListedBlob } from '../../engine/ports.ts';

const STILL_IN_FLUX = Number.MAX_SAFE_INTEGER;

interface Flux {
  /** Length of the object, for a listing that shows it though it is deleted. */
  size: number;
  settledUs: number;
}

export interface PageRequest {
  prefix: string;
  /** Keys strictly after this one. */
  after: string;
  limit: number;
  /** When the listing began: what settled before is certain. */
  sinceUs: number;
  /** Length of the object, as its reader would find it. */
  sizeOf: (key: string, bytes: Uint8Array) => number;
  /** Objects of somebody else, which the listing shows like any other. */
  planted: readonly ListedBlob[];
  /** Asked once for each name in flux that exists, and each that does not. */
  isHidden: (key: string) => boolean;
  isShown: (key: string) => boolean;
}

export class Objects {
  readonly #objects = new Map<string, Uint8Array>();
  /** Ascending by code unit, which for the keys allowed is by UTF-8 byte. */
  readonly #keys: string[] = [];
  readonly #created = new Map<string, Flux>();
  readonly #deleted = new Map<string, Flux>();

  has(key: string): boolean {
    return this.#objects.has(key);
  }

  get(key: string): Uint8Array | undefined {
    return this.#objects.get(key);
  }

  snapshot(): ReadonlyMap<string, Uint8Array> {
    return new Map(this.#keys.map((key) => [key, this.#objects.get(key)!]));
  }

  /** Ascending. */
  keysBelow(prefix: string): string[] {
    return this.#keys.filter((key) => key.startsWith(prefix));
  }

  create(key: string, bytes: Uint8Array, nowUs: number): void {
    this.#forgetSettled(nowUs);
    this.#objects.set(key, bytes);
    this.#keys.splice(this.#firstAfter(key), 0, key);
    this.#deleted.delete(key);
    this.#created.set(key, { size: bytes.length, settledUs: STILL_IN_FLUX });
  }

  /** Gives a name other bytes, which no store that keeps its promises does. */
  overwrite(key: string, bytes: Uint8Array): void {
    this.#objects.set(key, bytes);
  }

  /** False if there is no such object. */
  remove(key: string, nowUs: number): boolean {
    const bytes = this.#objects.get(key);
    if (bytes === undefined) return false;
    this.#forgetSettled(nowUs);
    this.#objects.delete(key);
    this.#keys.splice(this.#firstAfter(key) - 1, 1);
    this.#created.delete(key);
    this.#deleted.set(key, { size: bytes.length, settledUs: STILL_IN_FLUX });
    return true;
  }

  /** The call that created or deleted `key` has been answered, or nobody waits for its answer. */
  settled(key: string, nowUs: number): void {
    const flux = this.#created.get(key) ?? this.#deleted.get(key);
    if (flux !== undefined && flux.settledUs === STILL_IN_FLUX) flux.settledUs = nowUs;
  }

  page(request: PageRequest): { blobs: ListedBlob[]; next: string | null } {
    const { prefix, limit } = request;
    const ghosts = this.#ghosts(request);
    const blobs: ListedBlob[] = [];
    let ghost = 0;
    let next: string | null = null;
    const start = request.after < prefix ? this.#firstNotBefore(prefix) : this.#firstAfter(request.after);
    const add = (key: string, size: number): boolean => {
      if (blobs.length === limit) {
        next = blobs.at(-1)?.key ?? request.after;
        return false;
      }
      blobs.push({ key, size });
      return true;
    };
    for (let index = start; index <= this.#keys.length; index++) {
      const key = this.#keys[index];
      const isInRange = key !== undefined && key.startsWith(prefix);
      while (ghost < ghosts.length && (!isInRange || ghosts[ghost]!.key < key)) {
        const { key: ghostKey, size } = ghosts[ghost++]!;
        if (!add(ghostKey, size)) return { blobs, next };
      }
      if (!isInRange) break;
      if (this.#isInFlux(this.#created.get(key), request.sinceUs) && request.isHidden(key)) continue;
      if (!add(key, request.sizeOf(key, this.#objects.get(key)!))) break;
    }
    return { blobs, next };
  }

  /** Deleted names the listing shows all the same, and what is not ours. */
  #ghosts({ prefix, after, sinceUs, planted, isShown }: PageRequest): ListedBlob[] {
    const ghosts = planted.filter(({ key }) => key.startsWith(prefix) && key > after);
    for (const [key, flux] of this.#deleted) {
      if (key.startsWith(prefix) && key > after && this.#isInFlux(flux, sinceUs) && isShown(key)) {
        ghosts.push({ key, size: flux.size });
      }
    }
    return ghosts.sort((x, y) => (x.key < y.key ? -1 : 1));
  }

  #isInFlux(flux: Flux | undefined, sinceUs: number): boolean {
    return flux !== undefined && flux.settledUs > sinceUs;
  }

  /** Names that settled long before any listing that can still be under way are certain. */
  #forgetSettled(nowUs: number): void {
    const longAgoUs = nowUs - 600_000_000;
    for (const flux of [this.#created, this.#deleted]) {
      for (const [key, { settledUs }] of flux) {
        if (settledUs >= longAgoUs) break;
        flux.delete(key);
      }
    }
  }

  /** Index of the first key greater than `key`. */
  #firstAfter(key: string): number {
    return this.#search((other) => other > key);
  }

  #firstNotBefore(key: string): number {
    return this.#search((other) => other >= key);
  }

  #search(isPast: (key: string) => boolean): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isPast(this.#keys[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
