/**
 * Becoming the owner of a store (storage reference §4.5): replay the log to its first gap, close the gap with
 * a permanent fence of a higher epoch, and go on behind the window that fence makes void.
 *
 * Invariants: the fence stands in the first slot never written, so whatever the former owner can still
 * acknowledge was replayed here; at most K of its puts are under way, so late ones land in void slots only.
 * Nothing is deleted from a log of this format version, so an absent slot was never written, and the
 * publication check of §4.5 steps 1, 2 and 5 has nothing to look at yet.
 */

import { WINDOW_SLOTS } from '../core/limits.ts';
import type { BlobStore, GetOutcome, Ports, StoreFault } from '../ports.ts';
import { backOff } from './backoff.ts';
import {
  decodeEntries,
  decodeHeader,
  encodeFence,
  IDENTITY_BYTES,
  type LogHeader,
  LogCorruption,
  type RawEntry,
  sameIdentity,
  slotKey,
} from './format.ts';
import { claimFormat } from './format-object.ts';
import type { LogFold } from './fold.ts';
import type { LogTunables } from './tunables.ts';

/** The right to write: epoch, who we are in it, and the first slot of ours. */
export interface Ownership {
  epoch: number;
  identity: Uint8Array;
  next: number;
}

/** The store refused for good; nothing was taken over. */
export class StoreRefused extends Error {
  override name = 'StoreRefused';
  readonly fault: StoreFault;

  constructor(what: string, fault: StoreFault) {
    super(`${what}: ${fault.message}`);
    this.fault = fault;
  }
}

type TakeoverPorts = Pick<Ports, 'clock' | 'random' | 'entropy' | 'compute' | 'blobs' | 'telemetry'>;

/**
 * Replays everything into `fold` and returns the ownership. Waits out a store that is away; rejects with
 * StoreRefused when the store refuses for good and with LogCorruption when an object is not what it must be.
 */
export async function takeOver<Entry>(
  ports: TakeoverPorts,
  tunables: LogTunables,
  fold: LogFold<Entry>,
): Promise<Ownership> {
  ports.telemetry.event('takeover.started');
  await claimFormat(ports, tunables);
  const identity = ports.entropy.bytes(IDENTITY_BYTES);
  const replay = new Replay(ports, tunables, fold);
  for (;;) {
    await replay.toFirstGap();
    const ownership = { epoch: replay.epoch + 1, identity, next: replay.position + WINDOW_SLOTS };
    if (await fence(ports, tunables, replay.position, ownership)) {
      ports.telemetry.event('takeover.completed', ownership.epoch);
      return ownership;
    }
    ports.telemetry.event('takeover.fence-contended', replay.position);
  }
}

/** Puts the fence into `slot`. False when somebody else's object is there, which the replay then reads. */
async function fence(
  ports: TakeoverPorts,
  tunables: LogTunables,
  slot: number,
  { epoch, identity, next }: Ownership,
): Promise<boolean> {
  const parts = encodeFence({ slot, epoch, identity, next }, ports.compute);
  for (let attempt = 0; ; attempt++) {
    const outcome = await ports.blobs.putIfAbsent(slotKey(slot), parts);
    switch (outcome.kind) {
      case 'done':
        return true;
      case 'refused': {
        const found = await getUntilAnswered(ports, tunables, slot);
        if (found.kind === 'absent') break;
        const mine = sameIdentity(decodeHeader(slot, found.bytes, ports.compute).identity, identity);
        if (mine) ports.telemetry.event('takeover.fence-mine', slot);
        return mine;
      }
      case 'failed':
      case 'unknown':
        if (!outcome.fault.retryable) throw new StoreRefused(`writing ${slotKey(slot)}`, outcome.fault);
        ports.telemetry.event('takeover.store-retried', 'put');
        await backOff(ports, tunables, attempt);
    }
  }
}

/** Walks the log from slot 0, applying data and following fences over their void windows. */
class Replay<Entry> {
  readonly #ports: TakeoverPorts;
  readonly #tunables: LogTunables;
  readonly #fold: LogFold<Entry>;
  readonly #ahead: ReadAhead;
  /** Epoch of the newest fence seen. */
  epoch = 0;
  /** The slot to look at next; after `toFirstGap` the first that was never written. */
  position = 0;

  constructor(ports: TakeoverPorts, tunables: LogTunables, fold: LogFold<Entry>) {
    this.#ports = ports;
    this.#tunables = tunables;
    this.#fold = fold;
    this.#ahead = new ReadAhead(ports.blobs, tunables.replayAheadSlots);
  }

  async toFirstGap(): Promise<void> {
    for (;;) {
      let found: GetOutcome = await this.#ahead.get(this.position);
      // An object found ahead of time can not have changed; an absence or a failure is only a hint.
      if (found.kind !== 'found') found = await getUntilAnswered(this.#ports, this.#tunables, this.position);
      if (found.kind === 'absent') return;
      if (found.kind === 'found')
        this.#step(decodeHeader(this.position, found.bytes, this.#ports.compute), found.bytes);
    }
  }

  #step(header: LogHeader, bytes: Uint8Array): void {
    if (header.kind === 'fence') {
      if (header.epoch <= this.epoch) throw contradiction(header, this.epoch);
      this.epoch = header.epoch;
      this.position = header.next;
      this.#ports.telemetry.event('takeover.skipped-window', header.slot);
      return;
    }
    if (header.epoch !== this.epoch) throw contradiction(header, this.epoch);
    const raws = decodeEntries(header, bytes, this.#ports.compute);
    for (const entry of raws.map((raw) => this.#decode(header.slot, raw))) this.#fold.apply(entry);
    this.position++;
    this.#ports.telemetry.event('takeover.replayed-data', header.slot);
  }

  #decode(slot: number, raw: RawEntry): Entry {
    try {
      return this.#fold.decode(raw);
    } catch (error) {
      if (error instanceof RangeError) throw new LogCorruption(`${slotKey(slot)}: ${error.message}`);
      throw error;
    }
  }
}

/** Gets a few slots before they are needed. */
class ReadAhead {
  readonly #blobs: BlobStore;
  readonly #depth: number;
  #pending = new Map<number, Promise<GetOutcome>>();

  constructor(blobs: BlobStore, depth: number) {
    this.#blobs = blobs;
    this.#depth = depth;
  }

  get(slot: number): Promise<GetOutcome> {
    const kept = new Map<number, Promise<GetOutcome>>();
    for (let s = slot; s < slot + this.#depth; s++) {
      kept.set(s, this.#pending.get(s) ?? this.#blobs.get(slotKey(s)));
    }
    this.#pending = kept;
    const wanted = kept.get(slot) as Promise<GetOutcome>;
    kept.delete(slot);
    return wanted;
  }
}

async function getUntilAnswered(
  ports: TakeoverPorts,
  tunables: LogTunables,
  slot: number,
): Promise<Exclude<GetOutcome, { kind: 'failed' }>> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await ports.blobs.get(slotKey(slot));
    if (outcome.kind !== 'failed') return outcome;
    if (!outcome.fault.retryable) throw new StoreRefused(`reading ${slotKey(slot)}`, outcome.fault);
    ports.telemetry.event('takeover.store-retried', 'get');
    await backOff(ports, tunables, attempt);
  }
}

function contradiction(header: LogHeader, epoch: number): LogCorruption {
  return new LogCorruption(
    `${slotKey(header.slot)} is a ${header.kind} of epoch ${header.epoch} where epoch ${epoch} is in force`,
  );
}
