/**
 * What a story is: one hazardous situation, driven on purpose, and the bug it is there for.
 *
 * Each hazard has a story of its own. The engine as it is comes through it; the engine with the planted bug does not, and
 * what the story says then is the sentence a person reads.
 */

import type { EngineTunables } from '../../engine/index.ts';
import type { Edit } from '../plants/plants.ts';
import type { DirectedPlant } from '../plants/storage-plants.ts';
import type { Stage } from './stage.ts';

/** A bug made on purpose. */
interface HazardPlant {
  /** What is wrong, in one sentence. */
  lie: string;
  edits: readonly Edit[];
}

/** Played in a world of its own: real servers behind the simulated network, store and clocks. */
export interface Story {
  /** Names the story on the command line, and its plant. */
  name: string;
  /** What holds, which is the name of its test. */
  claim: string;
  /** What is not as on every stage. */
  tunables?: Partial<EngineTunables>;
  /** Rejects with HazardMet when the claim does not hold. */
  play: (stage: Stage) => Promise<void>;
  plant: HazardPlant;
}

/** About what no simulated world has, a disk or the client of S3: a test beside the code plays it. */
export type TestStory = DirectedPlant;

/** A claim does not hold; the message says what happened instead. */
export class HazardMet extends Error {
  override name = 'HazardMet';
}

/** Throws HazardMet with `instead`, which says what happened. */
export function must(holds: boolean, instead: string): asserts holds {
  if (!holds) throw new HazardMet(instead);
}
