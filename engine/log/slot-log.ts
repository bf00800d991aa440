/**
 * The owner's side of the slot log (storage reference §4.4): entries are grouped into numbered objects, up to
 * `windowSlots` puts are in flight, and slots commit strictly in order.
 *
 * Invariants: the bytes of a slot never change between attempts; `committed <= next <= committed + K`; nothing
 * is settled `committed` before its slot and every slot below it are durable; a fence found in a slot of ours
 * ends ownership for good: slots below it exist and are still committed, entries at or above it are void.
 */

import { assert } from '../core/assert.ts';
import { Fifo } from '../core/fifo.ts';
import { WINDOW_SLOTS } from '../core/limits.ts';
import type { Ports, StoreFault } from '../ports.ts';
import { SlotArena, type SlotBytes } from './arena.ts';
import { backOff } from './backoff.ts';
import { LogCorruption } from './corruption.ts';
import {
  decodeHeader,
  frameLength,
  HEADER_BYTES,
  type LogHeader,
  payloadStart,
  READINGS_MAX,
  sameIdentity,
  sealData,
  sealFrame,
  slotKey,
} from './format.ts';
import type { LogFold } from './fold.ts';
import { OwnershipProof } from './ownership-proof.ts';
import { StoreRefused } from './persistent-store.ts';
import { isPublishedFrom } from './publication.ts';
import type { Ownership } from './takeover.ts';
import type { LogTunables } from './tunables.ts';

/**
 * How an entry ended. `committed`: durable, and applied to the fold in the same turn. `void`: certainly never
 * part of the log. `unknown`: it may be, the next owner will find out.
 */
export type Settlement = 'committed' | 'void' | 'unknown';

/** Why a log stopped being writable. */
export type LogEnd =
  | { kind: 'fenced'; byEpoch: number }
  | { kind: 'store-refused'; fault: StoreFault }
  /** `stop` was called and everything queued has settled. */
  | { kind: 'stopped' };

/** An entry and who waits for it. */
export interface Queued<Entry> {
  readonly entry: Entry;
  /** Called exactly once, never before `enqueue` returned, in queue order among committed entries. */
  settle(settlement: Settlement): void;
}

