/**
 * The client half of `tailrace`: what a person says to a stream server, Tailrace or S2's own, in the words of the `s2`
 * command. Data goes to standard output, everything else to standard error; the SDK is loaded when a command runs.
 */

import type { Command } from 'commander';
import { accessTokenCommands } from './access-tokens.ts';
import { appendCommand } from './append.ts';
import { benchCommand } from './bench.ts';
import { listingCommands } from './listing.ts';
import { positionCommands } from './positions.ts';
import { basinCommands, streamCommands } from './provisioning.ts';
import { readCommands } from './read.ts';

export function clientCommands(): Command[] {
  return [
    ...listingCommands(),
    ...basinCommands(),
    ...streamCommands(),
    appendCommand(),
    ...readCommands(),
    ...positionCommands(),
    ...accessTokenCommands(),
    benchCommand(),
  ];
}
