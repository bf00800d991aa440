/**
 * What happens next: a heap of callbacks ordered by time, then by the order of scheduling. It has four branches,
 * which makes it half as deep as one with two.
 *
 * Entries live in parallel arrays, so scheduling allocates nothing but the caller's closure. An entry may be
 * cancelled by its handle, or parked (taken out of the order while its host is paused) and put back later.
 * Times are integer microseconds of simulated time; a handle is never valid for two entries.
 */

/** Whoever an entry runs for. `null` in the agenda means the world itself. */
export interface Owner {
  readonly name: string;
}

/** A pending entry as shown to people: who waits for what. */
export interface PendingEntry {
  /** Host name, or `world`. */
  host: string;
  kind: string;
  detail: string;
  atUs: number;
}

const SLOTS_MAX = 1 << 20;
const NOT_IN_HEAP = -1;

export class Agenda {
  #capacity = 256;
  #size = 0;
  #sequence = 0;
  /** Heap of slots. */
  #heap = new Int32Array(this.#capacity);
  /** By slot. */
  #times = new Float64Array(this.#capacity);
  #orders = new Float64Array(this.#capacity);
  #positions = new Int32Array(this.#capacity).fill(NOT_IN_HEAP);
  /** How often the slot was used: the half of a handle that makes it unique. */
  #stamps = new Int32Array(this.#capacity);
  #callbacks: ((() => void) | null)[] = [];
  #owners: (Owner | null)[] = [];
  #kinds: string[] = [];
  #details: string[] = [];
  #freeSlots: number[] = [];
  #slotsUsed = 0;
  #parkedCount = 0;

  /** Entries in the order of time; parked ones do not count. */
  get size(): number {
    return this.#size;
  }

  /** Schedules `run` and returns a handle for `cancel`. */
  add(timeUs: number, owner: Owner | null, kind: string, detail: string, run: () => void): number {
    const slot = this.#freeSlots.pop() ?? this.#newSlot();
    this.#callbacks[slot] = run;
    this.#owners[slot] = owner;
    this.#kinds[slot] = kind;
    this.#details[slot] = detail;
    this.#stamps[slot]!++;
    this.#insert(slot, timeUs);
    return this.#stamps[slot]! * SLOTS_MAX + slot;
  }

