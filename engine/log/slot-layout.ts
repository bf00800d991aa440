/**
 * Entries on their way to a slot: each is written once, straight into the place in the open slot where it will be put,
 * read and flushed from. An entry that does not fit any more closes the slot and opens the next.
 *
 * Invariant: what is taken comes out in the order it was added, whole slots at a time, and its bytes never change
 * afterwards. Nothing is made per entry here: this is the way of every append.
 */

import { assert } from '../core/assert.ts';
import { Fifo } from '../core/fifo.ts';
import type { Ports } from '../ports.ts';
import { SlotArena, type SlotBytes } from './arena.ts';
import { frameLength, payloadStart, sealFrame } from './format.ts';
import type { LogFold } from './fold.ts';
import type { Queued } from './queued.ts';

/** Entries laid out as one object, not issued yet; its header is still to be filled in. */
export interface Batch<Entry> extends SlotBytes {
  queued: Queued<Entry>[];
  /** Where each entry's frame ends in the arena; the next one begins there. */
  ends: number[];
}

type LayoutPorts = Pick<Ports, 'clock' | 'compute'>;

export class SlotLayout<Entry> {
  readonly #ports: LayoutPorts;
  readonly #slotBytesMax: number;
  readonly #fold: LogFold<Entry>;
  /** Closed and not taken, oldest first. */
  readonly #closed = new Fifo<Batch<Entry>>();
  /** Behind them the entries of the open slot, laid out in `#arena`. */
  #open: Queued<Entry>[] = [];
  #openEnds: number[] = [];
  readonly #arena = new SlotArena();
  #openSinceMs = 0;

  /** A slot is full at `slotBytesMax` bytes of entries; only an entry that is larger itself makes it longer. */
  constructor(ports: LayoutPorts, slotBytesMax: number, fold: LogFold<Entry>) {
    this.#ports = ports;
    this.#slotBytesMax = slotBytesMax;
    this.#fold = fold;
  }

  /** Writes one entry behind everything added before. Returns the checksum of its payload. */
  add(queued: Queued<Entry>): number {
    const { entry } = queued;
    const length = this.#fold.lengthOf(entry);
    const start = this.#placeFor(frameLength(length));
    const end = payloadStart(start) + length;
    this.#fold.write(entry, this.#arena.arena, payloadStart(start));
    const crc = sealFrame(this.#arena.arena, start, end, this.#fold.typeOf(entry), this.#ports.compute);
    if (this.#open.length === 0) this.#openSinceMs = this.#ports.clock.monoMs();
    this.#open.push(queued);
    this.#openEnds.push(end);
    return crc;
  }

  get isEmpty(): boolean {
    return this.#open.length === 0 && this.#closed.length === 0;
  }

  /** True when a slot waits that takes nothing more. */
  get hasClosed(): boolean {
    return this.#closed.length > 0;
  }

  get isOpenFull(): boolean {
    return this.#arena.bodyBytes >= this.#slotBytesMax;
  }

  /** When the oldest entry of the open slot was added, on the monotonic clock. */
  get openSinceMs(): number {
    return this.#openSinceMs;
  }

  /** The oldest slot; the open one, which is closed by this, when there is no other. */
  take(): Batch<Entry> {
    if (this.#closed.length === 0) this.#closeOpen();
    const batch = this.#closed.take();
    assert(batch !== undefined, 'a slot that is taken has entries');
    return batch;
  }

  /** Everybody who waits in a slot that was not taken, oldest first; none of them ever will be. */
  takeAll(): Queued<Entry>[] {
    const all: Queued<Entry>[] = [];
    while (!this.isEmpty) all.push(...this.take().queued);
    return all;
  }

  /** Room for one more frame in the open slot, which is closed first when it has none. */
  #placeFor(bytes: number): number {
    if (this.#open.length > 0 && this.#arena.bodyBytes + bytes > this.#slotBytesMax) this.#closeOpen();
    let place = this.#arena.reserve(bytes);
    if (place === null) {
      this.#closeOpen();
      place = this.#arena.reserve(bytes);
    }
    assert(place !== null, 'an empty slot has room for any entry');
    return place;
  }

  #closeOpen(): void {
    const { arena, start, end } = this.#arena.close();
    this.#closed.push({ arena, start, end, queued: this.#open, ends: this.#openEnds });
    this.#open = [];
    this.#openEnds = [];
  }
}
