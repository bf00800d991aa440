/**
 * Proof that this process was still the owner at a moment after the question was asked (storage reference
 * §4.7). Every answer that reveals the tail waits for one; a fenced process that answers from memory would
 * serve the past as the present.
 *
 * A question asked when `next` was n is covered by (a) a slot >= n becoming committed, or (b) a get of slot
 * s = `next`, sent after the question, that finds nothing, once all slots below s are committed. Finding our own object in s
 * counts as (a) for s; a foreign one ends ownership. One probe at a time covers everybody who asked before it
 * was sent. Probing a slot that is already in flight would prove nothing: never do it.
 */

import type { Ports } from '../ports.ts';
import { backOff } from './backoff.ts';
import { HEADER_BYTES, slotKey } from './format.ts';
import type { LogTunables } from './tunables.ts';

/** What the proof sees of the log. */
export interface LogView {
  /** First slot never issued. */
  next(): number;
  committed(): number;
  /** True when entries are waiting to be issued, so that a commit will bring the proof for free. */
  willIssue(): boolean;
  /** True when the object found in `slot` is ours. Otherwise ownership is over when this returns. */
  isOurs(slot: number, bytes: Uint8Array): boolean;
}

interface Waiter {
  /** Proved as soon as this many slots are committed: rule (a). */
  byCommitOf: number;
  /** The same for rule (b); set when a probe that covers the waiter came back empty. */
  byProbeAt: number;
  resolve: (proved: boolean) => void;
}

type ProofPorts = Pick<Ports, 'clock' | 'random' | 'blobs' | 'telemetry'>;

export class OwnershipProof {
  readonly #ports: ProofPorts;
  readonly #tunables: LogTunables;
  readonly #log: LogView;
  readonly #abort = new AbortController();
  #waiters: Waiter[] = [];
  #probing = false;
  #lost = false;
  #provedMs: number;

  constructor(ports: ProofPorts, tunables: LogTunables, log: LogView) {
    this.#ports = ports;
    this.#tunables = tunables;
    this.#log = log;
    this.#provedMs = ports.clock.monoMs();
  }

  /** When ownership was last seen to be ours, whoever asked, on the monotonic clock. */
  get provedMs(): number {
    return this.#provedMs;
  }

  /** Resolves true when proved, false when ownership was lost. */
  request(): Promise<boolean> {
    if (this.#lost) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#waiters.push({ byCommitOf: this.#log.next() + 1, byProbeAt: Infinity, resolve });
      this.#probeIfNeeded();
    });
  }

  /** The log's commit point moved. */
  committedTo(committed: number): void {
    this.#provedMs = this.#ports.clock.monoMs();
    if (this.#waiters.length === 0) return;
    const isProved = (waiter: Waiter) => committed >= waiter.byCommitOf || committed >= waiter.byProbeAt;
    const proved = this.#waiters.filter(isProved);
    if (proved.length > 0) {
      this.#waiters = this.#waiters.filter((waiter) => !isProved(waiter));
      for (const waiter of proved) {
        this.#ports.telemetry.event(committed >= waiter.byProbeAt ? 'log.proof.by-probe' : 'log.proof.by-commit');
        waiter.resolve(true);
      }
    }
    this.#probeIfNeeded();
  }

  /** Nobody will ever be proved again. */
  lost(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#abort.abort('ended');
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      this.#ports.telemetry.event('log.proof.refused');
      waiter.resolve(false);
    }
  }

  #probeIfNeeded(): void {
    if (this.#probing || this.#lost || this.#log.willIssue()) return;
    if (this.#waiters.every((w) => w.byProbeAt !== Infinity)) return;
    this.#probing = true;
    void this.#probe().then(() => {
      this.#probing = false;
      this.committedTo(this.#log.committed());
    });
  }

  /** Gets the next slot until the store answers, or until commits have proved everybody meanwhile. */
  async #probe(): Promise<void> {
    for (let attempt = 0; !this.#lost; attempt++) {
      const slot = this.#log.next();
      const covered = this.#waiters.filter((w) => w.byProbeAt === Infinity);
      if (covered.length === 0) return;
      const found = await this.#ports.blobs.get(slotKey(slot), { start: 0, end: HEADER_BYTES });
      if (this.#lost) return;
      if (found.kind === 'absent') {
        for (const waiter of covered) waiter.byProbeAt = slot;
        return;
      }
      if (found.kind === 'found') {
        // Ours: it was issued while the get was under way.
        if (this.#log.isOurs(slot, found.bytes)) for (const waiter of covered) waiter.byProbeAt = slot + 1;
        return;
      }
      this.#ports.telemetry.event('log.proof.retried', slot);
      // A store that refuses for good will tell the writer too; here it is only one more reason to wait.
      await backOff(this.#ports, this.#tunables, attempt, found.fault, this.#abort.signal);
    }
  }
}
