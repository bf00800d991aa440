/** The Random, Entropy and Compute ports of a host. */

import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Ciphers, Compute, Entropy, Random } from '../engine/ports.ts';
import { defineSite, type Choices } from './choices.ts';

const JITTER = defineSite('host.random', 'what the dice of a program show');

export function simRandom(choices: Choices, host: string): Random {
  return {
    below: (bound) => {
      if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 31) {
        throw new Error(`assertion: nobody can throw a die of ${bound} sides`);
      }
      return choices.choose(JITTER, host, bound);
    },
  };
}

/**
 * Bytes that never repeat: a function of the run's keys, the host and `nextBlock`, which must count up for as
 * long as the world lasts. They are no choices: a replay with other choices must not make two of them equal.
 */
export function simEntropy(choices: Choices, host: string, nextBlock: () => number): Entropy {
  return {
    bytes: (length) => {
      const bytes = new Uint8Array(length);
      for (let offset = 0; offset < length; offset += 16) {
        bytes.set(choices.unrepeated(host, nextBlock()).subarray(0, length - offset), offset);
      }
      return bytes;
    },
  };
}

export function simCompute(ciphers: Ciphers): Compute {
  return {
    crc32: (bytes, seed = 0) => crc32(bytes, seed),
    sha256: (bytes) => new Uint8Array(hash('sha256', bytes, 'buffer')),
    ciphers,
  };
}
