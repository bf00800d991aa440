/** A hazard, whether its story catches its planted bug, with what sentence, and how to see that again. */

import { caughtBy } from '../plants/run-directed.ts';
import type { Hazard } from './hazards.ts';
import { playStory } from './play.ts';
import { plantLine, playPlanted } from './run-plant.ts';

export interface HazardReport {
  /** False when the bug went unnoticed, or when the engine as it is does not come through the story. */
  isCaught: boolean;
  /** A few lines for people. */
  text: string;
}

/** A story that can not be told is reported like one that notices nothing, so that the others are told too. */
export async function reportHazard(hazard: Hazard): Promise<HazardReport> {
  const head = `${hazard.version.padEnd(8)} ${hazard.hazard}`;
  try {
    return await tell(head, hazard);
  } catch (error) {
    return { isCaught: false, text: `${head}\n  BROKEN    ${String(error)}` };
  }
}

async function tell(head: string, { story }: Hazard): Promise<HazardReport> {
  if ('test' in story) {
    const said = await caughtBy(story);
    return reported(head, story.name, said, `test ${story.test.file}: ${story.test.claim}`);
  }
  const asItIs = await playStory(story);
  if (asItIs !== null) return { isCaught: false, text: `${head}\n  BROKEN    without its bug too: ${asItIs}` };
  return reported(head, story.name, await playPlanted(story), plantLine(story));
}

function reported(head: string, name: string, said: string | null, again: string): HazardReport {
  const isCaught = said !== null && !said.startsWith('the story is wrong');
  const verdict = isCaught ? `caught    ${said}` : `SURVIVED  ${said ?? name}`;
  return { isCaught, text: `${head}\n  ${verdict}\n  again     ${again}` };
}
