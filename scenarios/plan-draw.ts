/** Draws for a plan: the sites, and odds that are log-uniform over a decade or two. */

import { type Choices, defineSite, type Odds } from '../sim/index.ts';

export const SITES = {
  workflow: defineSite('plan.workflow', 'which of the three workflows the clients follow'),
  servers: defineSite('plan.servers', 'how many hosts want to own the store'),
  size: defineSite('plan.size', 'how large batches, bodies and pages are'),
  pace: defineSite('plan.pace', 'how fast clients go and how patient they are'),
  tunable: defineSite('plan.tunable', "the engine's tunables"),
  side: defineSite('plan.side', 'which side streams there are, and how large what is written to them is'),
  control: defineSite('plan.control', 'which clients of the control plane there are, and how many names they are at'),
  usage: defineSite('plan.usage', 'whether a client is metered, and what it does'),
  secrets: defineSite('plan.secrets', 'whether a client encrypts, and what it does'),
  tokens: defineSite('plan.tokens', 'whether clients have access tokens, and what they do'),
  phases: defineSite('plan.phases', 'what happens between healing and the end'),
  family: defineSite('plan.family', 'whether a family of faults is on'),
  store: defineSite('plan.store', 'which store it is, by name'),
  rate: defineSite('plan.rate', 'how often a fault happens'),
};

export class Draw {
  readonly #choices: Choices;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  pick<Item>(site: (typeof SITES)[keyof typeof SITES], entity: string, items: readonly Item[]): Item {
    return this.#choices.pick(site, entity, items);
  }

  often(fault: string): Odds {
    return this.pick<Odds>(SITES.rate, fault, [
      [1, 20],
      [1, 8],
      [1, 3],
    ]);
  }

  rate(fault: string): Odds {
    return this.pick<Odds>(SITES.rate, fault, [
      [1, 200],
      [1, 100],
      [1, 50],
      [1, 25],
      [1, 12],
      [0, 1],
    ]);
  }

  rare(fault: string): Odds {
    return this.pick<Odds>(SITES.rate, fault, [
      [1, 400],
      [1, 150],
      [1, 60],
      [0, 1],
    ]);
  }
}
