/** Dice for jitter: fast, uniform, easy to guess. */

import type { Random } from '../ports.ts';

export const systemRandom: Random = {
  below: (bound) => {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 31) {
      throw new RangeError(`a bound is an integer in [1, 2^31], not ${bound}`);
    }
    return Math.floor(Math.random() * bound);
  },
};