  /** Forgets an entry. An entry that ran, or was cancelled before, is no error. */
  cancel(handle: number): void {
    const slot = handle % SLOTS_MAX;
    if (this.#callbacks[slot] == null || this.#stamps[slot] !== (handle - slot) / SLOTS_MAX) return;
    this.#remove(slot);
  }

  /** Forgets every entry of `owner`, parked ones included; returns how many there were. */
  cancelOwned(owner: Owner): number {
    let count = 0;
    for (let slot = 0; slot < this.#slotsUsed; slot++) {
      if (this.#owners[slot] !== owner || this.#callbacks[slot] == null) continue;
      this.#remove(slot);
      count++;
    }
    return count;
  }

  /** Time of the next entry; only when there is one. */
  nextTimeUs(): number {
    return this.#times[this.#heap[0]!]!;
  }

  /** The slot of the next entry, for the getters below; only when there is one. */
  nextSlot(): number {
    return this.#heap[0]!;
  }

  ownerOf(slot: number): Owner | null {
    return this.#owners[slot]!;
  }

  kindOf(slot: number): string {
    return this.#kinds[slot]!;
  }

  detailOf(slot: number): string {
    return this.#details[slot]!;
  }

  /** Removes the entry and returns its callback. */
  take(slot: number): () => void {
    const run = this.#callbacks[slot]!;
    this.#remove(slot);
    return run;
  }

  /** Takes an entry out of the order without forgetting it; its handle stays valid. */
  park(slot: number): void {
    this.#heapRemove(this.#positions[slot]!);
    this.#parkedCount++;
  }

  /** Puts the parked entries of `owner` back at `timeUs`, in the order they were due. */
  unpark(owner: Owner, timeUs: number): void {
    if (this.#parkedCount === 0) return;
    const slots: number[] = [];
    for (let slot = 0; slot < this.#slotsUsed; slot++) {
      if (this.#owners[slot] === owner && this.#isParked(slot)) slots.push(slot);
    }
    slots.sort((x, y) => this.#times[x]! - this.#times[y]! || this.#orders[x]! - this.#orders[y]!);
    for (const slot of slots) {
      this.#parkedCount--;
      this.#insert(slot, timeUs);
    }
  }

  /** Everything that is still to come, in order; parked entries first. */
  pending(): PendingEntry[] {
    const slots: number[] = [];
    for (let slot = 0; slot < this.#slotsUsed; slot++) if (this.#callbacks[slot] != null) slots.push(slot);
    slots.sort((x, y) => this.#times[x]! - this.#times[y]! || this.#orders[x]! - this.#orders[y]!);
    return slots.map((slot) => ({
      host: this.#owners[slot]?.name ?? 'world',
      kind: this.#kinds[slot]!,
      detail: this.#details[slot]!,
      atUs: this.#times[slot]!,
    }));
  }

  #isParked(slot: number): boolean {
    return this.#positions[slot] === NOT_IN_HEAP && this.#callbacks[slot] != null;
  }

  #newSlot(): number {
    if (this.#slotsUsed === SLOTS_MAX) throw new Error(`assertion: more than ${SLOTS_MAX} events pending`);
    if (this.#slotsUsed === this.#capacity) this.#grow();
    return this.#slotsUsed++;
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#heap = extended(this.#heap, new Int32Array(this.#capacity));
    this.#times = extended(this.#times, new Float64Array(this.#capacity));
    this.#orders = extended(this.#orders, new Float64Array(this.#capacity));
    this.#positions = extended(this.#positions, new Int32Array(this.#capacity).fill(NOT_IN_HEAP));
    this.#stamps = extended(this.#stamps, new Int32Array(this.#capacity));
  }

  #remove(slot: number): void {
    const position = this.#positions[slot]!;
    if (position === NOT_IN_HEAP) this.#parkedCount--;
    else this.#heapRemove(position);
    this.#callbacks[slot] = null;
    this.#owners[slot] = null;
    this.#freeSlots.push(slot);
  }

  #insert(slot: number, timeUs: number): void {
    this.#times[slot] = timeUs;
    this.#orders[slot] = this.#sequence++;
    this.#size++;
    this.#siftUp(slot, this.#size - 1);
  }

  #heapRemove(position: number): void {
    const removed = this.#heap[position]!;
    this.#size--;
    const last = this.#heap[this.#size]!;
    this.#positions[removed] = NOT_IN_HEAP;
    if (last === removed) return;
    this.#siftDown(last, position);
    if (this.#positions[last] === position) this.#siftUp(last, position);
  }

  #siftUp(slot: number, from: number): void {
    let position = from;
    while (position > 0) {
      const parent = (position - 1) >> 2;
      const above = this.#heap[parent]!;
      if (!this.#isBefore(slot, above)) break;
      this.#place(above, position);
      position = parent;
    }
    this.#place(slot, position);
  }

  #siftDown(slot: number, from: number): void {
    let position = from;
    for (;;) {
      const first = position * 4 + 1;
      if (first >= this.#size) break;
      const end = Math.min(first + 4, this.#size);
      let child = first;
      for (let other = first + 1; other < end; other++) {
        if (this.#isBefore(this.#heap[other]!, this.#heap[child]!)) child = other;
      }
      const below = this.#heap[child]!;
      if (!this.#isBefore(below, slot)) break;
      this.#place(below, position);
      position = child;
    }
    this.#place(slot, position);
  }

  #place(slot: number, position: number): void {
    this.#heap[position] = slot;
    this.#positions[slot] = position;
  }

  #isBefore(x: number, y: number): boolean {
    const dt = this.#times[x]! - this.#times[y]!;
    return dt < 0 || (dt === 0 && this.#orders[x]! < this.#orders[y]!);
  }
}

function extended<A extends Int32Array | Float64Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}
