/**
 * Connections on which answers stand still: what the store has done is done, and whoever asked hears of it only when
 * the stall is over, or when the time-out of the attempt is. Nothing is lost, so it is no cut: that is what makes a
 * process believe for long that nothing has happened.
 *
 * A client keeps several connections, so a stall may be of puts alone or of gets alone. When it is over everything that
 * was held arrives at about the same time, in no particular order.
 */

import { defineSite } from '../choices.ts';
import type { WorldContext } from '../context.ts';
import type { StoreVerb } from '../latency.ts';

const ORDER = defineSite('blob.stall.order', 'when an answer arrives after the stall that held it');
const ORDER_STEP_US = 250;
const ORDER_STEPS = 16;

/** Which answers: of one verb, or all. */
export type Stalled = StoreVerb | 'all';

interface Stall {
  verbs: Stalled;
  held: ((delayUs: number) => void)[];
}

export class AnswerStalls {
  readonly #context: WorldContext;
  readonly #stalls = new Map<string, Stall>();

  constructor(context: WorldContext) {
    this.#context = context;
  }

  isStalled(host: string): boolean {
    return this.#stalls.has(host);
  }

  begin(host: string, verbs: Stalled): void {
    this.#stalls.set(host, { verbs, held: [] });
  }

  /** What was held arrives soon. */
  end(host: string): void {
    const stall = this.#stalls.get(host);
    this.#stalls.delete(host);
    for (const arrive of stall?.held ?? []) {
      arrive(this.#context.choices.choose(ORDER, host, ORDER_STEPS) * ORDER_STEP_US);
    }
  }

  /** True when the answer is held; `arrive` is then called with its delay once the stall is over. */
  holds(host: string, verb: StoreVerb, arrive: (delayUs: number) => void): boolean {
    const stall = this.#stalls.get(host);
    if (stall === undefined || (stall.verbs !== 'all' && stall.verbs !== verb)) return false;
    stall.held.push(arrive);
    this.#context.probes.reachable('fault.store.answer-held');
    return true;
  }
}
