/**
 * Takeovers of a log of words, on manual ports: stores as earlier owners left them, and somebody who wants to own them.
 * Several takers may share one set of objects.
 */

import { FORMAT_VERSION } from '../core/format-version.ts';
import { decodeHeader, type LogHeader, slotKey } from '../log/format.ts';
import { type Ownership, takeOver } from '../log/takeover.ts';
import { plantData, plantFence, PROMPT, WordFold } from './log-bench.ts';
import { type ManualPorts, manualPorts, nativeCompute, type StoredObjects } from './manual-ports.ts';

export interface Taker extends ManualPorts {
  fold: WordFold;
  ownership: Promise<Ownership>;
  /** The same, null while it is open. */
  owned(): Ownership | null;
}

/** A store that was marked as ours and is empty otherwise. */
export function claimed(objects: StoredObjects = new Map()): StoredObjects {
  const marker = { store: 'tailrace', version: FORMAT_VERSION, windowSlots: 64 };
  return objects.set('format', new TextEncoder().encode(JSON.stringify(marker)));
}

/** Starts a takeover. Nothing is held unless `holds` says so. */
export function taker(
  objects: StoredObjects,
  seed = 1,
  holds: (call: { operation: string; key: string }) => boolean = () => false,
): Taker {
  const ports = manualPorts({ objects, seed });
  ports.blobs.holds = holds;
  const fold = new WordFold();
  let owned: Ownership | null = null;
  const ownership = takeOver(ports, PROMPT, fold);
  ownership.then((value) => (owned = value)).catch(() => {});
  return { ...ports, fold, ownership, owned: () => owned };
}

/** What the header of the object in `slot` says. */
export function headerIn(objects: StoredObjects, slot: number): LogHeader {
  return decodeHeader(slot, objects.get(slotKey(slot)) ?? new Uint8Array(), nativeCompute);
}

/** Puts a fence (slot, epoch) or data (slot, epoch, words) where an earlier owner would have left it. */
export function plant(
  objects: StoredObjects,
  what: { fence?: [number, number]; data?: [number, number, string[]] },
): void {
  const bench = manualPorts({ objects });
  if (what.fence !== undefined) plantFence(bench, ...what.fence);
  if (what.data !== undefined) plantData(bench, ...what.data);
}

/** What a taker writes is its fence: holds that back and nothing else. */
export const isPut = ({ operation }: { operation: string }): boolean => operation === 'putIfAbsent';
