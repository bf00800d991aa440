/**
 * Mutants: runs under the plan of one that lit a rare combination, or under one close to it. What they keep is the beginning of all
 * that a run chooses: crews, sizes, tunables, and how often which fault is drawn. Their dice are always new.
 */

import { type Choices, defineSite } from '../../sim/index.ts';
import type { Combination, Coverage, Specimen } from './coverage.ts';
import type { Gene, Genome } from './genome.ts';

const TARGET = defineSite('explore.target', 'which of the known combinations are looked at for a rare one');
const WAY = defineSite('explore.way', 'what a mutant keeps of the plan of its parent');
const DRAWS = defineSite('explore.draws', 'which draws of a plan are made anew');
const GROUP = defineSite('explore.group', 'whether a group of draws comes from the other parent');

/** Combinations that are looked at, of which the best one is gone on from. */
const LOOKED_AT = 24;

/** Draws of a plan that belong together: taken over from another plan as one. */
export const GROUPS: readonly (readonly string[])[] = [
  ['plan.family', 'plan.rate', 'plan.servers', 'plan.store'],
  ['plan.tunable'],
  ['plan.workflow', 'plan.pace'],
  ['plan.size'],
  ['plan.side'],
  ['plan.control'],
  ['plan.usage'],
  ['plan.secrets'],
  ['plan.tokens'],
  ['plan.phases'],
];

/** A mutant of the cheapest run with a rare combination; `seed` is one that no run had. */
export function mutantOf(coverage: Coverage, choices: Choices, seed: string): Genome {
  const { genome, genes } = parentFrom(coverage, choices);
  switch (choices.pick(WAY, '', ['all', 'most', 'spliced'] as const)) {
    case 'all':
      return { ...genome, seed, genes };
    case 'most':
      return { ...genome, seed, genes: withoutSome(genes, choices) };
    case 'spliced':
      return { ...genome, seed, genes: spliced(genes, parentFrom(coverage, choices).genes, choices) };
  }
}

function parentFrom({ combinations }: Coverage, choices: Choices): Specimen {
  const seen = Array.from({ length: LOOKED_AT }, () => choices.pick(TARGET, '', combinations));
  const best = seen.reduce((one, other) => (costOf(other) < costOf(one) ? other : one));
  best.tries++;
  return best.cheapest;
}

/** Small for what is rare and cheap to go on from; to have been gone on from counts like to have been lit. */
function costOf({ hits, tries, cheapest }: Combination): number {
  return (hits + tries) * cheapest.events;
}

/** One to eight draws are left to the generator. */
function withoutSome(genes: readonly Gene[], choices: Choices): Gene[] {
  const count = choices.pick(DRAWS, 'count', [1, 2, 4, 8]);
  const gone = new Set(Array.from({ length: count }, () => choices.pick(DRAWS, 'which', genes)));
  return genes.filter((gene) => !gone.has(gene));
}

/** Some groups of draws from one plan, the others from another one. */
function spliced(genes: readonly Gene[], others: readonly Gene[], choices: Choices): Gene[] {
  const taken = new Set(GROUPS.flatMap((sites) => choices.pick(GROUP, sites[0] as string, [[], sites])));
  return [...genes.filter(({ site }) => !taken.has(site)), ...others.filter(({ site }) => taken.has(site))];
}
