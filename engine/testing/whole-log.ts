/**
 * The log as it was written, kept whole beside a store that deletes: what the state must be, told by nothing but the
 * log itself from slot 0. No checkpoint, segment or publication is looked at.
 */

import { decodeEntries, decodeHeader, slotKey } from '../log/format.ts';
import { CommittedLog } from '../segments/committed-log.ts';
import { hashText } from '../state/state-hash.ts';
import { nativeCompute } from './manual-ports.ts';

/** Objects of a store, and beside them the first bytes of every name there ever was. */
export class KeptObjects extends Map<string, Uint8Array> {
  readonly ever = new Map<string, Uint8Array>();

  override set(key: string, bytes: Uint8Array): this {
    if (!this.ever.has(key)) this.ever.set(key, bytes);
    return super.set(key, bytes);
  }

  copy(): KeptObjects {
    const copy = new KeptObjects();
    for (const [key, bytes] of this.ever) copy.ever.set(key, bytes);
    for (const [key, bytes] of this) copy.set(key, bytes);
    return copy;
  }
}

export interface WholeReplay {
  /** The first slot never written. */
  end: number;
  hash: string;
  /** EDIT entries that stand between the slot of a checkpoint and its INSTALL. */
  editsBeforeInstall: number;
}

/** Replays every slot ever written. Throws when the log contradicts itself. */
export function replayWhole(ever: ReadonlyMap<string, Uint8Array>): WholeReplay {
  const committed = new CommittedLog(() => Promise.resolve(null));
  const edits: number[] = [];
  let [slot, epoch, editsBeforeInstall] = [0, 0, 0];
  for (let bytes = ever.get(slotKey(slot)); bytes !== undefined; bytes = ever.get(slotKey(slot))) {
    const header = decodeHeader(slot, bytes, nativeCompute);
    if (header.kind === 'fence') {
      if (header.epoch <= epoch) throw new Error(`fence ${slot} of epoch ${header.epoch} after ${epoch}`);
      committed.fence(slot);
      [slot, epoch] = [header.next, header.epoch];
      continue;
    }
    if (header.epoch !== epoch) throw new Error(`data ${slot} of epoch ${header.epoch} in ${epoch}`);
    for (const raw of decodeEntries(header, bytes, nativeCompute)) {
      const entry = committed.decode(raw);
      if (entry.type === 'edit') edits.push(slot);
      if (entry.type === 'install') {
        const { slot: frozenAt } = entry.checkpoint;
        editsBeforeInstall += edits.filter((edit) => edit > frozenAt).length;
      }
      committed.apply(entry, { slot, bytes, start: raw.start, end: raw.end });
    }
    committed.endOfSlot(slot);
    slot++;
  }
  return { end: slot, hash: hashText(committed.state.hash), editsBeforeInstall };
}
