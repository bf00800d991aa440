/** Bytes from the generator of the operating system. */

import { randomBytes } from 'node:crypto';

import type { Entropy } from '../ports.ts';

export const systemEntropy: Entropy = {
  bytes: (length) => Uint8Array.from(randomBytes(length)),
};
