/**
 * Damage on the way: a body arrives with one bit flipped, without its end, or as that of another object, and no layer
 * below noticed.
 *
 * It is damage of the way, not of the store: however often it happens in a row, a host that goes on reading gets the
 * object whole before it has had enough. So a reader that looks again can tell one from the other, and one that does not
 * is caught.
 */

import { defineSite } from '../choices.ts';
import type { WorldContext } from '../context.ts';
import type { WayDamageKind } from './attempt-plan.ts';

const WHICH_BIT = defineSite('blob.get.which-bit', 'which bit of a body is flipped');
const CUT_AT = defineSite('blob.get.truncated-at', 'how many bytes of a body arrive');
const AGAIN = defineSite('blob.get.flipped-again', 'whether an object that came damaged comes damaged again');
/** For so long readings of an object by a host are in a row: longer than any back-off of a reader that looks again. */
const ROW_US = 300_000_000;

/** A reading of an object, and what else could come in its place. */
interface Reading {
  bytes: Uint8Array;
  host: string;
  key: string;
  /** What the dice want to become of it; null: nothing. */
  drawn: WayDamageKind | null;
  /** The same part of another object, if there is one. */
  another: () => Uint8Array | null;
}

interface Row {
  beganUs: number;
  flips: number;
}

export class WayDamage {
  readonly #context: WorldContext;
  /** By host and object. */
  readonly #rows = new Map<string, Row>();

  constructor(context: WorldContext) {
    this.#context = context;
  }

  /** The bytes as they arrive: a damaged copy, others, or themselves. */
  onTheWay({ bytes, host, key, drawn, another }: Reading): Uint8Array {
    const { kernel, choices, faults } = this.#context;
    const entity = `${host} ${key}`;
    const row = this.#rows.get(entity);
    const isInARow = row !== undefined && kernel.nowUs - row.beganUs < ROW_US;
    if (bytes.length === 0 || (isInARow && row.flips >= faults.getFlipsInARowMax)) return bytes;
    if (drawn === null && !(isInARow && choices.chance(AGAIN, entity, faults.getFlipsAgain))) return bytes;
    if (isInARow) row.flips++;
    else this.#rows.set(entity, { beganUs: kernel.nowUs, flips: 1 });
    if (drawn === 'truncated') return this.#truncated(bytes, entity);
    const other = drawn === 'swapped' ? another() : null;
    return other === null ? this.#flipped(bytes, entity) : this.#swapped(other);
  }

  #swapped(other: Uint8Array): Uint8Array {
    this.#context.probes.reachable('fault.get.swapped');
    return other;
  }

  #truncated(bytes: Uint8Array, entity: string): Uint8Array {
    const { choices, probes } = this.#context;
    probes.reachable('fault.get.truncated');
    return bytes.subarray(0, choices.choose(CUT_AT, entity, bytes.length));
  }

  #flipped(bytes: Uint8Array, entity: string): Uint8Array {
    const { choices, probes } = this.#context;
    const bit = choices.choose(WHICH_BIT, entity, bytes.length * 8);
    const damaged = bytes.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    probes.reachable('fault.get.flipped-bit');
    return damaged;
  }
}
