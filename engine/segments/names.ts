/**
 * Names for the objects one owner writes: its epoch, which nobody else ever owns, and a counter of it. No name is given
 * out twice, so no object is ever written twice with different bytes.
 */

import type { OwnedName } from '../core/object-names.ts';

export class NameSource {
  readonly #epoch: number;
  #given = 0;

  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  next(): OwnedName {
    return { epoch: this.#epoch, number: ++this.#given };
  }
}
