/** The invariants of the specification in a run: on every answer of every server, and on what is durable at the end. */

import type { Engine } from '../../engine/index.ts';
import { EPOCH_MS, type FaultSettings, type World } from '../../sim/index.ts';
import type { Crew } from '../crews/crew.ts';
import { inspectDurable } from './durable.ts';
import { Overheard } from './overheard.ts';

export const INVARIANT_PROBES = {
  'invariant.sealed-opened':
    'at the end the records of an encrypted stream were opened and held to what was told of them',
} as const;

export class Invariants implements Crew {
  readonly #overheard: Overheard;
  readonly #held: (words: string | null) => void;
  readonly #opened: () => void;

  /** A run in which one is broken fails in the very event. */
  constructor(world: World, { clockOffset, clockDrift, clockStep }: FaultSettings) {
    this.#held = (words) =>
      world.probes.always('always.specified', words === null ? null : `the specification forbids it: ${words}`);
    const areClocksRight = [clockOffset, clockDrift, clockStep].every(([n]) => n === 0);
    this.#opened = () => world.probes.reachable('invariant.sealed-opened');
    this.#overheard = new Overheard(this.#held, () => (areClocksRight ? EPOCH_MS + world.nowMs : Infinity));
  }

  /** It has no clients of its own. */
  start(): void {}

  seen(engine: Engine): Engine {
    return this.#overheard.engine(engine);
  }

  /** Asks an owner that nobody disturbs for everything. */
  inspect(engine: Engine): Promise<void> {
    return inspectDurable({ engine, overheard: this.#overheard, broken: this.#held, opened: this.#opened });
  }
}
