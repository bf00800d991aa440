/**
 * Seeded dice for the checker's own tests and benches.
 *
 * Equal seeds give equal draws on every machine: xorshift128 on 32-bit integers, started by splitmix32. Tests name
 * their seed, so that a failure is a number somebody can run again.
 */

export interface Dice {
  /** A uniform integer in [0, bound). */
  below(bound: number): number;
  /** A uniform integer in [least, most]. */
  between(least: number, most: number): number;
  /** True `numerator` times in `denominator`. */
  chance(numerator: number, denominator: number): boolean;
  /** A uniform element. */
  pick<T>(items: readonly T[]): T;
  /** A uniform unsigned 64-bit integer. */
  u64(): bigint;
}

export function seededRandom(seed: number): Dice {
  let weyl = seed | 0;
  const splitmix = (): number => {
    weyl = (weyl + 0x9e3779b9) | 0;
    let z = weyl;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let d = splitmix() | 1;
  const u32 = (): number => {
    const t = a ^ (a << 11);
    a = b;
    b = c;
    c = d;
    d = d ^ (d >>> 19) ^ t ^ (t >>> 8);
    return d >>> 0;
  };
  const below = (bound: number): number => Math.floor((u32() / 0x1_0000_0000) * bound);
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    chance: (numerator, denominator) => below(denominator) < numerator,
    pick: (items) => items[below(items.length)]!,
    u64: () => (BigInt(u32()) << 32n) | BigInt(u32()),
  };
}
