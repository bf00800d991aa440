/**
 * Making one slot durable: its bytes are put until their fate is known, and when the store says that something stands
 * there already, this looks whose object it is (storage reference §4.4).
 *
 * Invariants: the bytes of a slot never change between attempts; an object counts as ours by its identity alone,
 * never because a put was refused; what came damaged is read again before it is believed. What durable, fenced and
 * refused slots mean for the others is the log's to say.
 */

import { WINDOW_SLOTS } from '../core/limits.ts';
import type { Ports, StoreFault } from '../ports.ts';
import { backOff } from './backoff.ts';
import { LogCorruption, REMEDY } from './corruption.ts';
import { decodeHeader, HEADER_BYTES, type LogHeader, READINGS_MAX, sameIdentity, slotKey } from './format.ts';
import type { Ownership } from './takeover.ts';
import type { LogTunables } from './tunables.ts';

/** What a put needs of its slot. */
interface IssuedSlot {
  readonly number: number;
  /** The whole object. */
  readonly object: Uint8Array;
}

/** What the puts see of the log, and what they tell it. */
export interface PutsView<Slot> {
  /** Every slot below is committed. */
  committed(): number;
  /** A slot still needs its put unless the log ended, or a fence at or below it made it void. */
  isWanted(slot: number): boolean;
  /** The slot is in the store with our bytes. */
  durable(slot: Slot): void;
  /** A rival's object stands in `slot`. */
  fencedAt(slot: number, epoch: number): void;
  /** The store will never take a slot, or what it gives back is damaged for good. */
  refused(fault: StoreFault): void;
}

type PutPorts = Pick<Ports, 'clock' | 'random' | 'compute' | 'blobs' | 'telemetry'>;

export class SlotPuts<Slot extends IssuedSlot> {
  readonly #ports: PutPorts;
  readonly #tunables: LogTunables;
  readonly #owner: Ownership;
  /** Ends every back-off. */
  readonly #ended: AbortSignal;
  readonly #log: PutsView<Slot>;
  /** How often the object in a slot came damaged. */
  readonly #damaged = new Map<number, number>();

  constructor(ports: PutPorts, tunables: LogTunables, owner: Ownership, ended: AbortSignal, log: PutsView<Slot>) {
    this.#ports = ports;
    this.#tunables = tunables;
    this.#owner = owner;
    this.#ended = ended;
    this.#log = log;
  }

  /** Puts the same bytes until their fate is known. */
  async makeDurable(slot: Slot): Promise<void> {
    for (let attempt = 0; this.#log.isWanted(slot.number); attempt++) {
      const outcome = await this.#ports.blobs.putIfAbsent(slotKey(slot.number), [slot.object]);
      if (!this.#log.isWanted(slot.number)) return;
      switch (outcome.kind) {
        case 'done':
          return this.#log.durable(slot);
        case 'refused':
          if ((await this.#whoseIs(slot)) === 'settled') return;
          break;
        case 'unknown':
        case 'failed':
          this.#ports.telemetry.event(outcome.kind === 'unknown' ? 'log.put.unknown' : 'log.put.failed', slot.number);
          if (!outcome.fault.retryable) return this.#log.refused(outcome.fault);
          await backOff(this.#ports, this.#tunables, attempt, outcome.fault, this.#ended);
      }
    }
  }

  /** After a refusal: is the object in the slot our own earlier attempt, a rival's fence, or nothing? */
  async #whoseIs(slot: Slot): Promise<'settled' | 'put-again'> {
    for (let attempt = 0; this.#log.isWanted(slot.number); attempt++) {
      const found = await this.#ports.blobs.get(slotKey(slot.number), { start: 0, end: HEADER_BYTES });
      if (!this.#log.isWanted(slot.number)) break;
      if (found.kind === 'absent') {
        this.#ports.telemetry.event('log.put.refused.absent', slot.number);
        return 'put-again';
      }
      if (found.kind === 'found') {
        const verdict = this.judge(slot.number, found.bytes);
        if (verdict === 'damaged') continue;
        const isOurs = verdict === 'ours';
        this.#ports.telemetry.event(isOurs ? 'log.put.refused.mine' : 'log.put.refused.foreign', slot.number);
        if (isOurs) this.#log.durable(slot);
        break;
      }
      if (!found.fault.retryable) {
        this.#log.refused(found.fault);
        break;
      }
      await backOff(this.#ports, this.#tunables, attempt, found.fault, this.#ended);
    }
    return 'settled';
  }

  /**
   * Whose object stands in `slot`? A foreign one ends ownership, and so does one that came damaged again and again; the
   * log knows when this returns. A rival's fence stands in the first slot it may stand in; further up, in the first
   * slot behind our whole window, it may also be the rival's data.
   */
  judge(slot: number, bytes: Uint8Array): 'ours' | 'foreign' | 'damaged' {
    let header: LogHeader;
    try {
      header = decodeHeader(slot, bytes, this.#ports.compute);
    } catch (error) {
      if (!(error instanceof LogCorruption)) throw error;
      this.#countDamage(slot, error.message);
      return 'damaged';
    }
    if (sameIdentity(header.identity, this.#owner.identity)) return 'ours';
    const isPlace = header.kind === 'fence' || slot === this.#log.committed() + WINDOW_SLOTS;
    if (header.epoch > this.#owner.epoch && isPlace) this.#log.fencedAt(slot, header.epoch);
    else this.#log.refused({ code: 'corruption', message: this.#misplaced(slot, header), retryable: false });
    return 'foreign';
  }

  /** No rival writes there: it came from another store, or this one's rules were broken. */
  #misplaced(slot: number, { kind, epoch }: LogHeader): string {
    const what = `a ${kind} slot of epoch ${epoch} by another writer stands where epoch ${this.#owner.epoch} is in force`;
    return new LogCorruption(slotKey(slot), 16, what, REMEDY.report).message;
  }

  /** Damage on the way to us is not damage in the store: only the last of several readings counts as that. */
  #countDamage(slot: number, message: string): void {
    const readings = (this.#damaged.get(slot) ?? 0) + 1;
    this.#damaged.set(slot, readings);
    if (readings < READINGS_MAX) this.#ports.telemetry.event('log.damage-reread', slot);
    else this.#log.refused({ code: 'corruption', message, retryable: false });
  }
}
