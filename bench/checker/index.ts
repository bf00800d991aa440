/** The parts of `npm run bench -- checker`: each a few seconds, but for those in which Porcupine runs into its limits. */

import type { Row } from '../table.ts';
import { large } from './large.ts';
import { keyValues, registers } from './objects.ts';
import { buildPeer, type Peer } from './peer.ts';
import { ablation, hole, legal, violations } from './streams.ts';

const withPeer =
  (part: (peer: Peer | null) => Row[]): (() => Promise<Row[]>) =>
  () => {
    const peer = buildPeer();
    if (peer === null) process.stderr.write('no Go toolchain, or no way to the module: Porcupine is left out\n');
    try {
      return Promise.resolve(part(peer));
    } finally {
      peer?.remove();
    }
  };

export const CHECKER_PARTS = {
  large: () => Promise.resolve(large()),
  hole: () => Promise.resolve(hole()),
  legal: withPeer(legal),
  violations: withPeer(violations),
  ablation: () => Promise.resolve(ablation()),
  objects: withPeer((peer) => [...keyValues(peer), ...registers(peer)]),
};
