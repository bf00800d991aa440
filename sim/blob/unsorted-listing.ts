/**
 * A listing without order, as a client of such a store has to make one: everything there is comes in parts, each of another
 * moment, and is sorted in the end. Of what comes or goes meanwhile it may show one and not the other, in any combination.
 */

import type { ListedBlob } from '../../engine/ports.ts';
import { hashText } from '../hash.ts';

const PARTS = 3;
/** How far apart the moments are. */
const PART_US = 2_000;

export interface UnsortedListing {
  /** Everything that is listed now. */
  now: () => readonly ListedBlob[];
  limit: number;
  /** Runs `next` at the store, so much later. */
  later: (delayUs: number, next: () => void) => void;
  done: (page: { blobs: ListedBlob[]; next: string | null }, hasShifted: boolean) => void;
}

export function listUnsorted({ now, limit, later, done }: UnsortedListing): void {
  const found: ListedBlob[] = [];
  const part = (index: number): void => {
    found.push(...now().filter(({ key }) => hashText(key) % PARTS === index));
    if (index + 1 < PARTS) return later(PART_US, () => part(index + 1));
    const sorted = found.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const keys = sorted.map(({ key }) => key).join();
    const hasShifted = keys !== [...now()].map(({ key }) => key).join();
    const blobs = sorted.slice(0, limit);
    done({ blobs, next: sorted.length > limit ? blobs.at(-1)!.key : null }, hasShifted);
  };
  part(0);
}
