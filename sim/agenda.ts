/**
 * What happens next: callbacks ordered by time, then by the order of scheduling, in a radix heap (Ahuja, Mehlhorn, Orlin,
 * Tarjan 1990): nothing is scheduled before what was taken last, so an entry waits in the bucket of the highest bit in which
 * its time differs from that, and moves to lower ones as time goes on. Buckets are queues, which keeps equal times in order.
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
const NONE = -1;
/** One for equal times, then one for each bit of an integer of 53 bits. */
const BUCKETS = 54;
const LOW_BITS = 32;
const LOW = 2 ** LOW_BITS;

export class Agenda {
  #capacity = 256;
  #size = 0;
  #sequence = 0;
  /** By slot. */
  #times = new Float64Array(this.#capacity);
  #orders = new Float64Array(this.#capacity);
  /** The bucket it waits in; `NONE` while it is parked. */
  #buckets = new Int8Array(this.#capacity).fill(NONE);
  /** Its neighbours in the bucket. */
  #nexts = new Int32Array(this.#capacity);
  #previous = new Int32Array(this.#capacity);
  /** How often the slot was used: the half of a handle that makes it unique. */
  #stamps = new Int32Array(this.#capacity);
  #callbacks: ((() => void) | null)[] = [];
  #owners: (Owner | null)[] = [];
  #kinds: string[] = [];
  #details: string[] = [];
  #freeSlots: number[] = [];
  #slotsUsed = 0;
  #parkedCount = 0;
  /** By bucket. */
  readonly #firsts = new Int32Array(BUCKETS).fill(NONE);
  readonly #lasts = new Int32Array(BUCKETS).fill(NONE);
  /** No entry is earlier, and those of the first bucket are due at just this time. */
  #floorUs = 0;

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
    return this.#times[this.nextSlot()]!;
  }

  /** The slot of the next entry, for the getters below; only when there is one. */
  nextSlot(): number {
    const first = this.#firsts[0]!;
    return first === NONE ? this.#advance() : first;
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
    this.#unlink(slot);
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
    return this.#buckets[slot] === NONE && this.#callbacks[slot] != null;
  }

  #newSlot(): number {
    if (this.#slotsUsed === SLOTS_MAX) throw new Error(`assertion: more than ${SLOTS_MAX} events pending`);
    if (this.#slotsUsed === this.#capacity) this.#grow();
    return this.#slotsUsed++;
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#times = extended(this.#times, new Float64Array(this.#capacity));
    this.#orders = extended(this.#orders, new Float64Array(this.#capacity));
    this.#buckets = extended(this.#buckets, new Int8Array(this.#capacity).fill(NONE));
    this.#nexts = extended(this.#nexts, new Int32Array(this.#capacity));
    this.#previous = extended(this.#previous, new Int32Array(this.#capacity));
    this.#stamps = extended(this.#stamps, new Int32Array(this.#capacity));
  }

  #remove(slot: number): void {
    if (this.#buckets[slot] === NONE) this.#parkedCount--;
    else this.#unlink(slot);
    this.#callbacks[slot] = null;
    this.#owners[slot] = null;
    this.#freeSlots.push(slot);
  }

  #insert(slot: number, timeUs: number): void {
    this.#times[slot] = timeUs;
    this.#orders[slot] = this.#sequence++;
    if (timeUs < this.#floorUs) this.#lowerFloor(timeUs);
    this.#size++;
    this.#append(slot, this.#bucketOf(timeUs));
  }

  /** The first of the earliest entries, which are all in the first bucket then. */
  #advance(): number {
    let bucket = 1;
    while (this.#firsts[bucket] === NONE) bucket++;
    const first = this.#firsts[bucket]!;
    let floorUs = this.#times[first]!;
    for (let slot = this.#nexts[first]!; slot !== NONE; slot = this.#nexts[slot]!) {
      if (this.#times[slot]! < floorUs) floorUs = this.#times[slot]!;
    }
    this.#floorUs = floorUs;
    this.#redistribute(bucket);
    return this.#firsts[0]!;
  }

  /** Rare: somebody looked at what is next and then something earlier was scheduled. */
  #lowerFloor(timeUs: number): void {
    this.#floorUs = timeUs;
    const all: number[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      for (let slot = this.#firsts[bucket]!; slot !== NONE; slot = this.#nexts[slot]!) all.push(slot);
      this.#firsts[bucket] = this.#lasts[bucket] = NONE;
    }
    // A queue in which equal times follow each other in the order of scheduling.
    all.sort((x, y) => this.#orders[x]! - this.#orders[y]!);
    for (const slot of all) this.#append(slot, this.#bucketOf(this.#times[slot]!));
  }

  #redistribute(bucket: number): void {
    let slot = this.#firsts[bucket]!;
    this.#firsts[bucket] = this.#lasts[bucket] = NONE;
    while (slot !== NONE) {
      const next = this.#nexts[slot]!;
      this.#append(slot, this.#bucketOf(this.#times[slot]!));
      slot = next;
    }
  }

  #bucketOf(timeUs: number): number {
    const floorUs = this.#floorUs;
    const differing = (timeUs ^ floorUs) | 0;
    if (timeUs < LOW && floorUs < LOW) return LOW_BITS - Math.clz32(differing);
    const high = Math.floor(timeUs / LOW) ^ Math.floor(floorUs / LOW);
    return high === 0 ? LOW_BITS - Math.clz32(differing) : 2 * LOW_BITS - Math.clz32(high);
  }

  #append(slot: number, bucket: number): void {
    const last = this.#lasts[bucket]!;
    this.#buckets[slot] = bucket;
    this.#nexts[slot] = NONE;
    this.#previous[slot] = last;
    if (last === NONE) this.#firsts[bucket] = slot;
    else this.#nexts[last] = slot;
    this.#lasts[bucket] = slot;
  }

  #unlink(slot: number): void {
    const bucket = this.#buckets[slot]!;
    const next = this.#nexts[slot]!;
    const previous = this.#previous[slot]!;
    if (previous === NONE) this.#firsts[bucket] = next;
    else this.#nexts[previous] = next;
    if (next === NONE) this.#lasts[bucket] = previous;
    else this.#previous[next] = previous;
    this.#buckets[slot] = NONE;
    this.#size--;
  }
}

function extended<A extends Int8Array | Int32Array | Float64Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}
