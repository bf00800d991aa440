/** Whether a run has clients with access tokens, how many tokens they are given, and what they do with them. */

import { type Draw, SITES } from '../plan-draw.ts';

export interface TokensPlan {
  /** Tokens that are issued, one after another. */
  tokens: number;
  holders: number;
  operationsPerHolder: number;
  /** Of the tokens, about one in so many expires by itself. */
  expiringEvery: number;
  /** Longest time from the issue of such a token to its end. */
  lifeMsMax: number;
  thinkMsMax: number;
}

/** In one run of `oneIn`. */
export function drawTokens(draw: Draw, oneIn: number): TokensPlan | null {
  const has = draw.pick(
    SITES.tokens,
    'has',
    Array.from({ length: oneIn }, (_, i) => i === oneIn - 1),
  );
  if (!has) return null;
  return {
    tokens: draw.pick(SITES.tokens, 'tokens', [5, 3, 8]),
    holders: draw.pick(SITES.tokens, 'holders', [2, 1, 3]),
    operationsPerHolder: draw.pick(SITES.tokens, 'operations', [20, 10, 40]),
    expiringEvery: draw.pick(SITES.tokens, 'expiring', [2, 1, 4]),
    lifeMsMax: draw.pick(SITES.tokens, 'life', [4_000, 1_000, 30_000]),
    thinkMsMax: draw.pick(SITES.tokens, 'think', [300, 50, 2_000]),
  };
}
