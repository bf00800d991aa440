/**
 * Reads everything a server would ever read of the store, and checks every byte of it: format marker, checkpoint,
 * pages, the log behind it, all fences, and every segment. It stops at the first damage.
 */

import { segmentKey } from '../core/object-names.ts';
import { LogCorruption } from '../log/corruption.ts';
import { FORMAT_KEY, ForeignStore } from '../log/format-object.ts';
import { checkSegment } from './segment-check.ts';
import { onSteadyView, requireStore, type StoreLook } from './store-look.ts';
import { readCommitted } from './committed-view.ts';

export interface Soundness {
  epoch: number;
  /** Slot of the newest published checkpoint; null before the first. */
  checkpointSlot: number | null;
  pages: number;
  fences: number;
  slots: number;
  segments: number;
  frames: number;
  segmentBytes: number;
}

/** Resolves when all is sound. Throws LogCorruption at the first byte that is not, NoStoreHere where there is no store. */
export async function verifyStore(look: StoreLook): Promise<Soundness> {
  await requireStore(look).catch((error: unknown) => {
    if (!(error instanceof ForeignStore) || error.marker === null) throw error;
    throw new LogCorruption(FORMAT_KEY, 0, `it ${error.marker.what}`, error.marker.remedy);
  });
  return onSteadyView(look, async (published) => {
    const view = await readCommitted(look, published);
    const { epoch, state, pages, slotsBehind: slots } = view;
    const named = new Map([...view.segments, ...state.segments.all()].map((ref) => [segmentKey(ref), ref]));
    let [frames, segmentBytes] = [0, 0];
    for (const ref of named.values()) {
      frames += await checkSegment(look, ref);
      segmentBytes += ref.bytes;
    }
    const checkpointSlot = published?.slot ?? null;
    const counts = { pages: pages.length, fences: state.fences.length, slots, segments: named.size };
    return { epoch, checkpointSlot, ...counts, frames, segmentBytes };
  });
}
