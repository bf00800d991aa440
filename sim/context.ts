/** What every part of one world shares. Made once per world; nothing in here outlives it. */

import type { Ciphers } from '../engine/ports.ts';
import type { Choices } from './choices.ts';
import type { FaultSettings } from './faults.ts';
import type { Kernel } from './kernel.ts';
import type { Probes } from './probes.ts';
import type { Trace } from './trace.ts';
import type { Tracks } from './tracks.ts';

export interface WorldContext {
  readonly kernel: Kernel;
  readonly choices: Choices;
  readonly trace: Trace;
  readonly probes: Probes;
  readonly tracks: Tracks;
  readonly ciphers: Ciphers;
  /** What may go wrong now; replaced by `QUIET` when the world heals. */
  faults: FaultSettings;
}
