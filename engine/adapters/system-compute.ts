/** The helpers of the Compute port, as Node has them natively. */

import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

import type { Compute } from '../ports.ts';
import { systemCiphers } from './system-ciphers.ts';

export const systemCompute: Compute = {
  crc32: (bytes, seed = 0) => crc32(bytes, seed),
  sha256: (bytes) => new Uint8Array(hash('sha256', bytes, 'buffer')),
  ciphers: systemCiphers,
};
