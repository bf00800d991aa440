/**
 * How much work a check may do, counted in chain steps (one record hashed forwards or backwards).
 *
 * Counted, never timed: the same history gives the same verdict on every machine.
 */

export class Budget {
  #left: number;
  #spent = 0;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** False when the steps are not there any more; they are not taken then. */
  spend(steps: number): boolean {
    if (steps > this.#left) return false;
    this.#left -= steps;
    this.#spent += steps;
    return true;
  }

  get left(): number {
    return this.#left;
  }

  get spent(): number {
    return this.#spent;
  }
}
