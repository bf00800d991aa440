/**
 * Damage on the way: a body arrives with one bit flipped, and no layer below noticed.
 *
 * It is damage of the way, not of the store: a host that reads the same object again soon after gets it whole. So a
 * reader that looks twice can tell one from the other, and one that does not is caught.
 */

import { defineSite } from '../choices.ts';
import type { WorldContext } from '../context.ts';

const WHICH_BIT = defineSite('blob.get.which-bit', 'which bit of a body is flipped');
/** For so long a second reading is whole: longer than any back-off of a reader that looks twice. */
const WHOLE_FOR_US = 300_000_000;

export class WayDamage {
  readonly #context: WorldContext;
  /** When a host last got a damaged body of an object. */
  readonly #lastUs = new Map<string, number>();

  constructor(context: WorldContext) {
    this.#context = context;
  }

  /** A damaged copy, or the bytes themselves when this host got the object damaged a moment ago. */
  flip(bytes: Uint8Array, host: string, key: string): Uint8Array {
    const { kernel, choices, probes } = this.#context;
    const entity = `${host} ${key}`;
    const last = this.#lastUs.get(entity);
    if (bytes.length === 0 || (last !== undefined && kernel.nowUs - last < WHOLE_FOR_US)) return bytes;
    this.#lastUs.set(entity, kernel.nowUs);
    const bit = choices.choose(WHICH_BIT, entity, bytes.length * 8);
    const damaged = bytes.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    probes.reachable('fault.get.flipped-bit');
    return damaged;
  }
}
