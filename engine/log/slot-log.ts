/**
 * The owner's side of the slot log (storage reference §4.4): entries are grouped into numbered objects, up to
 * `windowSlots` puts are in flight, and slots commit strictly in order.
 *
 * Invariants: the bytes of a slot never change between attempts; `committed <= next <= committed + K`; nothing
 * is settled `committed` before its slot and every slot below it are durable; a fence found in a slot of ours
 * ends ownership for good: slots below it exist and are still committed, entries at or above it are void.
 */

import { assert } from '../core/assert.ts';
import { WINDOW_SLOTS } from '../core/limits.ts';
import type { Ports, StoreFault } from '../ports.ts';
import { backOff } from './backoff.ts';
import {
  decodeHeader,
  encodeData,
  entryLength,
  LogCorruption,
  type LogHeader,
  type RawEntry,
  sameIdentity,
  slotKey,
} from './format.ts';
import type { LogFold } from './fold.ts';
import { OwnershipProof } from './ownership-proof.ts';
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

interface Pending<Entry> {
  entry: Entry;
  raw: RawEntry;
  settle: (settlement: Settlement) => void;
}

interface Slot<Entry> {
  number: number;
  parts: readonly Uint8Array[];
  pending: Pending<Entry>[];
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
  /** Queued and not issued, oldest first. */
  #open: Pending<Entry>[] = [];
  #openBytes = 0;
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
      willIssue: () => this.#open.length > 0,
      isOurs: (slot, bytes) => this.#judge(slot, bytes) === 'ours',
    });
  }

  /**
   * Queues one entry behind everything queued before. `settle` is called exactly once, never before this call
   * returns, in queue order among committed entries.
   */
  enqueue(entry: Entry, settle: (settlement: Settlement) => void): void {
    assert(this.writable, 'nothing is queued on a log that has ended');
    const raw = this.#fold.encode(entry);
    if (this.#open.length === 0) this.#openSinceMs = this.#ports.clock.monoMs();
    this.#open.push({ entry, raw, settle });
    this.#queuedCount++;
    this.#openBytes += entryLength(raw);
    this.#issueWhenDue();
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

  /** Takes nothing more, settles what is queued, then ends as `stopped` (or as whatever happens first). */
  stop(): void {
    this.#stopping = true;
    if (this.#open.length > 0) this.#issueWhenDue();
    else this.#endIfDrained();
  }

  // --- issuing -------------------------------------------------------------------------------------------

  #issueWhenDue(): void {
    while (this.#open.length > 0 && this.#end === null && this.#fence === null) {
      const now = this.#ports.clock.monoMs();
      const full = this.#openBytes >= this.#tunables.slotBytesMax;
      const idle = this.#inFlight.length === 0 && now - this.#lastIssueMs >= this.#tunables.issueIntervalMs;
      const lingered = now - this.#openSinceMs >= this.#tunables.lingerMs;
      if (!full && !idle && !lingered && !this.#stopping) return this.#linger();
      if (this.#inFlight.length >= this.#tunables.windowSlots) return this.#ports.telemetry.event('log.window.full');
      this.#issue(now);
    }
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
    const { epoch, identity } = this.#owner;
    const pending = this.#cutOpen();
    const raws = pending.map(({ raw }) => raw);
    const parts = encodeData({ slot: number, epoch, identity }, raws, this.#ports.compute);
    const slot: Slot<Entry> = { number, parts, pending, durable: false };
    this.#inFlight.push(slot);
    this.#lastIssueMs = nowMs;
    assert(this.#next <= this.#committed + WINDOW_SLOTS, 'the window never holds more than K slots');
    this.#ports.telemetry.event('log.slot.issued', number);
    if (this.#inFlight.length > 1) this.#ports.telemetry.event('log.window.pipelined', this.#inFlight.length);
    void this.#makeDurable(slot);
  }

  /** As many of the oldest queued entries as fit one slot, and at least one. */
  #cutOpen(): Pending<Entry>[] {
    let count = 0;
    let bytes = 0;
    for (const { raw } of this.#open) {
      if (count > 0 && bytes + entryLength(raw) > this.#tunables.slotBytesMax) break;
      bytes += entryLength(raw);
      count++;
    }
    const pending = this.#open.slice(0, count);
    this.#open = this.#open.slice(count);
    this.#openBytes -= bytes;
    return pending;
  }

  /** Puts the same bytes until their fate is known. */
  async #makeDurable(slot: Slot<Entry>): Promise<void> {
    for (let attempt = 0; this.#wanted(slot); attempt++) {
      const outcome = await this.#ports.blobs.putIfAbsent(slotKey(slot.number), slot.parts);
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
      const found = await this.#ports.blobs.get(slotKey(slot.number), { start: 0, end: 64 });
      if (!this.#wanted(slot)) break;
      if (found.kind === 'absent') {
        this.#ports.telemetry.event('log.put.refused.absent', slot.number);
        return 'put-again';
      }
      if (found.kind === 'found') {
        const verdict = this.#judge(slot.number, found.bytes);
        if (verdict !== 'damaged') {
          this.#ports.telemetry.event(
            verdict === 'ours' ? 'log.put.refused.mine' : 'log.put.refused.foreign',
            slot.number,
          );
        }
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
   * Whose object stands in `slot`? A foreign or damaged one ends ownership. A rival's fence stands in the first
   * slot it may stand in; further up, in the first slot behind our whole window, it may also be the rival's data.
   */
  #judge(slot: number, bytes: Uint8Array): 'ours' | 'foreign' | 'damaged' {
    let header: LogHeader;
    try {
      header = decodeHeader(slot, bytes, this.#ports.compute);
    } catch (error) {
      if (!(error instanceof LogCorruption)) throw error;
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
    this.#committedCount += slot.pending.length;
    for (const { entry, settle } of slot.pending) {
      this.#fold.apply(entry);
      settle('committed');
    }
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
    const settlements = [...lost.flatMap((s) => s.pending), ...this.#takeOpen()];
    if (lost.length > 0) this.#ports.telemetry.event('log.fenced.with-pending', lost.length);
    for (const { settle } of settlements) settle('void');
    this.#endIfDrained();
  }

  /** The store will never take this slot: what is in flight stays open for ever, what was not issued is void. */
  #storeRefused(fault: StoreFault): void {
    if (this.#end !== null) return;
    this.#ports.telemetry.event('log.put.fatal', fault.code);
    const unknown = this.#inFlight.flatMap((slot) => slot.pending);
    const unissued = this.#takeOpen();
    this.#inFlight = [];
    this.#finish({ kind: 'store-refused', fault });
    for (const { settle } of unknown) settle('unknown');
    for (const { settle } of unissued) settle('void');
  }

  #takeOpen(): Pending<Entry>[] {
    const open = this.#open;
    this.#open = [];
    this.#openBytes = 0;
    return open;
  }

  #endIfDrained(): void {
    if (this.#inFlight.length > 0 || this.#open.length > 0) return;
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
