/** The invariants of the specification in a run: on every answer of every server, and on what is durable at the end. */

import type { Engine } from '../../engine/index.ts';
import type { World } from '../../sim/index.ts';
import type { Crew } from '../crews/crew.ts';
import { inspectDurable } from './durable.ts';
import { Overheard } from './overheard.ts';

export class Invariants implements Crew {
  readonly #overheard: Overheard;
  readonly #broken: (words: string) => void;

  /** A run in which one is broken fails in the very event. */
  constructor(world: World) {
    this.#broken = (words) => world.fail('invariant', `the specification forbids it: ${words}`);
    this.#overheard = new Overheard(this.#broken);
  }

  /** It has no clients of its own. */
  start(): void {}

  seen(engine: Engine): Engine {
    return this.#overheard.engine(engine);
  }

  /** Asks an owner that nobody disturbs for everything. */
  inspect(engine: Engine): Promise<void> {
    return inspectDurable(engine, this.#overheard, this.#broken);
  }
}
