/**
 * `npx tsx scenarios/hazards/main.ts [story…]` plays stories and prints what each has to say. Exit 1 when a claim does not
 * hold. The program a plant is built into is this one.
 */

import { Command, Option } from 'commander';
import { STORIES } from './hazards.ts';
import { playStory } from './play.ts';

await new Command('hazards')
  .description('play the stories of docs/HAZARDS.md')
  .argument('[story...]', 'names of stories; all of them without one')
  .addOption(new Option('--trace', 'print every event'))
  .action(async (names: string[], { trace = false }: { trace?: boolean }) => {
    const unknown = names.find((name) => STORIES.every((story) => story.name !== name));
    if (unknown !== undefined) throw new Error(`there is no story ${unknown}`);
    for (const story of STORIES.filter(({ name }) => names.length === 0 || names.includes(name))) {
      const met = await playStory(story, trace ? (line) => console.log(line) : undefined);
      console.log(met === null ? `ok: ${story.claim}` : `${story.name}: ${met.split('\n')[0]}`);
      if (met !== null) process.exitCode = 1;
    }
  })
  .parseAsync();
