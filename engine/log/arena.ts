/**
 * The buffers log objects are laid out in. Entries are written once, straight into their slot's place in an arena; the
 * same bytes are the body of the put and, once committed, what readers and flushes take frames from.
 *
 * Several small slots share an arena and no slot crosses two, so memory follows the bytes logged, not the number of
 * slots. Nothing here frees anything: an arena goes when the last frame in it is let go.
 */

import { assert } from '../core/assert.ts';
import { HEADER_BYTES } from './format.ts';

/** The first arena of a log; each one is twice as long as the one before, so that a log with little in it costs little. */
const ARENA_BYTES_MIN = 64 * 1024;
const ARENA_BYTES_MAX = 4 * 1024 * 1024;

/** Where a closed slot stands: the object is `arena[start, end)`, its header still to be filled in. */
export interface SlotBytes {
  arena: Uint8Array;
  start: number;
  end: number;
}

export class SlotArena {
  #arena: Uint8Array<ArrayBufferLike> = new Uint8Array(0);
  #nextArenaBytes = ARENA_BYTES_MIN;
  /** The open slot, header included. */
  #start = 0;
  #end = 0;

  /** Length of the open slot's body, bytes. */
  get bodyBytes(): number {
    return Math.max(0, this.#end - this.#start - HEADER_BYTES);
  }

  get arena(): Uint8Array {
    return this.#arena;
  }

  /** The place of `length` more bytes in the open slot; null when they fit only after it is closed. */
  reserve(length: number): number | null {
    const isEmpty = this.#end === this.#start;
    const needed = (isEmpty ? HEADER_BYTES : 0) + length;
    if (this.#end + needed > this.#arena.length) {
      if (!isEmpty) return null;
      this.#arena = new Uint8Array(Math.max(this.#nextArenaBytes, needed));
      this.#nextArenaBytes = Math.min(ARENA_BYTES_MAX, 2 * this.#nextArenaBytes);
      this.#start = 0;
      this.#end = 0;
    }
    const at = this.#end + needed - length;
    this.#end = at + length;
    return at;
  }

  /** Ends the open slot; the next one begins behind it. */
  close(): SlotBytes {
    assert(this.#end > this.#start, 'only a slot with entries is closed');
    const closed = { arena: this.#arena, start: this.#start, end: this.#end };
    this.#start = this.#end;
    return closed;
  }
}
