/**
 * Whether a slot found empty is the end of the log or was deleted by hand: data far behind it tells.
 *
 * An owner has at most K slots under way, so nobody writes data K or more behind a slot before that slot is durable. Data
 * closer than that may be a late put behind a slot that was never written. A fence is no witness wherever it stands: a
 * taker whose view is old follows the stray fence of another such taker over a window that was never written, fences
 * there, and only then finds out.
 */

import { WINDOW_SLOTS } from '../core/limits.ts';
import { LogCorruption } from './corruption.ts';
import { HEADER_BYTES, slotKey } from './format.ts';
import type { PersistentStore } from './persistent-store.ts';

/** The key of an object that was written after `slot` was durable; null when there is none, and it may be the end. */
export async function witnessBehind(store: Pick<PersistentStore, 'list'>, slot: number): Promise<string | null> {
  const far = await store.list('wal/', slotKey(slot + WINDOW_SLOTS - 1));
  return far.find(({ size }) => size > HEADER_BYTES)?.key ?? null;
}

/** `slot` is empty, and `witness` was written after it. */
export function missingSlot(slot: number, witness: string): LogCorruption {
  const what = `the object is missing, and the log goes on with ${witness}, which was written after it`;
  return new LogCorruption(slotKey(slot), 0, what);
}
