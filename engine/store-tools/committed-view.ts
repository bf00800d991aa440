/**
 * The committed state of a store, read as a takeover reads it and without becoming the owner: the newest published
 * checkpoint, every byte of it checked, then the log behind it up to the first slot that nobody wrote.
 *
 * Everything is read twice before it is called damaged, and what is called damaged has an object and an offset.
 */

import { InvariantError } from '../core/assert.ts';
import { type CheckpointName, checkpointKey, pageKey, type OwnedName } from '../core/object-names.ts';
import { LogCorruption, meaningOf, REMEDY, VERSION_OFFSET } from '../log/corruption.ts';
import { decodeEntries, decodeHeader, type LogHeader, type PlacedEntry, slotKey } from '../log/format.ts';
import { missingSlot, witnessBehind } from '../log/missing-slot.ts';
import type { Compute } from '../ports.ts';
import { decodePage, decodeRoot } from '../segments/checkpoint-format.ts';
import { Checkpoints } from '../segments/checkpoint.ts';
import { CommittedLog } from '../segments/committed-log.ts';
import { SEGMENT_DEFAULTS } from '../segments/tunables.ts';
import type { LogState } from '../state/log-state.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { readSound, type StoreLook } from './store-look.ts';

export interface CommittedView {
  published: CheckpointName | null;
  /** At the end of the log. */
  state: LogState;
  /** In force at the end of the log; 0 when nobody ever owned the store. */
  epoch: number;
  /** The first slot that was never written. */
  end: number;
  /** Data slots behind the checkpoint, and their bytes. */
  slotsBehind: number;
  bytesBehind: number;
  /** What the checkpoint names: pages by key, and segments, some of which may have left the list since. */
  pages: readonly string[];
  segments: readonly SegmentRef[];
}

interface LogObject {
  header: LogHeader;
  bytes: Uint8Array;
  entries: readonly PlacedEntry[];
}

/** Throws LogCorruption. */
export async function readCommitted(look: StoreLook, published: CheckpointName | null): Promise<CommittedView> {
  const pages = published === null ? [] : await checkCheckpoint(look, published);
  const checkpoints = new Checkpoints(look, SEGMENT_DEFAULTS);
  const committed = new CommittedLog((name, into) => checkpoints.load(name, into));
  if (published !== null) await load(committed, published);
  const segments = [...committed.state.segments.all()];
  const fencesBefore = [...committed.state.fences];
  const walk = new LogWalk(look, committed, published);
  await walk.toEnd();
  for (const slot of fencesBefore) await requireFence(look, slot);
  const { epoch, position: end, slots: slotsBehind, bytes: bytesBehind } = walk;
  return { published, state: committed.state, epoch, end, slotsBehind, bytesBehind, pages, segments };
}

/** Root and pages one by one, so that damage has a place. Returns the keys of the pages. */
async function checkCheckpoint(look: StoreLook, name: CheckpointName): Promise<string[]> {
  const root = await readSound(look, checkpointKey(name), (bytes) => decodeRoot(name, bytes, look.compute));
  for (const ref of root.pages) {
    await readSound(look, pageKey(ref), (bytes) => decodePage(ref, bytes, look.compute));
  }
  return root.pages.map((ref: OwnedName) => pageKey(ref));
}

async function load(committed: CommittedLog, name: CheckpointName): Promise<void> {
  const start = await committed.restore(name);
  if (start !== null) return;
  throw new LogCorruption(checkpointKey(name), 0, 'it, or a page it names, went away while it was read');
}

/** Fences are never deleted: without one, a former owner could write again where it stood. */
async function requireFence(look: StoreLook, slot: number): Promise<void> {
  const { header } = await readSound(look, slotKey(slot), (bytes) => decodeSlot(slot, bytes, look.compute));
  if (header.kind !== 'fence') {
    throw new LogCorruption(slotKey(slot), 5, 'its checkpoint knows it as a fence, and it holds data');
  }
}

class LogWalk {
  readonly #look: StoreLook;
  readonly #committed: CommittedLog;
  epoch: number;
  position: number;
  slots = 0;
  bytes = 0;

  constructor(look: StoreLook, committed: CommittedLog, from: CheckpointName | null) {
    this.#look = look;
    this.#committed = committed;
    this.epoch = from?.epoch ?? 0;
    this.position = from === null ? 0 : from.slot + 1;
  }

  async toEnd(): Promise<void> {
    for (;;) {
      const key = slotKey(this.position);
      if ((await this.#look.store.get(key)).kind === 'found') {
        this.#take(await readSound(this.#look, key, (bytes) => decodeSlot(this.position, bytes, this.#look.compute)));
      } else if (!(await this.#hasMoved())) return;
    }
  }

  /** True when the slot was written after all. Throws LogCorruption when it was, and is gone. */
  async #hasMoved(): Promise<boolean> {
    const { store } = this.#look;
    const witness = await witnessBehind(store, this.position);
    if (witness === null) return false;
    if ((await store.get(slotKey(this.position))).kind === 'found') return true;
    throw missingSlot(this.position, witness);
  }

  #take({ header, bytes, entries }: LogObject): void {
    const key = slotKey(header.slot);
    const isNext = header.kind === 'fence' ? header.epoch > this.epoch : header.epoch === this.epoch;
    if (!isNext) {
      const what = `a ${header.kind} of epoch ${header.epoch} stands where epoch ${this.epoch} is in force`;
      throw new LogCorruption(key, 16, what, REMEDY.report);
    }
    if (header.kind === 'fence') {
      this.#committed.fence(header.slot);
      this.epoch = header.epoch;
      this.position = header.next;
      return;
    }
    for (const entry of entries) this.#apply(header.slot, bytes, entry);
    this.#committed.endOfSlot(header.slot, bytes[VERSION_OFFSET] as number);
    this.slots++;
    this.bytes += bytes.length;
    this.position++;
  }

  #apply(slot: number, bytes: Uint8Array, entry: PlacedEntry): void {
    const key = slotKey(slot);
    try {
      const { start, end } = entry;
      meaningOf(key, start, () => this.#committed.apply(this.#committed.decode(entry), { slot, bytes, start, end }));
    } catch (error) {
      if (!(error instanceof InvariantError)) throw error;
      throw new LogCorruption(
        key,
        entry.start,
        `the entry contradicts the state before it: ${error.message}`,
        REMEDY.report,
      );
    }
  }
}

function decodeSlot(slot: number, bytes: Uint8Array, compute: Compute): LogObject {
  const header = decodeHeader(slot, bytes, compute);
  return { header, bytes, entries: header.kind === 'data' ? decodeEntries(header, bytes, compute) : [] };
}
