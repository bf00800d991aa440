/**
 * Whether the store creates an object only where there is none. A store that keeps its promises does; some that speak S3
 * look at no condition, or look when the request arrives and write later, and what was acknowledged is overwritten there.
 * Drawn once for a world, when it matters first; a healed store keeps its promises.
 */

import { defineSite } from '../choices.ts';
import type { WorldContext } from '../context.ts';
import { STORE } from './attempt.ts';

const IGNORED = defineSite('blob.conditions-ignored', 'whether the store creates objects over those that are there');
const WHEN = defineSite('blob.conditions-when', 'whether it never looks, or looked when the request left');

type Conditions = 'kept' | 'never-looked-at' | 'looked-at-early';

export class Creations {
  readonly #context: WorldContext;
  #conditions: Conditions | null = null;

  constructor(context: WorldContext) {
    this.#context = context;
  }

  get conditions(): Conditions {
    const { choices, faults } = this.#context;
    if (faults.conditionsIgnored[0] === 0) return 'kept';
    this.#conditions ??= choices.chance(IGNORED, STORE, faults.conditionsIgnored)
      ? choices.pick(WHEN, STORE, ['never-looked-at', 'looked-at-early'] as const)
      : 'kept';
    return this.#conditions;
  }

  /** Of a name that is taken; `wasTaken`: it was when the request left. */
  refuses(wasTaken: boolean): boolean {
    const { conditions } = this;
    return conditions === 'kept' || (conditions === 'looked-at-early' && wasTaken);
  }
}
