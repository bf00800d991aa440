/**
 * May this process answer, and what does it say when it may not? What every operation on streams asks before it reveals
 * anything.
 *
 * Invariant: state is revealed only after a proof of ownership that started after the question (5), and only once it is
 * durable (6).
 */

import type { Rejection } from '../core/outcome.ts';
import type { SlotLog } from '../log/slot-log.ts';
import type { Clock } from '../ports.ts';
import type { Entry } from '../state/entries.ts';
import { DRAINING, NOT_OWNER, type Rejected, rejected } from './answers.ts';

export class Standing {
  readonly #log: SlotLog<Entry>;
  readonly #clock: Pick<Clock, 'monoMs'>;
  /** When the latest successful question was asked. */
  #provedMs = -Infinity;
  #draining = false;
  #ended = false;

  constructor(log: SlotLog<Entry>, clock: Pick<Clock, 'monoMs'>) {
    this.#log = log;
    this.#clock = clock;
  }

  /** False when nothing may be queued any more; `refusal` says why. */
  get writable(): boolean {
    return this.#log.writable;
  }

  refusal(): Rejection {
    return this.#draining ? DRAINING : NOT_OWNER;
  }

  /** False when what lasts, sessions and reads that wait, has to end; `refusal` says why. */
  get mayLast(): boolean {
    return !this.#draining && !this.#ended;
  }

  /** False when nothing may be shown any more; `refusal` says why. */
  get mayTell(): boolean {
    return !this.#ended;
  }

  /** True once a round trip that began after this call proved ownership; false when it is lost. */
  async proved(): Promise<boolean> {
    const askedMs = this.#clock.monoMs();
    const isProved = await this.#log.proveOwnership();
    if (isProved && askedMs > this.#provedMs) this.#provedMs = askedMs;
    return isProved;
  }

  /** Whether a proof that is there already began after that moment of the monotonic clock, and nothing has to be asked. */
  wasProvedAfter(atMs: number): boolean {
    return this.mayTell && this.#provedMs > atMs;
  }

  /**
   * `answer`, once everything it may rest on is durable and ownership is proved; the usual refusal otherwise.
   * Either way the operation had no effect.
   */
  async reveal<Answer>(answer: Answer): Promise<Answer | Rejected> {
    const [flushed, proved] = await Promise.all([this.#log.flushed(), this.#log.proveOwnership()]);
    return flushed && proved ? answer : rejected(this.refusal());
  }

  /** What lasts has to end, because the server is about to stop; what is short is still served. */
  drain(): void {
    this.#draining = true;
  }

  /** The log has ended, for whatever reason. */
  end(): void {
    this.#ended = true;
  }

  /** Takes nothing more and lets the log settle what it has. */
  stop(): void {
    this.#draining = true;
    this.#log.stop();
  }
}
