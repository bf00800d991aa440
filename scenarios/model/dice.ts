/**
 * The model's only source of chance: a small seeded generator (a 32-bit Weyl sequence through a multiply-xorshift
 * mixer). Every run is a function of its seed; two dice with one seed throw the same forever.
 */

export class Dice {
  private weyl: number;

  constructor(seed: number) {
    this.weyl = Math.imul(seed + 1, 0x2545f491) >>> 0;
    for (let warmUp = 0; warmUp < 4; warmUp++) this.bits();
  }

  /** 32 uniform bits, unsigned. */
  bits(): number {
    this.weyl = (this.weyl + 0x9e3779b9) >>> 0;
    return mix(this.weyl);
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return Math.floor((this.bits() / 0x1_0000_0000) * bound);
  }

  /** An integer in [low, high]. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.bits() < probability * 0x1_0000_0000;
  }

  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new Error('assertion: nothing to pick from');
    return picked;
  }
}

/** Scrambles 32 bits; also the step of the model's hash chains. */
export function mix(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
