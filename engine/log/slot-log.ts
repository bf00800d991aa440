/**
 * The owner's side of the slot log (storage reference §4.4): entries are grouped into numbered objects, up to
 * `windowSlots` puts are in flight, and slots commit strictly in order. How entries become a slot's bytes is
 * `slot-layout.ts`, how one slot becomes durable is `slot-puts.ts`; here is what they mean for each other.
 *
 * Invariants: `committed <= next <= committed + K`; nothing is settled `committed` before its slot and every slot
 * below it are durable; a fence found in a slot of ours ends ownership for good: slots below it exist and are still
 * committed, entries at or above it are void.
 */

import { assert } from '../core/assert.ts';
import { FORMAT_VERSION } from '../core/format-version.ts';
import { WINDOW_SLOTS } from '../core/limits.ts';
import type { Ports, StoreFault } from '../ports.ts';
import { HEADER_BYTES, sealData } from './format.ts';
import type { LogFold } from './fold.ts';
import { OwnershipProof } from './ownership-proof.ts';
import { StoreRefused } from './persistent-store.ts';
import { isPublishedFrom } from './publication.ts';
import type { Queued } from './queued.ts';
import { type Batch, SlotLayout } from './slot-layout.ts';
import { SlotPuts } from './slot-puts.ts';
import type { Ownership } from './takeover.ts';
import type { LogTunables } from './tunables.ts';

/** Why a log stopped being writable. */
export type LogEnd =
  | { kind: 'fenced'; byEpoch: number }
  | { kind: 'store-refused'; fault: StoreFault }
  /** `stop` was called and everything queued has settled. */
  | { kind: 'stopped' };

interface Slot<Entry> extends Batch<Entry> {
  number: number;
  /** The whole object; never changed once issued. */
  object: Uint8Array;
  /** Known to be in the store with our bytes. */
  durable: boolean;
}

type LogPorts = Pick<Ports, 'clock' | 'random' | 'compute' | 'blobs' | 'telemetry'>;

export class SlotLog<Entry> {
  readonly #ports: LogPorts;
  readonly #tunables: LogTunables;
  readonly #fold: LogFold<Entry>;
  readonly #owner: Ownership;
  readonly #proof: OwnershipProof;
  readonly #puts: SlotPuts<Slot<Entry>>;
  /** What is queued and not issued. */
  readonly #layout: SlotLayout<Entry>;
  /** Resolves once, when the log ends. */
  readonly ended: Promise<LogEnd>;
  #announceEnd: (end: LogEnd) => void = () => {};
  #end: LogEnd | null = null;
  readonly #abort = new AbortController();

  /** First slot never issued. */
  #next: number;
  /** Every slot below is durable, applied and acknowledged. */
  #committed: number;
  /** Slots in [#committed, #next), oldest first. */
  #inFlight: Slot<Entry>[] = [];
  #lingering = false;
  #lastIssueMs: number;
  /** The lowest slot known to be a rival's; its fence is there or below. */
  #fence: { slot: number; epoch: number } | null = null;
  #stopping = false;
  #queuedCount = 0;
  #committedCount = 0;
  #flushWaiters: { upToCount: number; done: () => void }[] = [];
  /** Lost slots whose fate is being looked up. */
  #judging = 0;

