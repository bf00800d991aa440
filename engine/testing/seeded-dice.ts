/** Dice that fall the same way on every machine: one stream of throws for each seed and name. */

import seedrandom from 'seedrandom';

import type { Random } from '../ports.ts';

export function seededDice(seed: number, name: string): Random {
  const alea = seedrandom.alea(`${seed}\n${name}`);
  return { below: (bound) => Math.floor(alea() * bound) };
}
