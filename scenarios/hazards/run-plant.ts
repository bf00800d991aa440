/** Plays one story with its bug planted, in a process of its own: a bug may be one that never comes back. */

import { execFile } from 'node:child_process';
import { buildEdited } from '../plants/build.ts';
import type { Story } from './story.ts';

/** Real time; a story takes some ten milliseconds. */
const WALL_MS_MAX = 10_000;

/** Plants of stories beside those of sweeps. */
export function plantName({ name }: Pick<Story, 'name'>): string {
  return `hazard-${name}`;
}

/** The command that plays it again, ready to paste. */
export function plantLine(story: Pick<Story, 'name'>): string {
  return `node .plants/${plantName(story)}.mjs ${story.name}`;
}

/** What the story says of the bug; null when it does not notice. Rejects when an edit does not fit. */
export async function playPlanted(story: Story): Promise<string | null> {
  const program = await buildEdited('scenarios/hazards/main.ts', {
    name: plantName(story),
    edits: story.plant.edits,
  });
  return new Promise((tell, fail) => {
    const options = { timeout: WALL_MS_MAX, killSignal: 'SIGKILL' } as const;
    execFile(process.execPath, [program, story.name], options, (error, stdout, stderr) => {
      const said = stdout.trim().replace(`${story.name}: `, '');
      if (error === null) tell(null);
      else if (error.killed === true)
        tell(`the story does not end: nothing happened any more within ${WALL_MS_MAX} ms`);
      else if (error.code === 1 && said !== '') tell(said);
      else fail(new Error(`${plantName(story)}: ${stderr}`));
    });
  });
}