  constructor(ports: LogPorts, tunables: LogTunables, fold: LogFold<Entry>, owner: Ownership) {
    this.#ports = ports;
    this.#tunables = tunables;
    this.#fold = fold;
    this.#owner = owner;
    this.#next = owner.next;
    this.#committed = owner.next;
    this.#lastIssueMs = ports.clock.monoMs() - tunables.issueIntervalMs;
    this.ended = new Promise((resolve) => {
      this.#announceEnd = resolve;
    });
    this.#layout = new SlotLayout(ports, tunables.slotBytesMax, fold);
    this.#puts = new SlotPuts(ports, tunables, owner, this.#abort.signal, {
      committed: () => this.#committed,
      isWanted: (slot) => this.#isWanted(slot),
      durable: (slot) => this.#markDurable(slot),
      fencedAt: (slot, epoch) => this.#fencedAt(slot, epoch),
      refused: (fault) => this.#storeRefused(fault),
    });
    this.#proof = new OwnershipProof(ports, tunables, {
      next: () => this.#next,
      committed: () => this.#committed,
      willIssue: () => !this.#layout.isEmpty,
      isOurs: (slot, bytes) => this.#puts.judge(slot, bytes) === 'ours',
    });
  }

  /** Queues one entry behind everything queued before. Returns the checksum of its payload, which its frame holds. */
  enqueue(queued: Queued<Entry>): number {
    assert(this.writable, 'nothing is queued on a log that has ended');
    const crc = this.#layout.add(queued);
    this.#queuedCount++;
    // While the sleeper waits for the open slot's time, only its size can make it due.
    if (!this.#lingering || this.#layout.hasClosed || this.#layout.isOpenFull) this.#issueWhenDue();
    return crc;
  }

  get epoch(): number {
    return this.#owner.epoch;
  }

  /** Every slot below is durable and folded into the state. */
  get committed(): number {
    return this.#committed;
  }

  /** False from the moment a fence was seen, the store refused, or `stop` was called. */
  get writable(): boolean {
    return this.#end === null && this.#fence === null && !this.#stopping;
  }

  /** Resolves true when everything queued before this call is committed, false when the log ended first. */
  async flushed(): Promise<boolean> {
    const upToCount = this.#queuedCount;
    if (this.#committedCount < upToCount && this.#end === null) {
      await new Promise<void>((done) => this.#flushWaiters.push({ upToCount, done }));
    }
    return this.#committedCount >= upToCount;
  }

  /** True once ownership is proved by a round trip that started after this call; false when it was lost. */
  proveOwnership(): Promise<boolean> {
    return this.#end !== null || this.#fence !== null ? Promise.resolve(false) : this.#proof.request();
  }

  /** When ownership was proved last, or begun, on the monotonic clock. */
  get provedMs(): number {
    return this.#proof.provedMs;
  }

  /** Takes nothing more, settles what is queued, then ends as `stopped` (or as whatever happens first). */
  stop(): void {
    this.#stopping = true;
    this.#issueWhenDue();
    this.#endIfDrained();
  }

  /**
   * The owner can not go on, for a reason outside the log: what is in flight stays open. Anything but the store's refusal
   * is a bug, which is thrown on.
   */
  fail(error: unknown): void {
    if (!(error instanceof StoreRefused)) throw error;
    this.#storeRefused(error.fault);
  }

  // --- issuing -------------------------------------------------------------------------------------------

  #issueWhenDue(): void {
    while (this.#end === null && this.#fence === null && !this.#layout.isEmpty) {
      const now = this.#ports.clock.monoMs();
      if (!this.#layout.hasClosed && !this.#isOpenDue(now)) return this.#linger();
      if (this.#inFlight.length >= this.#tunables.windowSlots) return this.#ports.telemetry.event('log.window.full');
      this.#issue(now);
    }
  }

  #isOpenDue(nowMs: number): boolean {
    if (this.#stopping || this.#layout.isOpenFull) return true;
    const isIdle = this.#inFlight.length === 0 && nowMs - this.#lastIssueMs >= this.#tunables.issueIntervalMs;
    return isIdle || nowMs - this.#layout.openSinceMs >= this.#tunables.lingerMs;
  }

  /** Sleeps until the linger or, if it comes first, the interval is over; one sleeper at a time. */
  #linger(): void {
    if (this.#lingering) return;
    this.#lingering = true;
    const now = this.#ports.clock.monoMs();
    const lingerWaitMs = this.#layout.openSinceMs + this.#tunables.lingerMs - now;
    const intervalWaitMs = this.#lastIssueMs + this.#tunables.issueIntervalMs - now;
    const waitMs = intervalWaitMs > 0 ? Math.min(lingerWaitMs, intervalWaitMs) : lingerWaitMs;
    void this.#ports.clock.sleep(Math.max(1, waitMs), this.#abort.signal).then(() => {
      this.#lingering = false;
      this.#issueWhenDue();
    });
  }

  #issue(nowMs: number): void {
    const number = this.#next++;
    const batch = this.#layout.take();
    const object = batch.arena.subarray(batch.start, batch.end);
    const { epoch, identity } = this.#owner;
    sealData(object, { slot: number, epoch, identity }, batch.queued.length, this.#ports.compute);
    const slot: Slot<Entry> = { ...batch, number, object, durable: false };
    this.#inFlight.push(slot);
    this.#lastIssueMs = nowMs;
    assert(this.#next <= this.#committed + WINDOW_SLOTS, 'the window never holds more than K slots');
    this.#ports.telemetry.event('log.slot.issued', number);
    if (this.#inFlight.length > 1) this.#ports.telemetry.event('log.window.pipelined', this.#inFlight.length);
    void this.#puts.makeDurable(slot);
  }

  /** A slot still needs its put unless the log ended or a fence at or below it made it void. */
  #isWanted(slot: number): boolean {
    return this.#end === null && (this.#fence === null || slot < this.#fence.slot);
  }

  // --- committing ----------------------------------------------------------------------------------------

  #markDurable(slot: Slot<Entry>): void {
    slot.durable = true;
    if (slot !== this.#inFlight[0]) this.#ports.telemetry.event('log.slot.out-of-order', slot.number);
    while (this.#inFlight[0]?.durable === true && this.#isWanted(this.#committed)) this.#commit(this.#inFlight[0]);
    this.#issueWhenDue();
    this.#endIfDrained();
  }

  #commit(slot: Slot<Entry>): void {
    assert(slot.number === this.#committed, 'slots commit strictly in order');
    this.#inFlight.shift();
    this.#committed++;
    this.#committedCount += slot.queued.length;
    let start = slot.start + HEADER_BYTES;
    for (let i = 0; i < slot.queued.length; i++) {
      const { entry } = slot.queued[i] as Queued<Entry>;
      const end = slot.ends[i] as number;
      this.#fold.apply(entry, { slot: slot.number, bytes: slot.arena, start, end });
      (slot.queued[i] as Queued<Entry>).settle('committed');
      start = end;
    }
    this.#fold.endOfSlot(slot.number, FORMAT_VERSION);
    this.#ports.telemetry.event('log.slot.committed', slot.number);
    if (this.#fence !== null) this.#ports.telemetry.event('log.fenced.drained', slot.number);
    this.#proof.committedTo(this.#committed);
    this.#wakeFlushed();
  }

  // --- ending --------------------------------------------------------------------------------------------

  /** A rival's fence stands in `slot` or below: everything from there on is void, what commits below is history. */
  #fencedAt(slot: number, epoch: number): void {
    if (this.#end !== null || (this.#fence !== null && this.#fence.slot <= slot)) return;
    this.#fence = { slot, epoch };
    this.#ports.telemetry.event('log.fenced', epoch);
    this.#proof.lost();
    const lost = this.#inFlight.filter((s) => s.number >= slot);
    this.#inFlight = this.#inFlight.filter((s) => s.number < slot);
    for (const queued of this.#layout.takeAll()) queued.settle('void');
    if (lost.length > 0) {
      this.#ports.telemetry.event('log.fenced.with-pending', lost.length);
      void this.#judgeLost(slot, lost);
    }
    this.#endIfDrained();
  }

  /**
   * Slots of ours at or above a rival's fence are void, unless the fence is a late taker's in a slot that was ours, was
   * replayed, and was collected: then a publication at or above it was made before (storage reference §4.5).
   */
  async #judgeLost(fenceSlot: number, lost: readonly Slot<Entry>[]): Promise<void> {
    this.#judging++;
    const settlement = (await isPublishedFrom(this.#ports, this.#tunables, fenceSlot)) ? 'unknown' : 'void';
    if (settlement === 'unknown') this.#ports.telemetry.event('log.fenced.below-publication', fenceSlot);
    this.#judging--;
    for (const queued of lost.flatMap((s) => s.queued)) queued.settle(settlement);
    this.#endIfDrained();
  }

  /** The store will never take this slot: what is in flight stays open for ever, what was not issued is void. */
  #storeRefused(fault: StoreFault): void {
    if (this.#end !== null) return;
    this.#ports.telemetry.event('log.put.fatal', fault.code);
    const unknown = this.#inFlight.flatMap((slot) => slot.queued);
    const unissued = this.#layout.takeAll();
    this.#inFlight = [];
    this.#finish({ kind: 'store-refused', fault });
    for (const queued of unknown) queued.settle('unknown');
    for (const queued of unissued) queued.settle('void');
  }

  #endIfDrained(): void {
    if (this.#inFlight.length > 0 || !this.#layout.isEmpty || this.#judging > 0) return;
    if (this.#fence !== null) this.#finish({ kind: 'fenced', byEpoch: this.#fence.epoch });
    else if (this.#stopping) this.#finish({ kind: 'stopped' });
  }

  #finish(end: LogEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#abort.abort('ended');
    this.#proof.lost();
    this.#wakeFlushed();
    this.#announceEnd(end);
  }

  #wakeFlushed(): void {
    if (this.#flushWaiters.length === 0) return;
    const done = this.#flushWaiters.filter((w) => this.#end !== null || this.#committedCount >= w.upToCount);
    this.#flushWaiters = this.#flushWaiters.filter((w) => !done.includes(w));
    for (const waiter of done) waiter.done();
  }
}