/** Entries laid out as one object, not issued yet. */
interface Batch<Entry> extends SlotBytes {
  queued: Queued<Entry>[];
  /** Where each entry's frame ends in the arena; the next one begins there. */
  ends: number[];
}

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
  /** Full and not issued, oldest first. */
  #full = new Fifo<Batch<Entry>>();
  /** Behind them the entries of the open slot, laid out in `#arena`. */
  #open: Queued<Entry>[] = [];
  #openEnds: number[] = [];
  readonly #arena = new SlotArena();
  /** When the oldest of them was queued, on the monotonic clock. */
  #openSinceMs = 0;
  #lingering = false;
  #lastIssueMs: number;
  /** The lowest slot known to be a rival's; its fence is there or below. */
  #fence: { slot: number; epoch: number } | null = null;
  #stopping = false;
  #queuedCount = 0;
  #committedCount = 0;
  #flushWaiters: { upToCount: number; done: () => void }[] = [];
  /** How often the object in a slot came damaged. */
  readonly #damaged = new Map<number, number>();
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
    this.#proof = new OwnershipProof(ports, tunables, {
      next: () => this.#next,
      committed: () => this.#committed,
      willIssue: () => this.#open.length > 0 || this.#full.length > 0,
      isOurs: (slot, bytes) => this.#judge(slot, bytes) === 'ours',
    });
  }

  /** Queues one entry behind everything queued before. */
  enqueue(queued: Queued<Entry>): void {
    assert(this.writable, 'nothing is queued on a log that has ended');
    const { entry } = queued;
    const length = this.#fold.lengthOf(entry);
    const start = this.#placeFor(frameLength(length));
    const end = payloadStart(start) + length;
    this.#fold.write(entry, this.#arena.arena, payloadStart(start));
    sealFrame(this.#arena.arena, start, end, this.#fold.typeOf(entry), this.#ports.compute);
    if (this.#open.length === 0) this.#openSinceMs = this.#ports.clock.monoMs();
    this.#open.push(queued);
    this.#openEnds.push(end);
    this.#queuedCount++;
    // While the sleeper waits for the open slot's time, only its size can make it due.
    if (!this.#lingering || this.#full.length > 0 || this.#isOpenFull()) this.#issueWhenDue();
  }

  /** Room for one more frame in the open slot, which is closed first when it has none. */
  #placeFor(bytes: number): number {
    if (this.#open.length > 0 && this.#arena.bodyBytes + bytes > this.#tunables.slotBytesMax) this.#closeOpen();
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
    this.#full.push({ arena, start, end, queued: this.#open, ends: this.#openEnds });
    this.#open = [];
    this.#openEnds = [];
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
    while (this.#end === null && this.#fence === null && (this.#full.length > 0 || this.#open.length > 0)) {
      const now = this.#ports.clock.monoMs();
      if (this.#full.length === 0 && !this.#isOpenDue(now)) return this.#linger();
      if (this.#inFlight.length >= this.#tunables.windowSlots) return this.#ports.telemetry.event('log.window.full');
      this.#issue(now);
    }
  }

  #isOpenFull(): boolean {
    return this.#arena.bodyBytes >= this.#tunables.slotBytesMax;
  }

  #isOpenDue(nowMs: number): boolean {
    if (this.#stopping || this.#isOpenFull()) return true;
    const isIdle = this.#inFlight.length === 0 && nowMs - this.#lastIssueMs >= this.#tunables.issueIntervalMs;
    return isIdle || nowMs - this.#openSinceMs >= this.#tunables.lingerMs;
  }

  /** Sleeps until the linger or, if it comes first, the interval is over; one sleeper at a time. */
  #linger(): void {
    if (this.#lingering) return;
    this.#lingering = true;
    const now = this.#ports.clock.monoMs();
    const lingerWaitMs = this.#openSinceMs + this.#tunables.lingerMs - now;
    const intervalWaitMs = this.#lastIssueMs + this.#tunables.issueIntervalMs - now;
    const waitMs = intervalWaitMs > 0 ? Math.min(lingerWaitMs, intervalWaitMs) : lingerWaitMs;
    void this.#ports.clock.sleep(Math.max(1, waitMs), this.#abort.signal).then(() => {
      this.#lingering = false;
      this.#issueWhenDue();
    });
  }

  #issue(nowMs: number): void {
    const number = this.#next++;
    if (this.#full.length === 0) this.#closeOpen();
    const batch = this.#full.take();
    assert(batch !== undefined, 'a slot that is due has entries');
    const object = batch.arena.subarray(batch.start, batch.end);
    const { epoch, identity } = this.#owner;
    sealData(object, { slot: number, epoch, identity }, batch.queued.length, this.#ports.compute);
    const slot: Slot<Entry> = { ...batch, number, object, durable: false };
    this.#inFlight.push(slot);
    this.#lastIssueMs = nowMs;
    assert(this.#next <= this.#committed + WINDOW_SLOTS, 'the window never holds more than K slots');
    this.#ports.telemetry.event('log.slot.issued', number);
    if (this.#inFlight.length > 1) this.#ports.telemetry.event('log.window.pipelined', this.#inFlight.length);
    void this.#makeDurable(slot);
  }

  /** Puts the same bytes until their fate is known. */
  async #makeDurable(slot: Slot<Entry>): Promise<void> {
    for (let attempt = 0; this.#wanted(slot); attempt++) {
      const outcome = await this.#ports.blobs.putIfAbsent(slotKey(slot.number), [slot.object]);
      if (!this.#wanted(slot)) return;
      switch (outcome.kind) {
        case 'done':
          return this.#markDurable(slot);
        case 'refused':
          if ((await this.#whoseIs(slot)) === 'settled') return;
          break;
        case 'unknown':
        case 'failed':
          this.#ports.telemetry.event(outcome.kind === 'unknown' ? 'log.put.unknown' : 'log.put.failed', slot.number);
          if (!outcome.fault.retryable) return this.#storeRefused(outcome.fault);
          await backOff(this.#ports, this.#tunables, attempt, this.#abort.signal);
      }
    }
  }

  /** A slot still needs its put unless the log ended or a fence at or below it made it void. */
  #wanted(slot: Slot<Entry>): boolean {
    return this.#end === null && (this.#fence === null || slot.number < this.#fence.slot);
  }

  /** After a refusal: is the object in the slot our own earlier attempt, a rival's fence, or nothing? */
  async #whoseIs(slot: Slot<Entry>): Promise<'settled' | 'put-again'> {
    for (let attempt = 0; this.#wanted(slot); attempt++) {
      const found = await this.#ports.blobs.get(slotKey(slot.number), { start: 0, end: HEADER_BYTES });
      if (!this.#wanted(slot)) break;
      if (found.kind === 'absent') {
        this.#ports.telemetry.event('log.put.refused.absent', slot.number);
        return 'put-again';
      }
      if (found.kind === 'found') {
        const verdict = this.#judge(slot.number, found.bytes);
        if (verdict === 'damaged') continue;
        this.#ports.telemetry.event(
          verdict === 'ours' ? 'log.put.refused.mine' : 'log.put.refused.foreign',
          slot.number,
        );
        if (verdict === 'ours') this.#markDurable(slot);
        break;
      }
      if (!found.fault.retryable) {
        this.#storeRefused(found.fault);
        break;
      }
      await backOff(this.#ports, this.#tunables, attempt, this.#abort.signal);
    }
    return 'settled';
  }

  /**
   * Whose object stands in `slot`? A foreign one ends ownership, and so does one that came damaged again and again. A rival's fence stands in the first
   * slot it may stand in; further up, in the first slot behind our whole window, it may also be the rival's data.
   */
  #judge(slot: number, bytes: Uint8Array): 'ours' | 'foreign' | 'damaged' {
    let header: LogHeader;
    try {
      header = decodeHeader(slot, bytes, this.#ports.compute);
    } catch (error) {
      if (!(error instanceof LogCorruption)) throw error;
      const readings = (this.#damaged.get(slot) ?? 0) + 1;
      this.#damaged.set(slot, readings);
      if (readings < READINGS_MAX) {
        this.#ports.telemetry.event('log.damage-reread', slot);
        return 'damaged';
      }
      this.#storeRefused({ code: 'corruption', message: error.message, retryable: false });
      return 'damaged';
    }
    if (sameIdentity(header.identity, this.#owner.identity)) return 'ours';
    assert(
      header.epoch > this.#owner.epoch && (header.kind === 'fence' || slot === this.#committed + WINDOW_SLOTS),
      `a foreign object in slot ${slot} is a fence of a higher epoch, or lies behind the window`,
    );
    this.#fencedAt(slot, header.epoch);
    return 'foreign';
  }

  // --- committing ----------------------------------------------------------------------------------------

  #markDurable(slot: Slot<Entry>): void {
    slot.durable = true;
    if (slot !== this.#inFlight[0]) this.#ports.telemetry.event('log.slot.out-of-order', slot.number);
    while (this.#inFlight[0]?.durable === true && this.#wanted(this.#inFlight[0])) this.#commit(this.#inFlight[0]);
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
    this.#fold.endOfSlot(slot.number);
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
    for (const queued of this.#takeUnissued()) queued.settle('void');
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
    const settlement = (await this.#publishedFrom(fenceSlot)) ? 'unknown' : 'void';
    if (settlement === 'unknown') this.#ports.telemetry.event('log.fenced.below-publication', fenceSlot);
    this.#judging--;
    for (const queued of lost.flatMap((s) => s.queued)) queued.settle(settlement);
    this.#endIfDrained();
  }

  /** Is anything published at or above `slot`? A store that will not say counts as yes. */
  async #publishedFrom(slot: number): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      const published = await isPublishedFrom(this.#ports.blobs, slot);
      if (published.kind === 'answered') return published.isSo;
      if (!published.fault.retryable) return true;
      await backOff(this.#ports, this.#tunables, attempt);
    }
  }

  /** The store will never take this slot: what is in flight stays open for ever, what was not issued is void. */
  #storeRefused(fault: StoreFault): void {
    if (this.#end !== null) return;
    this.#ports.telemetry.event('log.put.fatal', fault.code);
    const unknown = this.#inFlight.flatMap((slot) => slot.queued);
    const unissued = this.#takeUnissued();
    this.#inFlight = [];
    this.#finish({ kind: 'store-refused', fault });
    for (const queued of unknown) queued.settle('unknown');
    for (const queued of unissued) queued.settle('void');
  }

  #takeUnissued(): Queued<Entry>[] {
    if (this.#open.length > 0) this.#closeOpen();
    const unissued: Queued<Entry>[] = [];
    for (let batch = this.#full.take(); batch !== undefined; batch = this.#full.take()) {
      unissued.push(...batch.queued);
    }
    return unissued;
  }

  #endIfDrained(): void {
    if (this.#inFlight.length > 0 || this.#full.length > 0 || this.#open.length > 0 || this.#judging > 0) return;
    if (this.#fence !== null) this.#finish({ kind: 'fenced', byEpoch: this.#fence.epoch });
    else if (this.#stopping) this.#finish({ kind: 'stopped' });
  }

  #finish(end: LogEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#abort.abort();
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
